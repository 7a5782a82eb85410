"""Text without its marks, inside a paragraph and line by line.

Everything here is one pass or a fixed number of passes over the text: files come from anybody, and a pattern that
looks back over what it has read can be kept busy for hours by four kilobytes. Patterns repeat character classes that
exclude what the pattern begins with, so no two attempts read the same characters.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Line", "LineKind", "inline_markdown", "inline_restructured", "plain", "prose"]

LineKind: TypeAlias = Literal["text", "code", "blank", "heading"]

# Elements that pages use; `List<String>` in prose is none of them.
_ELEMENTS = frozenset(
    str.split(
        "a abbr b big blockquote body br caption center cite code col colgroup dd del details dfn div dl dt em figcaption"
        " figure font footer h1 h2 h3 h4 h5 h6 header hr i iframe img input ins kbd li link main mark nav ol p picture pre"
        " q s samp script section small source span strike strong style sub summary sup svg table tbody td tfoot th thead"
        " tr tt u ul var video wbr"
    )
)
_ENTITIES = (("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&"))  # fmt: skip

_TARGET = r"\([^()]*(?:\([^()]*\)[^()]*)?\)"
_BADGE = re.compile(rf"\[!\[[^\[\]]*\](?:{_TARGET}|\[[^\[\]]*\])\](?:{_TARGET}|\[[^\[\]]*\])")
_LINK = re.compile(rf"!?\[([^\[\]]*)\](?:{_TARGET}|\[[^\[\]]*\])")
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]*\]")
_ATTRIBUTES = re.compile(r"\{[:#.%][^{}]*\}|\{\{[^{}]*\}\}")
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]*+)(?P<rest>[^<>]*)>")
_ALT = re.compile(r"\balt=\"([^\"]*)\"")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]*)>")
_EMPHASIS = re.compile(r"(?<![\w*\\])\*{1,3}(?=[^\s*])|(?<=[^\s*\\])\*{1,3}(?![\w*])|~~")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_TICKS = re.compile(r"`+")
_MARKDOWN = re.compile(r"[\[`*<{\\&~]")

_ROLE = re.compile(r":[\w+.-]{1,60}(?::[\w+.-]{1,60})?:(?=`)")
_QUOTED = re.compile(r"`+([^`]*)`+(?:__?(?!\w))?")
_AIMED = re.compile(r"([^<]*)<[^<>]*>\s*")
_RST_FOOTNOTE = re.compile(r"\[[#*\d][\w-]*\]_")
_RESTRUCTURED = re.compile(r"[`*\\\[]")

_SPACE = re.compile(r"\s+")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.MULTILINE)


class Line(NamedTuple):
    """Line of a file, read by its markup.

    Args:
        kind: What it is.
        text: What it says: code as it stands, text without the marks of its block, a heading's title.
        level: The level of a heading, from 1.
        first: For a heading that takes several lines, the number of the first, from 0.
    """

    kind: LineKind
    text: str = ""
    level: int = 0
    first: int = -1


def prose(lines: Iterable[Line], inline: Callable[[str], str]) -> str:
    """Return what lines say: paragraphs between blank lines, code indented by four spaces.

    Args:
        lines: The lines.
        inline: Takes the marks out of a paragraph.
    """
    out: list[str] = []
    for kind, run in groupby(
        lines, key=lambda line: "text" if line.kind == "heading" else line.kind
    ):
        text = "\n".join(line.text for line in run)
        if kind == "code":
            out.append("\n".join(f"    {line}" if line else "" for line in text.split("\n")))
        elif kind == "text":
            out.append(inline(text))
        elif out and out[-1]:
            out.append("")
    return "\n".join(out).strip("\n")


def inline_markdown(text: str) -> str:
    """Return a paragraph of Markdown without links' targets, badges, emphasis, HTML and attributes."""
    if not _MARKDOWN.search(text):
        return text
    if "[" in text:
        text = _BADGE.sub("", text)
        text = _LINK.sub(_label, text)
        text = _FOOTNOTE.sub("", text)
    parts = _TICKS.split(text)
    # Between an odd and an even run of backticks stands code, in which nothing is a mark.
    for place in range(0, len(parts), 2):
        parts[place] = _unmarked(parts[place])
    return "".join(parts).strip()


def _label(match: re.Match[str]) -> str:
    return match[1]


def _unmarked(text: str) -> str:
    if "{" in text:
        text = _ATTRIBUTES.sub("", text)
    if "<" in text:
        text = _AUTOLINK.sub(r"\1", text)
        text = _TAG.sub(_without_tag, text)
    if "*" in text or "~" in text:
        text = _EMPHASIS.sub("", text)
    if "&" in text:
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def _without_tag(match: re.Match[str]) -> str:
    name = match["name"]
    # MDX names its components in capitals; a generic's parameter has no attributes and is not closed.
    component = name[0].isupper() and (
        match["close"] or "=" in match["rest"] or match["rest"].endswith("/")
    )
    if not component and name.lower() not in _ELEMENTS:
        return match[0]
    if (
        name.lower() == "img"
        and (alt := _ALT.search(match["rest"]))
        and "badge" not in match["rest"]
    ):
        return alt[1]
    return " " if name.lower() in {"br", "td", "th", "li"} else ""


def inline_restructured(text: str) -> str:
    """Return a paragraph of reStructuredText without roles, targets, footnotes and emphasis."""
    if not _RESTRUCTURED.search(text):
        return text
    if "`" in text:
        text = _QUOTED.sub(_quoted, _ROLE.sub("", text))
    if "[" in text:
        text = _RST_FOOTNOTE.sub("", text)
    if "*" in text:
        text = _EMPHASIS.sub("", text)
    return _ESCAPE.sub(r"\1", text).strip()


def _quoted(match: re.Match[str]) -> str:
    text = match[1]
    aimed = _AIMED.fullmatch(text) if text.endswith(">") else None
    return (aimed[1].strip() or text.strip("<>")) if aimed else text.removeprefix("~")


def plain(text: str) -> str:
    """Return text of unknown markup on one line, without the commonest marks."""
    text = _FENCE.sub(" ", text).replace("**", "").replace("`", "")
    return _SPACE.sub(" ", text).strip()
