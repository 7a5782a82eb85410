"""Front matter, and the fields at the head of a PEP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Head", "read_head"]

MAX_LINES = 200
_KEY = re.compile(r"([A-Za-z_][\w .-]{0,60}?)[ \t]*[:=](?:[ \t]+(.*))?")
_FIELD = re.compile(r"([A-Z][A-Za-z-]{0,40}):[ \t]+(\S.*)")
_TITLES = ("title", "linktitle", "name")
_TEXTS = ("description", "summary", "abstract", "excerpt")


@attrs.frozen
class Head:
    """Head of a document: the lines before its text.

    Args:
        lines: How many lines it takes.
        title: The document's title; empty for none.
        text: What it says about the document; empty for nothing.
    """

    lines: int = 0
    title: str = ""
    text: str = ""


def read_head(lines: list[str], *, rules: bool) -> Head:
    """Return what stands at a document's head; nothing when it begins with its text.

    Args:
        lines: The document's lines.
        rules: Whether keys between two rules are front matter; in reST the rules are a title's.
    """
    if rules and lines and lines[0].rstrip() in {"---", "+++"}:
        return _between_rules(lines)
    return _fields(lines)


def _between_rules(lines: list[str]) -> Head:
    rule = lines[0].rstrip()
    ends = {rule, "..."} if rule == "---" else {rule}
    end = next((n for n, line in enumerate(lines[1:MAX_LINES], 1) if line.rstrip() in ends), 0)
    inside = lines[1:end]
    # Prose between two rules is text: only keys, what belongs to them, and comments are front matter.
    if not end or not inside or not _are_keys(inside):
        return Head()
    found = dict(_keys(inside))
    return _head(found, end + 1)


def _are_keys(lines: list[str]) -> bool:
    known = False
    for line in lines:
        stripped = line.strip()
        if not stripped or stripped[0] == "#":
            continue
        if line[0] in " \t-[]{}" or stripped[0] in "]}":
            if not known and stripped[0] not in "[{":
                return False
        elif not _KEY.fullmatch(line.rstrip()):
            return False
        known = True
    return known


def _keys(lines: list[str]) -> Iterator[tuple[str, str]]:
    name, more = "", []
    for line in lines:
        if line[:1].isspace() and name:
            more.append(line.strip())
            continue
        if name and more:
            yield name, " ".join(more)
        name, more = "", []
        if match := _KEY.fullmatch(line.rstrip()):
            value = _unquoted(match[2] or "")
            if value in {"", ">", "|", ">-", "|-", ">+", "|+"}:
                name = match[1].strip().lower()
            else:
                yield match[1].strip().lower(), value
    if name and more:
        yield name, " ".join(more)


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


def _fields(lines: list[str]) -> Head:
    """Return the head of a PEP or an RFC-822 message: at least two fields, among them a title."""
    # https://peps.python.org/pep-0001/#pep-header-preamble
    found: dict[str, str] = {}
    name = ""
    for number, line in enumerate(lines[:MAX_LINES]):
        if match := _FIELD.fullmatch(line.rstrip()):
            name = match[1].lower()
            found[name] = match[2]
        elif line[:1].isspace() and line.strip() and name:
            found[name] += f" {line.strip()}"
        elif not line.strip() or not found:
            if len(found) > 1 and "title" in found:
                return _pep(found, number)
            return Head()
        elif not _FIELD.match(line) and not line.rstrip().endswith(":"):
            return Head()
    return _pep(found, len(lines)) if len(found) > 1 and "title" in found else Head()


def _pep(found: dict[str, str], lines: int) -> Head:
    head = _head(found, lines)
    if number := found.get("pep"):
        return attrs.evolve(head, title=f"PEP {number.strip()}: {head.title}")
    return head


def _head(found: dict[str, str], lines: int) -> Head:
    title = next((found[name] for name in _TITLES if found.get(name)), "")
    return Head(lines, title, "\n\n".join(found[name] for name in _TEXTS if found.get(name)))
