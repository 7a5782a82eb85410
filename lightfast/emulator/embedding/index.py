"""Vectors: in the database as float16, in memory as one matrix for each organization.

A reader brings the matrix up to the state of the database that it sees: vectors carry sequence numbers that are
never used twice, so what is new is known by its number; a counter of removals says when to load all of it again.
Rows are only ever appended, so a view of the first n stays what it is while others read on.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from time import perf_counter
from typing import TYPE_CHECKING

import attrs
import numpy as np

from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from lightfast.emulator.embedding.base import Embedder, Vectors

__all__ = ["QueryMatch", "VectorIndex"]

LEAST_COSINE = 0.2  # what is less alike than that has nothing to do with the query
_REMEMBERED = 256  # queries: somebody who pages asks the same one again
_CHUNK = 4096
_log = logging.getLogger("lightfast.emulator")


@attrs.frozen
class QueryMatch:
    """What a query means, beside what the organization's documents mean.

    Args:
        query: The query's vector.
        vectors: The documents' vectors, a row each.
        documents: Which documents they are.
        weights: What each document's score is multiplied by.
        positions: The row of a document; later rows than there are here may be told.
        embedding: Seconds that it took to embed the query.
    """

    query: Vectors
    vectors: Vectors
    documents: NDArray[np.int64]
    weights: NDArray[np.float32]
    positions: dict[int, int]
    embedding: float

    def nearest(self, count: int, allowed: Iterable[int] | None) -> dict[int, float]:
        """The cosines of the documents that are most alike, the best `count` of them.

        Args:
            count: How many at most.
            allowed: Of which documents; None for all.
        """
        cosines = self.vectors @ self.query
        eligible = cosines >= LEAST_COSINE
        if allowed is not None:
            eligible &= np.isin(self.documents, np.fromiter(allowed, np.int64))
        rows = np.flatnonzero(eligible)
        if len(rows) > count:
            worth = cosines[rows] * self.weights[rows]
            rows = rows[np.argpartition(-worth, count)[:count]]
        return dict(zip(self.documents[rows].tolist(), cosines[rows].tolist(), strict=True))

    def cosines(self, documents: Iterable[int]) -> dict[int, float]:
        """How alike these documents are, those that have a vector."""
        size = len(self.documents)
        rows = {d: row for d in documents if (row := self.positions.get(d, size)) < size}
        found = self.vectors[list(rows.values())] @ self.query
        return dict(zip(rows, found.tolist(), strict=True))


class VectorIndex:
    """Compares queries with documents by what they mean.

    Args:
        embedder: Whose vectors are compared.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._lock = threading.Lock()
        self._matrices: dict[str, _Matrix] = {}
        self._queries: OrderedDict[str, Vectors] = OrderedDict()
        self._broken = False

    def look(self, db: sqlite3.Connection, organization: str, text: str) -> QueryMatch | None:
        """What the query means beside the documents; None when no document has a vector yet."""
        matrix = self._matrix(db, organization)
        if not matrix.size or self._broken:
            return None
        started = perf_counter()
        try:
            query = self._query(text)
        except EmulatorError:
            self._broken = True
            _log.exception("search goes on without meaning")
            return None
        return matrix.seen_by(query, perf_counter() - started)

    def _query(self, text: str) -> Vectors:
        with self._lock:
            known = self._queries.pop(text, None)
        query: Vectors = self.embedder.embed([text])[0] if known is None else known
        with self._lock:
            self._queries[text] = query
            if len(self._queries) > _REMEMBERED:
                self._queries.popitem(last=False)
        return query

    def _matrix(self, db: sqlite3.Connection, organization: str) -> _Matrix:
        removals = removed(db, organization)
        embedder = embedder_id(db, self.embedder.name)
        with self._lock:
            matrix = self._matrices.get(organization)
            if matrix is None or matrix.removals != removals:
                matrix = _Matrix(self.embedder.dimension, removals)
                self._matrices[organization] = matrix
            if embedder is not None:
                matrix.read_on(db, organization, embedder)
            return matrix


class _Matrix:
    """The vectors of an organization's documents."""

    def __init__(self, dimension: int, removals: int) -> None:
        self.removals = removals
        self.size = 0
        self._sequence = 0
        self._vectors = np.empty((0, dimension), np.float32)
        self._documents = np.empty(0, np.int64)
        self._weights = np.empty(0, np.float32)
        self._positions: dict[int, int] = {}

    def seen_by(self, query: Vectors, embedding: float) -> QueryMatch:
        size = self.size
        return QueryMatch(
            query,
            self._vectors[:size],
            self._documents[:size],
            self._weights[:size],
            self._positions,
            embedding,
        )

    def read_on(self, db: sqlite3.Connection, organization: str, embedder: int) -> None:
        last = db.execute("SELECT max(sequence) FROM vector").fetchone()[0] or 0
        if last <= self._sequence:
            return
        rows = db.execute(
            "SELECT v.document, d.weight, v.value FROM vector AS v"
            " JOIN document AS d ON d.rowid = v.document"
            " WHERE v.sequence > ? AND v.embedder = ? AND d.organization_id = ? ORDER BY v.sequence",
            (self._sequence, embedder, organization),
        )
        while chunk := rows.fetchmany(_CHUNK):
            self._append(chunk)
        self._sequence = last

    def _append(self, rows: list[sqlite3.Row]) -> None:
        start, end = self.size, self.size + len(rows)
        self._make_room(end)
        values = np.frombuffer(b"".join(row["value"] for row in rows), np.float16)
        self._vectors[start:end] = values.reshape(len(rows), -1)
        self._documents[start:end] = [row["document"] for row in rows]
        self._weights[start:end] = [row["weight"] for row in rows]
        self._positions.update((row["document"], start + n) for n, row in enumerate(rows))
        self.size = end

    def _make_room(self, size: int) -> None:
        if size > len(self._documents):
            more = max(size, 2 * len(self._documents)) - len(self._documents)
            # New arrays: views of the old ones stay what they are.
            self._vectors = np.concatenate(
                (self._vectors, np.empty((more, self._vectors.shape[1]), np.float32))
            )
            self._documents = np.concatenate((self._documents, np.empty(more, np.int64)))
            self._weights = np.concatenate((self._weights, np.empty(more, np.float32)))


def removed(db: sqlite3.Connection, organization: str) -> int:
    """How often documents of the organization were taken out of the index."""
    row = db.execute(
        "SELECT count FROM removal WHERE organization_id = ?", (organization,)
    ).fetchone()
    return int(row[0]) if row else 0


def embedder_id(db: sqlite3.Connection, name: str) -> int | None:
    """The number that an embedder's vectors are kept under; None when there are none."""
    row = db.execute("SELECT id FROM embedder WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else None
