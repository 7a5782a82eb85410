"""Snippets: the passage of a text to show, picked in one linear scan of text that was cleaned when it was indexed."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from lightfast.emulator.search.text import stem

__all__ = ["snippet"]

LENGTH = 260
SCANNED = 16_384  # characters of a document that are looked through

_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+")


def snippet(title: str, body: str, words: list[str], *, length: int = LENGTH) -> str:
    """Return the passage where most of the words stand together, on one line; the title for an empty body."""
    found = (_SPACE.sub(" ", text).strip() for text in _BLANK_LINE.split(body[:SCANNED]))
    paragraphs = [text for text in found if text]
    text = " ".join(paragraphs)
    starts = list(accumulate((len(text) + 1 for text in paragraphs[:-1]), initial=0))
    return _cut(text, _best_start(text, starts, words, length), length) if text else title


def _best_start(text: str, starts: list[int], words: list[str], length: int) -> int:
    """Return where a paragraph begins, if the best place is seen from there; else a little before that place."""
    first, last = _best_place(text, words, length)
    paragraph = starts[bisect_right(starts, first) - 1]
    if last - paragraph > length - 40:
        return _before(text, first, length)
    # At the end there is room for those before it.
    whole = (start for start in starts if start >= len(text) - length)
    return min(paragraph, next(whole, paragraph))


def _best_place(text: str, words: list[str], length: int) -> tuple[int, int]:
    """Return where most of the words stand together: from the first of them to the last."""
    hits = _hits(text.lower(), words)
    best, best_value = (0, 0), (0, 0)
    first = 0
    for last, (position, _) in enumerate(hits):
        while position - hits[first][0] > length - 40:
            first += 1
        window = hits[first : last + 1][-16:]
        value = (len({found for _, found in window}), len(window))
        if value > best_value:
            best, best_value = (window[0][0], position), value
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


def _before(text: str, start: int, length: int) -> int:
    # A little of what comes before helps to understand; a whole sentence start helps more.
    lead = text.rfind(". ", max(0, start - 80), start)
    start = lead + 2 if lead >= 0 else max(0, start - 40)
    start = min(start, max(0, len(text) - length))
    if start and not text[start - 1].isspace():
        blank = text.find(" ", start, start + 40)
        start = blank + 1 if blank >= 0 else start
    return start


def _cut(text: str, start: int, length: int) -> str:
    end = len(text)
    if end - start > length:
        end = start + length
        end = max(text.rfind(" ", start + length // 2, end), start) or end
        if end <= start:
            end = start + length
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")
