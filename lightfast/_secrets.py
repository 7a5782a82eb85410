"""Secrets: text that no repr, traceback or pickle shows.

A secret is plain text for a moment only. Wherever a traceback printer could look, such as at
local variables, it stands wrapped.
"""

from __future__ import annotations

from typing import Any

# What may hold a secret that was given in the place of a text, such as the bytes of one.
_HOLDERS = (str, bytes, bytearray, list, tuple, set, dict)


class Secret:
    """Secret text that never prints and is never pickled."""

    __slots__ = ("_text",)

    def __init__(self, text: Any) -> None:
        self._text: str = text

    def reveal(self) -> str:
        """Return the text itself: use it in an expression, never bind it to a name."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> tuple[()]:
        raise TypeError("A secret is never pickled.")


class HeaderText(str):
    """Header value that shows no secret in a repr, so not in aiohttp's locals either."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


class RequestHead(bytes):
    """Head of a request that shows no secret in a repr."""

    def __repr__(self) -> str:
        return "b'…'"


def wrap_secret(value: Any) -> Any:
    """Return text, and what may hold text given in its place, as a `Secret`; all else as it is."""
    return Secret(value) if isinstance(value, _HOLDERS) else value
