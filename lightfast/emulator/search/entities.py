"""Entities that a query names: people, files, issues, commits; and the documents about them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from lightfast.emulator.sources.documents import find_tracker_keys

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from lightfast.emulator.sources.documents import Document

__all__ = ["Name", "facets", "named_documents", "names_in"]

MAX_NAMED = 200  # documents for a name, the newest

SCANNED = 1000  # characters of a query: nobody names things beyond that
_PERSON = re.compile(r"@([\w.-]*\w)")
_NUMBER = re.compile(r"(?:GH-|#)(\d{1,9})", re.IGNORECASE)
_FILE = re.compile(r"/?[\w./-]*\w\.[A-Za-z]\w{0,5}|[\w.-]+/[\w./-]*\w")
_HASH = re.compile(r"(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}")
_AROUND = "()[]{}<>,;:'\"`?!"  # around a name in a sentence
_WHOLE = 1.0  # nothing but the name was asked for
_PART = 0.5
_ITS_OWN = 2.0


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


def names_in(query: str) -> tuple[list[Name], bool]:
    """Return what the query names, known or not; and whether it says nothing else."""
    words = [word.lstrip(_AROUND).rstrip(_AROUND + ".") for word in query[:SCANNED].split()]
    named = [name for word in words if (name := _name(word))]
    nothing_else = len(named) == sum(map(bool, words)) and len(query) <= SCANNED
    if len(words) > 1 and not named:
        # A person's full name looks like any other words.
        return [Name(facet="actor", value=" ".join(words).lower())], True
    return named, nothing_else


def _name(word: str) -> Name | None:
    if person := _PERSON.fullmatch(word):
        return Name(facet="actor", value=person[1].lower())
    if number := _NUMBER.fullmatch(word):
        return Name(facet="mention", value=f"#{number[1]}")
    if find_tracker_keys(word) == [word]:
        return Name(facet="mention", value=word)
    if _HASH.fullmatch(word):
        return Name(facet="mention", value=word[:7], commit=f"commit_{word}")
    if _FILE.fullmatch(word):
        path = word.lower().lstrip("./")
        return Name(facet="mention", value=_basename(path), tail=path if "/" in path else "")
    return None


def named_documents(
    db: sqlite3.Connection, query: str, conditions: str, values: dict[str, Any]
) -> dict[int, float]:
    """Return the documents about what the query names, and how much that says.

    Args:
        db: The database.
        query: The query.
        conditions: Further SQL conditions on the document ``d``.
        values: What is bound in them.
    """
    names, nothing_else = names_in(query)
    strength = _WHOLE if nothing_else else _PART
    found: dict[int, float] = {}
    for name in names:
        bound = values | attrs.asdict(name) | {"most": MAX_NAMED, "beyond": f"{name.commit}~"}
        for sql, share in _questions(name, strength):
            for row in db.execute(sql.format(conditions=conditions), bound):
                found[row["document"]] = max(share, found.get(row["document"], 0.0))
    return found


def _questions(name: Name, strength: float) -> Iterator[tuple[str, float]]:
    yield _ABOUT, strength
    # What is itself named comes before what mentions it, whatever its words say.
    if name.facet == "mention":
        yield _KNOWN_AS, _ITS_OWN + strength
    if name.commit:
        yield _COMMIT, _ITS_OWN + strength


# `name <> 'entity'` is what the index says of itself: https://www.sqlite.org/partialindex.html
_ABOUT = """
SELECT d.rowid AS document FROM facet AS f CROSS JOIN document AS d ON d.rowid = f.document
WHERE f.value = :value AND f.name = :facet AND f.name <> 'entity' AND d.organization_id = :organization
    AND (:tail = '' OR EXISTS (
        SELECT 1 FROM document_text WHERE rowid = d.rowid AND instr(lower(details), :tail || '"')
    )) {conditions}
ORDER BY d.occurred_at DESC, d.id LIMIT :most
"""
_KNOWN_AS = """
SELECT d.rowid AS document FROM facet AS f CROSS JOIN document AS d ON d.rowid = f.document
WHERE f.value = :value AND f.name = 'key' AND f.name <> 'entity' AND d.organization_id = :organization {conditions}
ORDER BY d.occurred_at DESC, d.id LIMIT :most
"""
_COMMIT = """
SELECT d.rowid AS document FROM document AS d
WHERE d.organization_id = :organization AND d.position = 0 AND d.id >= :commit AND d.id < :beyond {conditions}
ORDER BY d.id LIMIT :most
"""


def facets(document: Document) -> Iterator[tuple[str, str]]:
    """Return what a document is filtered and found by: ``entity``, ``actor``, ``mention`` and ``key``."""
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
