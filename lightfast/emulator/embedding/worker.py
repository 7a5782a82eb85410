"""Embedding thread: embeds documents in the background, behind everything else.

Documentation first, then changelogs, code, the titles of what happened, and at last all the rest, each the newest first,
in commits of a few: killed at any moment, it goes on at the next start with what has no vector yet. A vector belongs to
a text, so it does not matter which document has the text by then, and two processes may embed the same one.
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

from lightfast.emulator.embedding.base import EmbeddingProgress, embedded_text
from lightfast.emulator.embedding.index import VectorIndex, embedder_id
from lightfast.emulator.embedding.vectors import embed_texts
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from lightfast.emulator.embedding.base import Embedder
    from lightfast.emulator.store import Store

__all__ = ["Embedding", "EmbeddingThread", "Semantics"]

COMMIT = 32  # texts: a third of a second's work is what a kill can cost
COUNTING = 20  # progress is counted for a twentieth of the time at most
KEPT = (
    5000  # vectors at least that are kept for texts that may come back, with a branch or a rebase
)
READ = 512  # texts at a time
LOG_EVERY = 10.0  # seconds
GRACE = 5.0  # seconds that closing waits for a batch; the bundled model's takes one at most
NICE = 15
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


class EmbeddingThread(threading.Thread):
    """Thread that embeds at low priority until it is stopped; `wake` it when something was indexed."""

    def __init__(self, embedding: Embedding) -> None:
        super().__init__(name="lightfast-emulator-embedding", daemon=True)
        self._embedding = embedding
        self._work = threading.Event()
        self._work.set()
        self._enough = threading.Event()
        self._running = False

    @property
    def is_busy(self) -> bool:
        """True while it embeds or is about to; False once the thread has ended, for any reason."""
        return self.is_alive() and (self._work.is_set() or self._running)

    def wake(self) -> None:
        """Look for new passages to embed."""
        self._work.set()

    def stop(self) -> None:
        """Return when nothing is embedded any more: after the batch in hand, which is given up when it takes too long.

        Called on the thread itself, by who is told of progress or by a garbage collection, it returns at once.
        """
        self._enough.set()
        self._work.set()
        if self.is_alive() and self is not threading.current_thread():
            self.join(GRACE)

    def run(self) -> None:
        """Embed until `stop` is called; this is the thread's target."""
        _step_back()
        while not self._enough.is_set():
            self._work.wait()
            self._running = True
            self._work.clear()
            try:
                self._embedding.run(self._enough.is_set)
            except Exception as error:  # noqa: BLE001 - search goes on without meaning
                if not self._enough.is_set():
                    is_ours = isinstance(error, EmulatorError) and error.__cause__ is None
                    _log.error("embedding stopped: %s", error, exc_info=not is_ours)
                return
            self._running = False


def _step_back() -> None:
    if sys.platform == "linux":  # elsewhere a priority is the whole process's
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


class Semantics:
    """Vectors of an organization: made here, and compared with queries.

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
        """Return the progress of embedding."""
        return self._embedding.progress()

    def embed(self, within: float | None) -> int:
        """Embed on this thread, for at most so many seconds; return the number of documents embedded."""
        end = None if within is None else monotonic() + within
        return self._embedding.run(lambda: end is not None and monotonic() >= end)

    def start(self) -> None:
        """Embed what has no vector, from now on, on a thread of its own; nothing when that is going on."""
        if self._thread is None:
            self._thread = EmbeddingThread(self._embedding)
            self._thread.start()

    @property
    def is_busy(self) -> bool:
        """True while the thread embeds, or is about to."""
        return self._thread is not None and self._thread.is_busy

    def wake(self) -> None:
        """Wake the thread, because something was indexed."""
        if self._thread:
            self._thread.wake()

    def stop(self) -> None:
        """Return when the thread has ended."""
        thread, self._thread = self._thread, None
        if thread:
            thread.stop()
