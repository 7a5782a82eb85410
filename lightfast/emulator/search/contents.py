"""A document whole, and its neighbors: what is like it, and what it references or is referenced by."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs
import orjson

from lightfast.emulator import timestamps
from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.search import retrieval
from lightfast.emulator.search.query import SearchQuery

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from lightfast.emulator.embedding.index import VectorIndex
    from lightfast.emulator.store import Store

__all__ = ["DocumentContents", "RelatedDocument", "find_document", "find_related", "find_similar"]

Relation: TypeAlias = Literal["references", "referenced by"]

MAX_RELATED = 50
LIKENESS = 400  # characters of a document that others are compared with
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")


@attrs.frozen(kw_only=True)
class DocumentContents:
    """One indexed document, whole.

    Args:
        id: Its ID, as in a search result.
        title: Its title.
        source: Its provider, such as ``github``.
        type: Its kind, such as ``commit``.
        text: Its whole text: a commit's message, a section, an issue's description.
        url: The address where a person can read it.
        occurred_at: When it happened, in UTC.
        path: The file that it stands in; empty for none.
        line: The line that it begins at, from 1; 0 for none.
        files: The files that it touches, as far as they are indexed.
        people: The people who took part.
        references: What it refers to, as in a search result.
    """

    id: str
    title: str
    source: str
    type: str
    text: str
    url: str | None = None
    occurred_at: datetime | None = None
    path: str = ""
    line: int = 0
    files: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    references: tuple[dict[str, Any], ...] = ()

    @property
    def commit(self) -> str | None:
        """The full hash, if it is a commit."""
        match = _COMMIT.search(self.id) if self.type == "commit" else None
        return match.group() if match else None


@attrs.frozen(kw_only=True)
class RelatedDocument:
    """Neighbor of a document.

    Args:
        relation: ``references``: the document refers to it. ``referenced by``: it refers to the document.
        document: The neighbor.
    """

    relation: Relation
    document: DocumentContents


def find_document(store: Store, organization: str, identifier: str) -> DocumentContents:
    """Return a document.

    Args:
        store: The database.
        organization: The owner of the document.
        identifier: Its ID, or a commit's hash of seven digits or more.

    Raises:
        EmulatorError: There is no such document.
    """
    with store.read() as db:
        return _document(db, organization, identifier)


def find_similar(
    store: Store,
    organization: str,
    identifier: str,
    *,
    limit: int = 10,
    meaning: VectorIndex | None = None,
) -> list[dict[str, Any]]:
    """Return the documents that are most like one, as search results.

    Args:
        store: The database.
        organization: The owner of the documents.
        identifier: The ID of the document to compare with.
        limit: The largest number of documents to return.
        meaning: Compares by meaning; None for words alone.

    Raises:
        EmulatorError: There is no such document.
    """
    document = find_document(store, organization, identifier)
    text = f"{document.title} {document.text}"[:LIKENESS]
    query = SearchQuery(query=text, limit=min(limit + 1, 100))
    found = retrieval.search(store, organization, query, meaning)
    return [result for result in found.results if result["id"] != document.id][:limit]


def find_related(store: Store, organization: str, identifier: str) -> list[RelatedDocument]:
    """Return what a document refers to, then what refers to it, the newest first.

    Args:
        store: The database.
        organization: The owner of the documents.
        identifier: The ID of the document.

    Raises:
        EmulatorError: There is no such document.
    """
    with store.read() as db:
        document = _document(db, organization, identifier)
        towards = _ids(
            db, _KEYED, organization, (reference["id"] for reference in document.references)
        )
        towards += _commits(db, organization, document)
        back = _ids(db, _MENTIONING, organization, _names(db, organization, document))
        relations: dict[str, Relation] = dict.fromkeys(towards, "references")
        for found in back:
            relations.setdefault(found, "referenced by")
        relations.pop(document.id, None)
        return [
            RelatedDocument(relation=relation, document=_document(db, organization, found))
            for found, relation in list(relations.items())[:MAX_RELATED]
        ]


# A document may have several rows, one for each passage; together they are its text.
_ROWS = """
SELECT d.id, d.source, d.type, d.occurred_at, t.title, t.body, t.url, t.details
FROM document AS d JOIN document_text AS t ON t.rowid = d.rowid
WHERE d.organization_id = :organization AND d.id = :id ORDER BY d.rowid
"""
_BY_HASH = """
SELECT DISTINCT id FROM document
WHERE organization_id = :organization AND id >= :first AND id < :first || '~' ORDER BY id LIMIT 2
"""
_BY_FACET = """
SELECT DISTINCT d.id, d.occurred_at FROM facet AS f CROSS JOIN document AS d ON d.rowid = f.document
WHERE f.value = :value AND f.name = '{name}' AND f.name <> 'entity' AND d.organization_id = :organization
ORDER BY d.occurred_at DESC, d.id LIMIT 50
"""
_KEYED = _BY_FACET.format(name="key")
_MENTIONING = _BY_FACET.format(name="mention")
_KEYS = """
SELECT f.value FROM facet AS f JOIN document AS d ON d.rowid = f.document
WHERE d.organization_id = :organization AND d.id = :id AND f.name = 'key'
"""


def _document(db: sqlite3.Connection, organization: str, identifier: str) -> DocumentContents:
    values = {"organization": organization, "id": identifier}
    rows = db.execute(_ROWS, values).fetchall()
    if not rows and re.fullmatch(r"[0-9a-f]{7,40}", identifier):
        ids = _by_hash(db, organization, identifier)
        rows = db.execute(_ROWS, values | {"id": ids[0]}).fetchall() if len(ids) == 1 else []
    if not rows:
        raise EmulatorError(
            f"There is no document {identifier[:100]!r}; give the `id` of a search result."
        )
    return _contents(rows)


def _contents(rows: list[sqlite3.Row]) -> DocumentContents:
    first, details = rows[0], orjson.loads(rows[0]["details"])
    entities, occurred_at = details.get("entities", ()), first["occurred_at"]
    return DocumentContents(
        id=first["id"],
        title=first["title"],
        source=first["source"],
        type=first["type"],
        text="".join(row["body"] for row in rows),
        url=first["url"],
        occurred_at=None if occurred_at is None else timestamps.to_datetime(occurred_at),
        path=details.get("path", ""),
        line=details.get("line", 0),
        files=tuple(entity["key"] for entity in entities if entity["category"] == "file"),
        people=tuple(entity["key"] for entity in entities if entity["category"] == "person"),
        references=tuple(details.get("references", ())),
    )


def _ids(db: sqlite3.Connection, sql: str, organization: str, values: Iterable[str]) -> list[str]:
    bound = ({"organization": organization, "value": value} for value in values)
    return [row["id"] for names in bound for row in db.execute(sql, names)]


def _commits(db: sqlite3.Connection, organization: str, document: DocumentContents) -> list[str]:
    """Return the IDs of the commits that a document refers to by their hashes."""
    hashes = (r["id"] for r in document.references if r["type"] == "commit")
    return [found for sha in hashes for found in _by_hash(db, organization, sha)]


def _by_hash(db: sqlite3.Connection, organization: str, sha: str) -> list[str]:
    values = {"organization": organization, "first": f"commit_{sha}"}
    return [row["id"] for row in db.execute(_BY_HASH, values)]


def _names(db: sqlite3.Connection, organization: str, document: DocumentContents) -> Iterator[str]:
    """Yield what others call a document in their texts."""
    for row in db.execute(_KEYS, {"organization": organization, "id": document.id}):
        yield row["value"]
    if document.commit:
        yield document.commit[:7]
