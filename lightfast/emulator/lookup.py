"""Who and what a query names: people, files, issues, commits; and the documents that are about them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from lightfast.emulator.documents import find_tracker_keys

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from lightfast.emulator.documents import Document

__all__ = ["Name", "facets", "named_documents", "names_in"]

MAX_NAMED = 200  # documents for a name, the newest

_PERSON = re.compile(r"(?<![\w@])@([\w.-]*\w)")
_NUMBER = re.compile(r"(?<![\w&/#])(?:GH-|#)(\d{1,9})\b", re.IGNORECASE)
_FILE = re.compile(r"(?<![\w/@.])(?:[\w.-]+/)*[\w-]*[\w.-]*\.[A-Za-z]\w{0,5}(?![\w/])|(?<![\w/@:])(?:[\w.-]+/)+[\w.-]*\w")  # fmt: skip
_HASH = re.compile(r"(?<![\w-])(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}(?![\w-])")
_WHOLE = 1.0  # nothing but the name was asked for
_PART = 0.5


@attrs.frozen(kw_only=True)
class Name:
    """Something that a query names.

    Args:
        facet: Under which facet documents about it are found.
        value: By what.
        tail: How the entity's key must end besides, in lower case; for files in directories.
        commit: The beginning of the commit's id, when it is a commit.
    """

    facet: str
    value: str
    tail: str = ""
    commit: str = ""


def names_in(query: str) -> list[Name]:
    """What the query names, known or not."""
    found = [Name(facet="actor", value=who.lower()) for who in _PERSON.findall(query)]
    found += [Name(facet="mention", value=f"#{number}") for number in _NUMBER.findall(query)]
    found += [Name(facet="mention", value=key) for key in find_tracker_keys(query)]
    for path in _FILE.findall(query):
        tail = path.lower() if "/" in path else ""
        found.append(Name(facet="mention", value=_basename(path), tail=tail))
    for sha in _HASH.findall(query):
        found.append(Name(facet="mention", value=sha[:7], commit=f"commit_{sha}"))
    if " " in (whole := " ".join(query.lower().split())):
        found.append(Name(facet="actor", value=whole))  # a person's full name
    return found


def rest_of(query: str) -> str:
    """The query without the names that are told by their form."""
    for form in (_PERSON, _NUMBER, _HASH, _FILE):
        query = form.sub(" ", query)
    for key in find_tracker_keys(query):
        query = query.replace(key, " ")
    return query


def named_documents(
    db: sqlite3.Connection, names: list[Name], query: str, conditions: str, values: dict[str, Any]
) -> dict[int, float]:
    """The documents about what the query names, and how much that says.

    Args:
        db: The database.
        names: What is named.
        query: The query.
        conditions: Further SQL conditions on the document ``d``.
        values: What is bound in them.
    """
    asked = _PART if any(c.isalnum() for c in rest_of(query)) else _WHOLE
    found: dict[int, float] = {}
    for name in names:
        for sql, strength in ((_ABOUT, asked), (_ITSELF, 2 * asked)):
            bound = values | attrs.asdict(name) | {"most": MAX_NAMED, "beyond": f"{name.commit}~"}
            if name.facet == "actor" and " " in name.value:
                strength = _WHOLE
            for row in db.execute(sql.format(conditions=conditions), bound):
                found[row["document"]] = max(strength, found.get(row["document"], 0.0))
    return found


# `name <> 'entity'` is what the index says of itself: https://www.sqlite.org/partialindex.html
_ABOUT = """
SELECT d.rowid AS document FROM facet AS f CROSS JOIN document AS d ON d.rowid = f.document
WHERE f.value = :value AND f.name = :facet AND f.name <> 'entity' AND d.organization_id = :organization
    AND (:tail = '' OR EXISTS (
        SELECT 1 FROM document_text WHERE rowid = d.rowid AND instr(lower(details), :tail || '"')
    )) {conditions}
ORDER BY d.occurred_at DESC, d.id LIMIT :most
"""
_ITSELF = """
SELECT d.rowid AS document FROM document AS d
WHERE d.organization_id = :organization AND (
    (:commit <> '' AND d.id >= :commit AND d.id < :beyond)
    OR d.rowid IN (SELECT document FROM facet WHERE value = :value AND name = 'key' AND name <> 'entity')
) {conditions}
ORDER BY d.occurred_at DESC, d.id LIMIT :most
"""


def facets(document: Document) -> Iterator[tuple[str, str]]:
    """What a document is filtered by and found by: ``entity``, ``actor``, ``mention`` and ``key``."""
    for entity in document.entities:
        yield "entity", entity["category"]
        if entity["category"] == "file":
            yield "mention", _basename(entity["key"])
        elif entity["category"] == "issue":
            yield "mention", entity["key"]
    for reference in document.references:
        commit = reference["type"] == "commit"
        yield "mention", reference["id"][:7] if commit else reference["id"]
    for actor in document.actors:
        yield "actor", actor
    if document.key:
        yield "key", document.key


def _basename(path: str) -> str:
    return path.rpartition("/")[2].lower()
