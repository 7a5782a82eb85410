"""Embeds what is indexed, behind everything else.

Newest documents first, in commits of a few: killed at any moment, it goes on at the next start with what has no
vector yet. A commit is dropped when documents were removed since their texts were read, because numbers of
removed documents are used again. Two processes may embed the same document; the second vector is not kept.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from time import monotonic
from typing import TYPE_CHECKING

import attrs
import numpy as np

from lightfast.emulator.embedding.base import EmbeddingProgress
from lightfast.emulator.embedding.index import VectorIndex, embedder_id, removed
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from lightfast.emulator.embedding.base import Embedder
    from lightfast.emulator.store import Store

__all__ = ["Embedding", "EmbeddingThread", "Semantics"]

COMMIT = 8  # documents: a tenth of a second's work is what a kill can cost
READ = 512  # texts at a time
LOG_EVERY = 10.0  # seconds
NICE = 15
_log = logging.getLogger("lightfast.emulator")


class Embedding:
    """Gives an organization's documents their vectors.

    Args:
        store: The database.
        organization: Whose documents.
        embedder: What makes the vectors.
        on_progress: Told after each commit.
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
        """How far it has come."""
        with self._store.read() as db:
            row = db.execute(
                "SELECT count(v.sequence), count(*) FROM document AS d"
                " LEFT JOIN vector AS v ON v.document = d.rowid AND v.embedder = ?"
                " WHERE d.organization_id = ?",
                (embedder_id(db, self._embedder.name), self._organization),
            ).fetchone()
        return EmbeddingProgress(embedded=row[0], documents=row[1])

    def run(self, enough: Callable[[], bool]) -> int:
        """How many documents got a vector, until all have one or it has been enough.

        Raises:
            EmulatorError: The embedder does not work, or the database cannot be written.
        """
        done = 0
        progress = self.progress()
        told = monotonic()
        while not enough() and (batch := self._batch()):
            for start in range(0, len(batch.documents), COMMIT):
                if enough() or not (kept := self._embed(batch, start)):
                    break
                done += kept
                progress = attrs.evolve(progress, embedded=progress.embedded + kept)
                told = self._report(progress, told)
        return done

    def _report(self, progress: EmbeddingProgress, told: float) -> float:
        if self._tell:
            self._tell(progress)
        if monotonic() - told < LOG_EVERY and progress.embedded < progress.documents:
            return told
        _log.info("embedded %d of %d documents", progress.embedded, progress.documents)
        return monotonic()

    def _batch(self) -> _Batch | None:
        with self._store.read() as db:
            rows = db.execute(
                _MISSING,
                (embedder_id(db, self._embedder.name), self._organization, READ),
            ).fetchall()
            removals = removed(db, self._organization)
        texts = [f"{row['title']}\n{row['body']}" for row in rows]
        return _Batch([row["rowid"] for row in rows], texts, removals) if rows else None

    def _embed(self, batch: _Batch, start: int) -> int:
        end = start + COMMIT
        values = self._embedder.embed(batch.texts[start:end]).astype(np.float16)
        with self._store.write() as db:
            if removed(db, self._organization) != batch.removals:
                return 0  # the texts may be other documents' by now
            embedder = _registered(db, self._embedder.name)
            rows = zip(batch.documents[start:end], values, strict=True)
            # Another process may have been faster; one vector is as good as the other.
            db.executemany(
                "INSERT OR IGNORE INTO vector (embedder, document, value) VALUES (?, ?, ?)",
                ((embedder, document, value.tobytes()) for document, value in rows),
            )
        return len(values)


_MISSING = """
SELECT d.rowid, substr(t.title, 1, 4096) AS title, substr(t.body, 1, 4096) AS body
FROM (
    SELECT rowid FROM document AS d
    WHERE NOT EXISTS (SELECT 1 FROM vector WHERE document = d.rowid AND embedder = ?) AND organization_id = ?
    ORDER BY occurred_at DESC, rowid DESC LIMIT ?
) AS d JOIN document_text AS t ON t.rowid = d.rowid
"""


@attrs.frozen
class _Batch:
    documents: list[int]
    texts: list[str]
    removals: int


def _registered(db: sqlite3.Connection, name: str) -> int:
    db.execute("INSERT OR IGNORE INTO embedder (name) VALUES (?)", (name,))
    number = embedder_id(db, name)
    assert number is not None  # noqa: S101 - it was just put there
    return number


class EmbeddingThread(threading.Thread):
    """Embeds at low priority until it is stopped; `wake` it when something was indexed."""

    def __init__(self, embedding: Embedding) -> None:
        super().__init__(name="lightfast-emulator-embedding", daemon=True)
        self._embedding = embedding
        self._work = threading.Event()
        self._work.set()
        self._enough = threading.Event()
        self._running = False

    @property
    def is_busy(self) -> bool:
        """Whether it embeds, or is about to; not when it ended, whatever the reason."""
        return self.is_alive() and (self._work.is_set() or self._running)

    def wake(self) -> None:
        """There may be something new to embed."""
        self._work.set()

    def stop(self) -> None:
        """Return when nothing is embedded any more: after the text in hand."""
        self._enough.set()
        self._work.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        """The life of the thread."""
        _step_back()
        while not self._enough.is_set():
            self._work.wait()
            self._running = True
            self._work.clear()
            try:
                self._embedding.run(self._enough.is_set)
            except Exception as error:  # noqa: BLE001 - search goes on without meaning
                if not self._enough.is_set():
                    _log.error("embedding stopped: %s", error, exc_info=not isinstance(error, EmulatorError))  # fmt: skip
                return
            self._running = False


def _step_back() -> None:
    if sys.platform == "linux":  # elsewhere a priority is the whole process's
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class Semantics:
    """Makes an organization's vectors, and compares queries with them.

    Args:
        store: The database.
        organization: Whose documents get vectors.
        embedder: What makes the vectors.
        on_progress: Told after each commit, on the thread that embeds.
    """

    def __init__(
        self,
        store: Store,
        organization: str,
        embedder: Embedder,
        on_progress: Callable[[EmbeddingProgress], None] | None,
    ) -> None:
        self.meaning = VectorIndex(embedder)
        self._embedding = Embedding(store, organization, embedder, on_progress)
        self._thread: EmbeddingThread | None = None

    def progress(self) -> EmbeddingProgress:
        """How far it has come."""
        return self._embedding.progress()

    def embed(self, within: float | None) -> int:
        """How many documents got a vector now, on this thread, in so many seconds."""
        end = None if within is None else monotonic() + within
        return self._embedding.run(lambda: end is not None and monotonic() >= end)

    def start(self) -> None:
        """Embed what has no vector, from now on, on a thread of its own."""
        self._thread = EmbeddingThread(self._embedding)
        self._thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether the thread embeds, or is about to."""
        return self._thread is not None and self._thread.is_busy

    def wake(self) -> None:
        """Something was indexed."""
        if self._thread:
            self._thread.wake()

    def stop(self) -> None:
        """Return when the thread has ended."""
        thread, self._thread = self._thread, None
        if thread:
            thread.stop()
