"""Insides of definitions: how far they go, what their comments and messages say, and the names in them.

A function that nothing is said about is still told by the comments between its lines and by the messages that it
raises or prints; and whoever knows a setting by its name looks for the place where it is used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["DECORATION", "MAX_LINE", "end_of", "names_in", "notes_in"]

MAX_LINE = 400  # characters of a line that are looked at
MAX_LINES = 400  # of a definition
MAX_NOTES = 3000  # characters
MAX_NAMES = 2000  # characters
DECORATION = " \t*/#-!:="  # around what a comment says
_NAME = re.compile(r"\w{3,40}")
_TEXT = re.compile(r"(\"|'|`)((?:(?!\1)[^\\\n]){8,200})\1")
# Begins a line that belongs to the declaration above it, however little it is indented.
_GOES_ON = "{)"


def end_of(lines: Sequence[str], start: int, indent: int) -> int:
    """Return the line before which a definition has ended: the first that is indented as little as its beginning.

    Args:
        lines: The file.
        start: The first line after the signature.
        indent: How far the signature is indented.
    """
    stop = min(len(lines), start + MAX_LINES)
    for number in range(start, stop):
        line = lines[number][:MAX_LINE]
        stripped = line.lstrip()
        if stripped and len(line) - len(stripped) <= indent and stripped[0] not in _GOES_ON:
            return number
    return stop


def notes_in(lines: Iterable[str], comment: tuple[str, ...], known: str) -> str:
    """Return what comments and messages on some lines say.

    Args:
        lines: The lines.
        comment: What a comment begins with.
        known: What is not said again.
    """
    said = dict.fromkeys(note for note in _notes(lines, comment) if note not in known)
    return "\n".join(said)[:MAX_NOTES]


def _notes(lines: Iterable[str], comment: tuple[str, ...]) -> Iterator[str]:
    for line in lines:
        stripped = line[:MAX_LINE].strip()
        if stripped.startswith(comment):
            note = stripped.strip(DECORATION)
            if any(map(str.isalpha, note)):
                yield note
        else:
            yield from (text for _, text in _TEXT.findall(stripped) if _is_prose(text))


def _is_prose(text: str) -> bool:
    """Return whether a string looks as if people were to read it: some words, and mostly letters."""
    return text.count(" ") >= 2 and sum(map(str.isalpha, text)) > 0.6 * len(text)


def names_in(lines: Iterable[str]) -> str:
    """Return the names and words on some lines, each once."""
    found = dict.fromkeys(name for line in lines for name in _NAME.findall(line[:MAX_LINE]))
    return " ".join(found)[:MAX_NAMES]
