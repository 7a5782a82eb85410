"""Embedding: the vectors of an organization's passages, made in the order in which they are wanted.

Documentation first, then changelogs, code, the titles of what happened, and at last all the rest, each the newest first,
in commits of a few: killed at any moment, it goes on at the next start with what has no vector yet. A vector belongs to
a text, so it does not matter which document has the text by then, and two processes may embed the same one.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING

import attrs
import numpy as np

from lightfast.emulator.embedding.base import EmbeddingProgress, embedded_text
from lightfast.emulator.embedding.index import embedder_id
from lightfast.emulator.embedding.vectors import embed_texts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from lightfast.emulator.embedding.base import Embedder
    from lightfast.emulator.store import Store

__all__ = ["Embedding"]

COMMIT = 32  # texts: a third of a second's work is what a kill can cost
COUNTING = 20  # progress is counted for a twentieth of the time at most
# Vectors at least that are kept for texts that may come back, with a branch or a rebase.
KEPT = 5000
READ = 512  # texts at a time
LOG_EVERY = 10.0  # seconds
_log = logging.getLogger("lightfast.emulator")


class Embedding:
    """Maker of the vectors of an organization's passages.

    Args:
        store: The database.
        organization: Whose documents.
        embedder: What makes the vectors.
        on_progress: Called after each commit.
    """

    def __init__(
        self,
        store: Store,
        organization: str,
        embedder: Embedder,
        on_progress: Callable[[EmbeddingProgress], None] | None = None,
    ) -> None:
        self._store = store
        self._organization = organization
        self._embedder = embedder
        self._tell = on_progress

    def progress(self) -> EmbeddingProgress:
        """Return how far it has come."""
        with self._store.read() as db:
            number = embedder_id(db, self._embedder.name)
            known = {"embedder": number, "organization": self._organization}
            row = db.execute(_PROGRESS, known).fetchone()
        return EmbeddingProgress(
            embedded=row["documents"] - row["missing"], documents=row["documents"]
        )

    def run(self, enough: Callable[[], bool]) -> int:
        """Embed until every passage has a vector or `enough` says so.

        Returns:
            The number of texts that were embedded.

        Raises:
            EmulatorError: The embedder does not work, or the database cannot be written.
        """
        self._drop_damaged()
        done = 0
        report = _Report(self.progress, self._tell)
        while not enough() and (texts := self._missing()):
            for batch in _batches(texts):
                if enough():
                    break
                self._embed(batch)
                done += len(batch)
                report.tell(last=batch[-1] is texts[-1])
        if done:
            self._drop_unused()
        return done

    def _drop_damaged(self) -> None:
        """Forget vectors of another length than the embedder's, so that they are made again."""
        with self._store.read() as db:
            number = embedder_id(db, self._embedder.name)
            damaged = (number, 2 * self._embedder.dimension)
            if db.execute(f"SELECT 1 {_DAMAGED} LIMIT 1", damaged).fetchone() is None:
                return
        with self._store.write() as db:
            count = db.execute(f"DELETE {_DAMAGED}", damaged).rowcount
        _log.warning("embedding %d texts again: their vectors are damaged", count)

    def _drop_unused(self) -> None:
        """Forget the oldest vectors that no document has any more, beyond as many as there are documents."""
        with self._store.write() as db:
            kept = max(KEPT, db.execute("SELECT count(*) FROM document").fetchone()[0])
            db.execute(_DROP_UNUSED, (kept,))

    def _missing(self) -> list[_Text]:
        """Return some of the texts without a vector, in the order in which they are wanted."""
        with self._store.read() as db:
            number = embedder_id(db, self._embedder.name)
            wanted = {"embedder": number, "organization": self._organization, "limit": READ}
            rows = db.execute(_MISSING, wanted).fetchall()
        texts = {}
        for row in rows:
            body = "" if row["is_title"] else row["body"]
            texts[row["hash"]] = _Text(row["hash"], embedded_text(row["title"], body), row["turn"])
        # Of those that are equally wanted, texts of one length together: they make a batch without padding.
        return sorted(texts.values(), key=lambda text: (text.turn, len(text.text)))

    def _embed(self, batch: list[_Text]) -> None:
        values = embed_texts(self._embedder, [text.text for text in batch]).astype(np.float16)
        with self._store.write() as db:
            embedder = _registered(db, self._embedder.name)
            # Another process may have been faster; one vector is as good as the other.
            db.executemany(
                "INSERT OR IGNORE INTO vector (embedder, hash, value) VALUES (?, ?, ?)",
                (
                    (embedder, t.hash, value.tobytes())
                    for t, value in zip(batch, values, strict=True)
                ),
            )


class _Report:
    """Report of progress, given as often as counting is cheap, and logs it now and then."""

    def __init__(
        self,
        progress: Callable[[], EmbeddingProgress],
        on_progress: Callable[[EmbeddingProgress], None] | None,
    ) -> None:
        self._progress = progress
        self._tell = on_progress
        self._logged = monotonic()
        self._next = 0.0

    def tell(self, *, last: bool) -> None:
        """Tell of what was embedded; surely when it was the last there is."""
        started = monotonic()
        if started < self._next and not last:
            return
        progress = self._progress()
        if self._tell:
            self._tell(progress)
        if started - self._logged >= LOG_EVERY or progress.embedded == progress.documents:
            _log.info("embedded %d of %d documents", progress.embedded, progress.documents)
            self._logged = started
        self._next = started + COUNTING * (monotonic() - started)


@attrs.frozen
class _Text:
    hash: bytes
    text: str
    turn: int


_DROP_UNUSED = """
DELETE FROM vector WHERE sequence IN (
    SELECT sequence FROM vector WHERE hash NOT IN (SELECT hash FROM meaning) ORDER BY sequence DESC LIMIT -1 OFFSET ?
)
"""
_DAMAGED = "FROM vector WHERE embedder = ? AND length(value) <> ?"
_WITHOUT = "NOT EXISTS (SELECT 1 FROM vector AS v WHERE v.hash = m.hash AND v.embedder = :embedder)"
_PROGRESS = f"""
SELECT
    (SELECT count(*) FROM document WHERE organization_id = :organization AND position = 0) AS documents,
    (SELECT count(DISTINCT d.head) FROM meaning AS m JOIN document AS d ON d.rowid = m.document
        WHERE d.organization_id = :organization AND NOT m.is_title AND {_WITHOUT}) AS missing
"""  # noqa: S608
# Documentation, changelog, code; then the titles of what happened, and at last all of it: each the newest first.
_MISSING = f"""
SELECT m.hash, m.is_title, m.turn, substr(t.title, 1, 4096) AS title, substr(t.body, 1, 4096) AS body
FROM (
    SELECT m.document, m.hash, m.is_title, CASE WHEN m.is_title THEN 3 WHEN d.family = 3 THEN 4 ELSE d.family END AS turn
    FROM meaning AS m JOIN document AS d ON d.rowid = m.document
    WHERE {_WITHOUT} AND d.organization_id = :organization
    ORDER BY turn, d.occurred_at DESC, d.rowid DESC LIMIT :limit
) AS m JOIN document_text AS t ON t.rowid = m.document
"""  # noqa: S608


def _batches(texts: list[_Text]) -> Iterator[list[_Text]]:
    for start in range(0, len(texts), COMMIT):
        yield texts[start : start + COMMIT]


def _registered(db: sqlite3.Connection, name: str) -> int:
    db.execute("INSERT OR IGNORE INTO embedder (name) VALUES (?)", (name,))
    number = embedder_id(db, name)
    assert number is not None  # noqa: S101 - it was just put there
    return number
