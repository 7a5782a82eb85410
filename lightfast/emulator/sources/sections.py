"""Sections of a document, cut at its headings, and what stands below each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import attrs

from lightfast.emulator.sources.front_matter import Head, read_head
from lightfast.emulator.sources.lightweight import (
    inline_asciidoc,
    inline_org,
    read_asciidoc,
    read_org,
    read_text,
)
from lightfast.emulator.sources.manual import inline_manual, read_manual
from lightfast.emulator.sources.markdown import read_markdown
from lightfast.emulator.sources.markup import Line, inline_markdown, inline_restructured, prose
from lightfast.emulator.sources.restructured import read_restructured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["MARKUPS", "Section", "clean", "sections"]

MAX_BODY = 100_000  # characters of a text: what is longer is a log or a table
LONG = 20_000  # of a section: the rest is another one, with the same title and a line of its own
MAX_TITLE = 300
MAX_LEVELS = 8
WORDS_WORTH_KEEPING = 8  # of text that stands before the first heading

_Inline: TypeAlias = "Callable[[str], str]"
_Read: TypeAlias = "Callable[[list[str]], list[Line]]"

MARKUPS: dict[str, tuple[_Read, _Inline]] = {
    "markdown": (read_markdown, inline_markdown),
    "mdx": (lambda lines: read_markdown(lines, modules=True), inline_markdown),
    "restructuredtext": (read_restructured, inline_restructured),
    "asciidoc": (read_asciidoc, inline_asciidoc),
    "org": (read_org, inline_org),
    "manual": (read_manual, inline_manual),
    "text": (read_text, inline_markdown),
}
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SPACE = re.compile(r"\s+")
_ATTRIBUTE = re.compile(r"[ \t]*\{[:#.%][^{}]*\}[ \t]*$")


@attrs.frozen
class _Heading:
    level: int
    text: str
    slug: str  # what a forge makes the anchor from: the title with its attributes
    first: int  # the heading's first line, from 0
    after: int  # the first line that is not the heading's


@attrs.frozen
class Section:
    """Heading, and the text below it down to the next one.

    Args:
        path: The document's title, the headings above it, and its own; empty when there is none of them.
        body: The text without its marks: paragraphs are parted by blank lines, code is indented by four spaces.
        anchor: The name that forges give the heading, unique in the file; empty before the first.
        line: The number of its first line, from 1.
    """

    path: tuple[str, ...]
    body: str
    anchor: str
    line: int = 1


def clean(text: str, markup: str = "markdown") -> str:
    """Return a text without its marks, in paragraphs.

    Args:
        text: The text, such as an issue's.
        markup: One of `MARKUPS`.
    """
    read, inline = MARKUPS[markup]
    return prose(read(_lines(text[: 2 * MAX_BODY])), inline)[:MAX_BODY]


def sections(text: str, markup: str, stem: str = "") -> list[Section]:
    """Return the sections of a document that have something to say, in order.

    Args:
        text: The document.
        markup: One of `MARKUPS`.
        stem: What to call the document when it does not say so itself.
    """
    lines = _lines(text)
    head = read_head(lines, rules=markup != "restructuredtext")
    # Blank, not gone: line numbers stay what they are.
    lines[: head.lines] = [""] * head.lines
    read, inline = MARKUPS[markup]
    found = read(lines)
    return list(_cut(found, list(_headings(found, inline)), head, inline, stem))


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _headings(lines: list[Line], inline: _Inline) -> Iterator[_Heading]:
    for number, (kind, text, level, first) in enumerate(lines):
        if kind == "heading":
            slug = _SPACE.sub(" ", inline(text[: 2 * MAX_TITLE])).strip()
            title = _ATTRIBUTE.sub("", slug) or slug
            yield _Heading(level, title[:MAX_TITLE], slug, first, number + 1)


def _cut(
    lines: list[Line], headings: list[_Heading], head: Head, inline: _Inline, stem: str
) -> Iterator[Section]:
    title = _title(headings, head, stem)
    first = headings[0].first if headings else len(lines)
    path = (title,) if title else ()
    (text, line), *more = _texts(lines, 0, first, inline)
    before = "\n\n".join(filter(None, (head.text, text)))
    if before and (not headings or len(_WORD.findall(before)) >= WORDS_WORTH_KEEPING or head.text):
        yield Section(path, before, "", line)
        yield from (Section(path, text, "", line) for text, line in more)
    elif head.title and not headings:
        yield Section((title,), "", "")
    yield from _below(lines, headings, title, inline)


def _title(headings: list[_Heading], head: Head, stem: str) -> str:
    """Return what to call the document; nothing when its only topmost heading says it."""
    title = head.title[:MAX_TITLE]
    top = min((heading.level for heading in headings), default=0)
    topmost = [heading for heading in headings if heading.level == top]
    if len(topmost) == 1 and headings[0] is topmost[0]:
        return "" if title in ("", topmost[0].text) else title
    return title or stem[:MAX_TITLE]


def _first_line(lines: list[Line], start: int, end: int) -> int:
    return next((n + 1 for n in range(start, end) if lines[n].kind != "blank"), 1)


def _below(
    lines: list[Line], headings: list[_Heading], title: str, inline: _Inline
) -> Iterator[Section]:
    above: list[_Heading] = []
    ends = [*(heading.first for heading in headings[1:]), len(lines)]
    levels = [*(heading.level for heading in headings[1:]), 0]
    # Without headings there is one end too many.
    for heading, end, next_level, anchor in zip(headings, ends, levels, _anchors(headings), strict=False):  # fmt: skip
        above = [*(h for h in above if h.level < heading.level), heading][-MAX_LEVELS:]
        path = [h.text for h in above if h.text]
        if title and path[:1] != [title]:
            path = [title, *path]
        (body, _), *more = _texts(lines, heading.after, end, inline)
        # A heading that only has others below it says nothing by itself.
        if body or (heading.text and next_level <= heading.level):
            yield Section(tuple(path), body, anchor, heading.first + 1)
        yield from (Section(tuple(path), text, anchor, line) for text, line in more)


def _texts(lines: list[Line], start: int, end: int, inline: _Inline) -> Iterator[tuple[str, int]]:
    """Yield a text and the number of its first line; a long one in parts, each of which ends between paragraphs."""
    size = read = 0
    for number in range(start, end):
        size += len(lines[number].text)
        if size > LONG and lines[number].kind == "blank":
            yield prose(lines[start:number], inline)[:MAX_BODY], _first_line(lines, start, number)
            start, size, read = number, 0, read + size
            if read > MAX_BODY:
                return
    yield prose(lines[start:end], inline)[:MAX_BODY], _first_line(lines, start, end)


def _anchors(headings: Iterable[_Heading]) -> Iterator[str]:
    # As GitHub does: lower case, punctuation out, blanks to hyphens, and a number on the second of a name.
    used: dict[str, int] = {}
    for heading in headings:
        slug = _NOT_IN_SLUG.sub("", heading.slug.lower()).replace(" ", "-")
        count = used.get(slug, 0)
        used[slug] = count + 1
        yield f"{slug}-{count}" if count else slug
