"""Snippets: the passage of a text to show, picked in one linear scan of text that was cleaned when it was indexed."""

from __future__ import annotations

import re

from lightfast.emulator.search.text import stem

__all__ = ["snippet"]

LENGTH = 260
SCANNED = 16_384  # characters of a document that are looked through

_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+")


def snippet(title: str, body: str, words: list[str], *, length: int = LENGTH) -> str:
    """Return the passage where most of the words stand together, on one line; the title for an empty body."""
    text = _SPACE.sub(" ", body[:SCANNED]).strip()
    return _cut(text, _best_start(text, words, length), length) if text else title


def _best_start(text: str, words: list[str], length: int) -> int:
    hits = _hits(text.lower(), words)
    best, best_value = 0, (0, 0)
    first = 0
    for last, (position, _) in enumerate(hits):
        while position - hits[first][0] > length - 40:
            first += 1
        window = hits[first : last + 1][-16:]
        value = (len({found for _, found in window}), len(window))
        if value > best_value:
            best, best_value = window[0][0], value
    return best


def _hits(text: str, words: list[str]) -> list[tuple[int, str]]:
    """Return where the words stand, in order: as words, or inside a run that is written without spaces."""
    stems = {stem(word) for word in words if word.isascii()}
    hits = [
        (match.start(), found)
        for match in _WORD.finditer(text)
        if (found := stem(match.group())) in stems
    ]
    others = sorted({word for word in words if not word.isascii()}, key=len, reverse=True)
    if others:
        pattern = re.compile("|".join(re.escape(word[: max(2, len(word) - 2)]) for word in others))
        hits += [(match.start(), match.group()) for match in pattern.finditer(text)]
    return sorted(hits)


def _cut(text: str, start: int, length: int) -> str:
    # A little of what comes before helps to understand; a whole sentence start helps more.
    lead = text.rfind(". ", max(0, start - 80), start)
    start = lead + 2 if lead >= 0 else max(0, start - 40)
    start = min(start, max(0, len(text) - length))
    if start and not text[start - 1].isspace():
        blank = text.find(" ", start, start + 40)
        start = blank + 1 if blank >= 0 else start
    end = len(text)
    if end - start > length:
        end = start + length
        end = max(text.rfind(" ", start + length // 2, end), start) or end
        if end <= start:
            end = start + length
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")
