"""Indexing of corpora into a database, which is rebuilt when it is found damaged and may be."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, TypeVar

from lightfast.emulator.errors import DamagedError, EmulatorError
from lightfast.emulator.search.index import Index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lightfast.emulator.sources.corpus import Corpus
    from lightfast.emulator.store import Store

__all__ = ["Indexing"]

T = TypeVar("T")
_log = logging.getLogger("lightfast.emulator.store")


class Indexing:
    """Corpora, and the index that is made of them and can be made again.

    Args:
        store: The database.
        organization: Whose index it is.
        corpora: What is indexed.
        on_progress: Called now and then with the number of items read and their total.
        on_indexed: Called after something was indexed.

    Attributes:
        index: What is in the database.
    """

    def __init__(
        self,
        store: Store,
        organization: str,
        corpora: Iterable[Corpus],
        on_progress: Callable[[int, int | None], None] | None,
        on_indexed: Callable[[], None],
    ) -> None:
        self.index = Index(store, organization)
        self._store = store
        self._corpora = corpora
        self._on_progress = on_progress
        self._on_indexed = on_indexed
        self._rebuilding = threading.Lock()
        self._refreshing = threading.Lock()

    def refresh(self) -> int:
        """Index every corpus that has changed, and return the number of documents indexed.

        Raises:
            EmulatorError: A corpus cannot be read.
        """
        generation = self._store.generation
        try:
            return self._refresh()
        except DamagedError as error:
            return self._rebuild(generation, error)

    def healed(self, work: Callable[[], T]) -> T:
        """Do work on the database; if that is damaged and may be rebuilt, rebuild it and do it again.

        Raises:
            DamagedError: The database is damaged, and must not be rebuilt.
        """
        generation = self._store.generation
        try:
            return work()
        except DamagedError as error:
            self._rebuild(generation, error)
        return work()

    def _rebuild(self, generation: int, error: DamagedError) -> int:
        if not self._store.can_rebuild:
            raise error
        _log.warning("rebuilding the index: %s", error.reason)
        with self._rebuilding:  # one thread indexes; the others wait for it
            self._store.rebuild(generation)
            return self._refresh()

    def _refresh(self) -> int:
        # Two threads may refresh at once: the watcher's, and one that seeds.
        try:
            with self._refreshing:
                indexed = self.index.refresh(self._corpora, self._on_progress)
        except OSError as error:  # no temporary directory, no file descriptor left
            raise EmulatorError(f"Cannot read what is to be indexed: {error}") from error
        if indexed:
            self._on_indexed()
        return indexed
