"""Cuts Markdown and reStructuredText at their headings."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING

import attrs
from markdown_it import MarkdownIt

from lightfast.emulator.sources.markup import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["SUFFIXES", "Section", "sections"]

MARKDOWN = (".md", ".markdown")
RESTRUCTURED = (".rst",)
SUFFIXES = MARKDOWN + RESTRUCTURED

# Blocks only: inline markup is not needed to find headings, and takes most of the time.
_PARSER = MarkdownIt("commonmark").disable("inline")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
# docutils takes any of these, at least as long as the title:
# https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html#sections
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*")
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")


@attrs.frozen
class _Heading:
    level: int
    text: str
    first: int  # the heading's first line, from 0
    after: int  # the first line that is not the heading's


@attrs.frozen
class Section:
    """A heading, and the text below it down to the next one.

    Args:
        path: The headings above it and its own, outermost first; empty before the first heading.
        body: The text.
        anchor: The name that forges give the heading, unique in the file; empty before the first.
    """

    path: tuple[str, ...]
    body: str
    anchor: str


def sections(name: str, text: str) -> list[Section]:
    """The sections of a file that have something to say, in order.

    Args:
        name: The file's name; its suffix tells the markup.
        text: What stands in it.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    # Blank, not gone: line numbers stay what they are.
    text = _FRONT_MATTER.sub(lambda m: "\n" * m.group().count("\n"), text)
    restructured = PurePath(name).suffix.lower() in RESTRUCTURED
    lines = text.split("\n")
    headings = _restructured_headings(lines) if restructured else _markdown_headings(text)
    return list(_cut(lines, list(headings)))


def _markdown_headings(text: str) -> Iterator[_Heading]:
    tokens = _PARSER.parse(text)
    for token, content in pairwise(tokens):
        # A heading inside a list or a quotation does not divide the document.
        if token.type == "heading_open" and token.level == 0 and token.map:
            yield _Heading(int(token.tag[1]), plain(content.content), *token.map)


def _restructured_headings(lines: list[str]) -> Iterator[_Heading]:
    styles: list[str] = []
    for number, line in enumerate(lines[1:], 1):
        title = lines[number - 1]
        above = lines[number - 2] if number > 1 else ""
        over = _is_adornment(above) and above.rstrip() == line.rstrip()
        if not (_is_adornment(line) and _is_title(title, line, above, over=over)):
            continue
        # Levels are told by the order in which styles first appear.
        style = line[0] + ("^" if over else "")
        if style not in styles:
            styles.append(style)
        yield _Heading(styles.index(style) + 1, plain(title), number - 1 - over, number + 1)


def _is_adornment(line: str) -> bool:
    return len(line.rstrip()) > 1 and bool(_ADORNMENT.fullmatch(line.rstrip()))


def _is_title(title: str, under: str, above: str, *, over: bool) -> bool:
    if not title.strip() or _is_adornment(title) or len(under.rstrip()) < len(title.rstrip()):
        return False
    return over or (not title[0].isspace() and not above.strip())


def _cut(lines: list[str], headings: list[_Heading]) -> Iterator[Section]:
    first = headings[0].first if headings else len(lines)
    if before := "\n".join(lines[:first]).strip():
        yield Section((), before, "")
    above: list[_Heading] = []
    ends = [*(heading.first for heading in headings[1:]), len(lines)]
    # Without headings there is one end too many.
    for heading, end, anchor in zip(headings, ends, _anchors(headings), strict=False):
        above = [h for h in above if h.level < heading.level] + [heading]
        body = "\n".join(lines[heading.after : end]).strip()
        if body or (heading.text and not _has_children(heading, headings)):
            yield Section(tuple(h.text for h in above if h.text), body, anchor)


def _has_children(heading: _Heading, headings: list[_Heading]) -> bool:
    place = headings.index(heading) + 1
    return place < len(headings) and headings[place].level > heading.level


def _anchors(headings: Iterable[_Heading]) -> Iterator[str]:
    # As GitHub does: lower case, punctuation out, blanks to hyphens, and a number on the second of a name.
    used: dict[str, int] = {}
    for heading in headings:
        slug = _NOT_IN_SLUG.sub("", heading.text.lower()).replace(" ", "-")
        count = used.get(slug, 0)
        used[slug] = count + 1
        yield f"{slug}-{count}" if count else slug
