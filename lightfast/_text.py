"""Text from outside, made safe to print."""

from __future__ import annotations

_EXCERPT = 500


def excerpt(body: bytes) -> str:
    """Return the beginning of a body, safe to print."""
    return printable(body[: 4 * _EXCERPT].decode("utf-8", "replace"), _EXCERPT)


def printable(text: str, length: int) -> str:
    """Return text that is safe to print: no control characters, no lone surrogates, not too long."""
    text = text[: 4 * length]
    printable = "".join(char if char.isprintable() else " " for char in text)
    words = " ".join(printable.split())
    return words if len(words) <= length else words[: length - 1] + "…"
