"""Search by meaning for one emulator: the embedder, its vectors, and the thread that makes them."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from lightfast.emulator.embedding_thread import Embedding, EmbeddingThread
from lightfast.emulator.vectors import Meaning

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightfast.emulator.embedding import Embedder
    from lightfast.emulator.progress import EmbeddingProgress
    from lightfast.emulator.store import Store

__all__ = ["Semantics"]


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
        self.meaning = Meaning(embedder)
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
