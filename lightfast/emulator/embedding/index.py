"""Vectors: in the database as float16, in memory as one matrix for each organization.

A reader brings the matrix up to the state of the database that it sees: vectors carry sequence numbers that are
never used twice, so what is new is known by its number; a counter of removals says when to load all of it again.
Rows are only ever appended, so a view of the first n stays what it is while others read on.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from itertools import chain
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from lightfast.emulator.embedding.base import LEAST_COSINE
from lightfast.emulator.embedding.vectors import embed_texts
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from lightfast.emulator.embedding.base import Embedder, Vectors

__all__ = ["QueryMatch", "VectorIndex"]

COVERED = 0.9  # share of a family's passages from which on its vectors count
PAUSE = 300.0  # seconds without meaning after the embedder failed: an endpoint may be back by then
_REMEMBERED = 1024  # texts: somebody who pages asks the same query again, of the same passages
_CHUNK = 4096
_log = logging.getLogger("lightfast.emulator")


@attrs.frozen
class QueryMatch:
    """Query's vector beside the vectors of the organization's passages.

    Args:
        values: The cosine of each row.
        rows: The passages' vectors.
        embedding: Seconds that it took to embed the query.
    """

    values: Vectors
    rows: _Rows
    embedding: float

    @property
    def is_complete(self) -> bool:
        """True if nearly every passage has a vector."""
        return self.rows.is_complete

    def nearest(self, count: int, allowed: Iterable[int] | None) -> dict[int, float]:
        """Return the cosines of the passages that are most alike, the best `count` of them.

        Args:
            count: How many at most.
            allowed: Of which passages; None for all.
        """
        eligible = (self.values >= LEAST_COSINE) & self.rows.covered
        if allowed is not None:
            eligible &= np.isin(self.rows.passages, np.fromiter(allowed, np.int64))
        rows = np.flatnonzero(eligible)
        if len(rows) > count:
            worth = self.values[rows] * self.rows.weights[rows]
            rows = rows[np.argpartition(-worth, count)[:count]]
        return _best_by_passage(self.rows.passages[rows], self.values[rows])

    def cosines(self, passages: Iterable[int]) -> dict[int, float]:
        """Return how alike these passages are, those of them whose vectors count."""
        places, size = self.rows.places, len(self.rows.passages)
        rows = np.array(
            [row for p in passages for row in places.get(p, ()) if row < size], np.int64
        )
        rows = rows[self.rows.covered[rows]]
        return _best_by_passage(self.rows.passages[rows], self.values[rows])

    def means(self, documents: Iterable[int]) -> dict[int, float]:
        """Return how alike the passages of long documents are on average.

        Args:
            documents: The first passages of documents; what is left out has one passage only, or no vectors that count.
        """
        size, covered = len(self.rows.passages), self.rows.covered
        wholes = {
            document: rows
            for document in documents
            if len(rows := self.rows.wholes.get(document, ())) > 1
            and rows[-1] < size
            and covered[rows[0]]
        }
        if not wholes:
            return {}
        places = np.fromiter(chain.from_iterable(wholes.values()), np.int64)
        counts = np.fromiter(map(len, wholes.values()), np.int64)
        starts = np.cumsum(counts) - counts
        sums = np.add.reduceat(self.values[places], starts)
        return dict(zip(wholes, (sums / counts).tolist(), strict=True))

    def file_means(self, passages: Iterable[int]) -> dict[int, float]:
        """Return how alike the files are on average that these passages stand in.

        Args:
            passages: The passages; of those without vectors that count nothing is returned.
        """
        size, files = len(self.rows.passages), self.rows.files
        rows = {p: row for p in passages for row in self.rows.places.get(p, ())[:1] if row < size}
        rows = {p: row for p, row in rows.items() if self.rows.covered[row]}
        if not rows:
            return {}
        means = np.bincount(files, self.values) / np.maximum(np.bincount(files), 1)
        means[0] = np.nan
        found = means[files[list(rows.values())]]
        own = self.values[list(rows.values())]
        return dict(zip(rows, np.where(np.isnan(found), own, found).tolist(), strict=True))


def _best_by_passage(passages: NDArray[np.int64], cosines: Vectors) -> dict[int, float]:
    best: dict[int, float] = {}
    for passage, cosine in zip(passages.tolist(), cosines.tolist(), strict=True):
        best[passage] = max(cosine, best.get(passage, -1.0))
    return best


@attrs.frozen
class _Rows:
    """Vectors of passages: a passage can have two, its own and its title's.

    Args:
        vectors: The vectors, a row each.
        passages: The passage of each row.
        weights: What each passage's score is multiplied by.
        covered: Whether the row's family has nearly all of its vectors.
        places: The rows of a passage; later rows than there are here may be told.
        wholes: The rows of a document's passages by its first passage, in the same way.
        files: The number of the file that each row's passage stands in; 0 for titles, and for what stands in none.
        is_complete: Whether nearly every passage has a vector.
    """

    vectors: Vectors
    passages: NDArray[np.int64]
    weights: NDArray[np.float32]
    covered: NDArray[np.bool_]
    places: dict[int, tuple[int, ...]]
    wholes: dict[int, tuple[int, ...]]
    files: NDArray[np.int64]
    is_complete: bool


class VectorIndex:
    """Index that compares queries with passages by what they mean.

    Args:
        embedder: Whose vectors are compared.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._lock = threading.Lock()
        self._matrices: dict[str, _Matrix] = {}
        self._remembered: OrderedDict[str, Vectors] = OrderedDict()
        self._paused_until = 0.0

    def match(self, db: sqlite3.Connection, organization: str, text: str) -> QueryMatch | None:
        """Compare a query with the passages; return None while no family of them has its vectors."""
        rows = self._rows(db, organization)
        if rows is None:
            return None
        started = perf_counter()
        found = self._vectors([text])
        if found is None:
            return None
        embedding = perf_counter() - started
        return QueryMatch(rows.vectors @ found[0], rows, embedding)

    def compare(self, query: str, texts: Mapping[int, str]) -> dict[int, float]:
        """Compare a query with texts that have no vectors yet; return their cosines, none if the embedder fails."""
        found = self._vectors([query, *texts.values()])
        return (
            {} if found is None else dict(zip(texts, (found[1:] @ found[0]).tolist(), strict=True))
        )

    def _vectors(self, texts: Sequence[str]) -> Vectors | None:
        """Return a vector for each text, from memory where it can; None while the embedder is not to be used."""
        if monotonic() < self._paused_until:
            return None
        with self._lock:
            known = {t: self._remembered.pop(t) for t in set(texts) & self._remembered.keys()}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        try:
            known |= zip(new, embed_texts(self.embedder, new), strict=True) if new else {}
        except EmulatorError:
            self._paused_until = monotonic() + PAUSE
            _log.exception("search goes on without meaning for %g s", PAUSE)
            return None
        with self._lock:
            self._remembered.update(known)
            while len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return np.stack([known[text] for text in texts])

    def _rows(self, db: sqlite3.Connection, organization: str) -> _Rows | None:
        removals = removed(db, organization)
        embedder = embedder_id(db, self.embedder.name)
        if embedder is None:
            return None
        with self._lock:
            # Kept only when it was read to the end: what was read of it would be read again, and count twice.
            matrix = self._matrices.pop(organization, None)
            if matrix is None or matrix.removals != removals:
                matrix = _Matrix(self.embedder.dimension, removals)
            matrix.read_on(db, organization, embedder)
            self._matrices[organization] = matrix
            return matrix.rows()


class _Matrix:
    """Vectors of an organization's passages."""

    def __init__(self, dimension: int, removals: int) -> None:
        self.removals = removals
        self._size = 0
        self._read = (0, 0)  # the last vector and the last passage that were looked at
        self._vectors = np.empty((0, dimension), np.float32)
        self._passages = np.empty(0, np.int64)
        self._weights = np.empty(0, np.float32)
        self._families = np.empty(0, np.int8)
        self._files = np.empty(0, np.int64)
        self._numbers: dict[tuple[int, str], int] = {}  # of files, from 1
        self._places: dict[int, tuple[int, ...]] = {}
        self._wholes: dict[int, tuple[int, ...]] = {}
        self._totals: dict[int, int] = {}
        self._embedded: dict[int, int] = {}

    def rows(self) -> _Rows | None:
        """Return what can be compared now; None while no family has its vectors."""
        full = [f for f, n in self._totals.items() if self._embedded.get(f, 0) >= COVERED * n]
        if not full:
            return None
        size = self._size
        return _Rows(
            self._vectors[:size],
            self._passages[:size],
            self._weights[:size],
            np.isin(self._families[:size], full),
            self._places,
            self._wholes,
            self._files[:size],
            sum(self._embedded.values()) >= COVERED * sum(self._totals.values()),
        )

    def read_on(self, db: sqlite3.Connection, organization: str, embedder: int) -> None:
        """Take up the vectors and passages that came since the last time."""
        # A reader can see an older state than the reader before it, and removals lower both numbers.
        sequence = max(
            self._read[0], db.execute("SELECT max(sequence) FROM vector").fetchone()[0] or 0
        )
        passage = max(
            self._read[1], db.execute("SELECT max(rowid) FROM document").fetchone()[0] or 0
        )
        if (sequence, passage) == self._read:
            return
        if passage != self._read[1]:
            counted = (
                "SELECT family, count(*) FROM document WHERE organization_id = ? GROUP BY family"
            )
            self._totals = dict(map(tuple, db.execute(counted, (organization,))))
        last = dict(zip(("sequence", "passage"), self._read, strict=True))
        known = {"embedder": embedder, "organization": organization, **last}
        rows = db.execute(_NEW, known)
        while chunk := rows.fetchmany(_CHUNK):
            self._append([row for row in chunk if len(row["value"]) == 2 * self._vectors.shape[1]])
        self._read = (sequence, passage)

    def _append(self, rows: list[sqlite3.Row]) -> None:
        if not rows:
            return
        start, end = self._size, self._size + len(rows)
        self._make_room(end)
        values = np.frombuffer(b"".join(row["value"] for row in rows), np.float16)
        # A damaged number would spoil every comparison.
        self._vectors[start:end] = np.nan_to_num(values.reshape(len(rows), -1), posinf=0, neginf=0)
        self._passages[start:end] = [row["document"] for row in rows]
        self._weights[start:end] = [row["weight"] for row in rows]
        self._families[start:end] = [row["family"] for row in rows]
        self._files[start:end] = [self._file(row) for row in rows]
        for place, row in enumerate(rows, start):
            passage, family = row["document"], row["family"]
            self._places[passage] = (*self._places.get(passage, ()), place)
            if not row["is_title"]:
                self._wholes[row["head"]] = (*self._wholes.get(row["head"], ()), place)
                self._embedded[family] = self._embedded.get(family, 0) + 1
        self._size = end

    def _make_room(self, size: int) -> None:
        more = max(size, 2 * len(self._passages)) - len(self._passages)
        if size > len(self._passages):
            # New arrays: views of the old ones stay what they are.
            self._vectors = _longer(self._vectors, more)
            self._passages = _longer(self._passages, more)
            self._weights = _longer(self._weights, more)
            self._families = _longer(self._families, more)
            self._files = _longer(self._files, more)

    def _file(self, row: sqlite3.Row) -> int:
        if row["is_title"] or not row["part"]:
            return 0
        return self._numbers.setdefault((row["corpus_id"], row["part"]), len(self._numbers) + 1)


# What is new is a vector, or a passage whose text had a vector already.
_NEW = """
SELECT m.document, m.is_title, d.head, d.weight, d.family, d.corpus_id, d.part, v.value
FROM vector AS v JOIN meaning AS m ON m.hash = v.hash JOIN document AS d ON d.rowid = m.document
WHERE v.embedder = :embedder AND d.organization_id = :organization AND v.sequence > :sequence
UNION ALL
SELECT m.document, m.is_title, d.head, d.weight, d.family, d.corpus_id, d.part, v.value
FROM document AS d JOIN meaning AS m ON m.document = d.rowid JOIN vector AS v ON v.hash = m.hash
WHERE v.embedder = :embedder AND d.organization_id = :organization AND d.rowid > :passage AND v.sequence <= :sequence
"""


def _longer(array: NDArray[Any], more: int) -> NDArray[Any]:
    return np.concatenate((array, np.empty((more, *array.shape[1:]), array.dtype)))


def removed(db: sqlite3.Connection, organization: str) -> int:
    """Return how often documents of the organization were removed from the index, or the whole index was."""
    row = db.execute(
        "SELECT coalesce(sum(count), 0) FROM removal WHERE organization_id IN ('', ?)",
        (organization,),
    ).fetchone()
    return int(row[0])


def embedder_id(db: sqlite3.Connection, name: str) -> int | None:
    """Return the number that an embedder's vectors are kept under; None when there are none."""
    row = db.execute("SELECT id FROM embedder WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else None
