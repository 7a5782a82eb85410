"""Passages: long texts cut up, so that one good paragraph counts as much as a short document.

BM25 discounts long texts and an embedder sees only their beginning; of a document's passages the best one counts.
Each passage is indexed with the document's title.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST", "SIZE", "SIZE_OF_ENTRIES", "passages"]

SIZE = 400  # characters of a passage, more or less
SIZE_OF_ENTRIES = 200  # the same where each line is about something else
WHOLE = 1.5  # a text up to so many times the size stays in one piece
LONGEST = 1000  # no passage is longer, however few line breaks it has
MOST = 25_600  # characters that are cut; the rest of a longer document stays with the last passage

# An empty line, or the line break before an item of a list.
_BREAK = re.compile(r"\n[ \t]{0,20}\n|\n(?=[ \t]{0,3}[*+-] )")


def passages(body: str, size: int = SIZE) -> list[str]:
    """Return the passages of a text, which joined are the text; one for a short text, even an empty one.

    Args:
        body: The text.
        size: How many characters a passage has, more or less.
    """
    if len(body) <= WHOLE * size:
        return [body]
    ends = _ends(body, size)
    most = MOST // size
    if len(ends) > most:
        ends[most - 1 :] = [len(body)]
    return [body[start:end] for start, end in pairwise([0, *ends])]


def _ends(body: str, size: int) -> list[int]:
    """Return where passages end: blocks are packed until the next one would make them too long."""
    ends: list[int] = []
    start = last = 0
    for end in _blocks(body):
        if start < last and end - start > size:
            ends.append(last)
            start = last
        last = end
    return [*ends, len(body)]


def _blocks(body: str) -> Iterator[int]:
    """Yield where blocks end; one without a break that is too long ends between two words, or where it must."""
    start = 0
    for end in (*(match.end() for match in _BREAK.finditer(body)), len(body)):
        while end - start > LONGEST:
            limit = start + LONGEST
            cut = max(body.rfind("\n", start + SIZE, limit), body.rfind(" ", start + SIZE, limit))
            start = cut + 1 if cut > 0 else limit
            yield start
        start = end
        yield end
