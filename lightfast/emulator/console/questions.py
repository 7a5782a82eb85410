"""Three questions to begin with, made from what is indexed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightfast.emulator.search.question import FAMILIES
from lightfast.emulator.sources.contents import BETWEEN_HEADINGS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from lightfast.emulator.sources.documents import Family
    from lightfast.emulator.store import Store

__all__ = ["questions"]

LATEST = 400  # documents that are looked at: opening the console costs milliseconds
SHORTEST, LONGEST = 4, 60  # characters of what a question is about

_PREFIX = re.compile(r"^[a-z]+(?:\([^)]*\))?!?: +")  # https://www.conventionalcommits.org/
# Words with which a subject tells what to do, as git asks for, and with which it does not.
_IMPERATIVE = re.compile(r"^[A-Z]?[a-z]+(?<!ed)(?<!ing)(?<![^s]s) [\w'`-]")
_SYMBOL = re.compile(r"^([A-Za-z]\w{3,40}) in ")
_RELEASE = re.compile(r"^(?:merge|revert|release|bump|prepare|v?\d)", re.IGNORECASE)


def questions(store: Store, organization: str) -> list[str]:
    """Return up to three questions whose answers are in the organization's index."""
    with store.read() as db:
        return [
            question
            for family, ask in _ASKED.items()
            if (question := _first(db, organization, FAMILIES.index(family), ask))
        ]


def _first(
    db: sqlite3.Connection, organization: str, family: int, ask: Callable[[str, str], str | None]
) -> str | None:
    """Return a question about the document of a family that says most, of those that make one."""
    rows = db.execute(
        "SELECT d.type, t.title FROM (SELECT rowid, type FROM document WHERE organization_id = ?"
        " AND family = ? AND position = 0 ORDER BY rowid DESC LIMIT ?) AS d"
        " JOIN document_text AS t ON t.rowid = d.rowid ORDER BY length(t.body) DESC, t.title",
        (organization, family, LATEST),
    )
    for row in rows:
        title = " ".join(row["title"].split())
        if question := ask(title, row["type"]):
            return question
    return None


def _of_page(title: str, _: str) -> str | None:
    _, is_section, heading = title.rpartition(BETWEEN_HEADINGS)
    heading = heading.rstrip(".:!")
    if not is_section or not SHORTEST <= len(heading) <= LONGEST:
        return None
    if heading.endswith("?"):
        return heading
    return f"What do the docs say about {_lowered(heading)}?"


def _of_event(title: str, kind: str) -> str | None:
    subject = _PREFIX.sub("", title).rstrip(".")
    if not SHORTEST <= len(subject) <= LONGEST or _RELEASE.match(subject):
        return None
    if kind != "commit":
        return f"What do we know about {_lowered(subject)}?"
    if _IMPERATIVE.match(subject):
        return f"When did we {_lowered(subject)}?"
    return f"When did this happen: {_lowered(subject)}?"


def _of_symbol(title: str, _: str) -> str | None:
    found = _SYMBOL.match(title)
    return f"Where is {found[1]} defined?" if found else None


_ASKED: dict[Family, Callable[[str, str], str | None]] = {
    "documentation": _of_page,
    "history": _of_event,
    "code": _of_symbol,
}


def _lowered(text: str) -> str:
    """Return a heading as it reads within a sentence; names and acronyms keep their capitals."""
    first, _, rest = text.partition(" ")
    is_word = first[:1].isupper() and first[1:].islower()
    return f"{first.lower()} {rest}".strip() if is_word else text
