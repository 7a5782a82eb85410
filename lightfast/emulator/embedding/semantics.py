"""Search by meaning of one organization: its vectors, and the thread of low priority that makes them."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from lightfast.emulator.embedding.index import VectorIndex
from lightfast.emulator.embedding.worker import Embedding
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightfast.emulator.embedding.base import Embedder, EmbeddingProgress
    from lightfast.emulator.store import Store

__all__ = ["Semantics"]

Heal: TypeAlias = "Callable[[Callable[[], int]], int]"

GRACE = 5.0  # seconds that closing waits for a batch; the bundled model's takes one at most
NICE = 15
_log = logging.getLogger("lightfast.emulator")


class _EmbeddingThread(threading.Thread):
    """Thread that embeds at low priority until it is stopped; `wake` it when something was indexed.

    After an error it waits until it is woken again.

    Args:
        embedding: What it does.
        heal: Does work on the database, and once more when that was damaged and has been rebuilt.
    """

    def __init__(self, embedding: Embedding, heal: Heal) -> None:
        super().__init__(name="lightfast-emulator-embedding", daemon=True)
        self._embedding = embedding
        self._heal = heal
        self._work = threading.Event()
        self._work.set()
        self._enough = threading.Event()
        self._running = False

    @property
    def is_busy(self) -> bool:
        """True while it embeds or is about to; False while there is nothing to do, and after an error."""
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
                self._heal(self._embed)
            except Exception as error:  # noqa: BLE001 - search goes on without meaning
                if not self._enough.is_set():
                    is_ours = isinstance(error, EmulatorError) and error.__cause__ is None
                    _log.error("embedding stopped: %s", error, exc_info=not is_ours)
            self._running = False

    def _embed(self) -> int:
        return self._embedding.run(self._enough.is_set)


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
        self._thread: _EmbeddingThread | None = None

    def progress(self) -> EmbeddingProgress:
        """Return the progress of embedding."""
        return self._embedding.progress()

    def embed(self, within: float | None) -> int:
        """Embed on this thread, for at most so many seconds; return the number of documents embedded."""
        end = None if within is None else monotonic() + within
        return self._embedding.run(lambda: end is not None and monotonic() >= end)

    def start(self, heal: Heal) -> None:
        """Embed what has no vector, from now on, on a thread of its own; nothing when that is going on.

        Args:
            heal: Does work on the database, and once more when that was damaged and has been rebuilt.
        """
        if self._thread is None:
            self._thread = _EmbeddingThread(self._embedding, heal)
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
