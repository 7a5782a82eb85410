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

    Attributes:
        index: What is in the database.
    """

    def __init__(
        self,
        store: Store,
        organization: str,
        corpora: Iterable[Corpus],
        on_progress: Callable[[int, int | None], None] | None,
    ) -> None:
        self.index = Index(store, organization)
        self._store = store
        self._corpora = corpora
        self._on_progress = on_progress
        self._rebuilding = threading.Lock()
        self._refreshing = threading.Lock()

    def refresh(self) -> int:
        """Index every corpus that has changed, and return the number of documents indexed.

        Raises:
            EmulatorError: A corpus cannot be read.
        """
        return self.healed(self._refresh)

    def healed(self, work: Callable[[], T]) -> T:
        """Do work on the database; if that is damaged and may be rebuilt, rebuild it and do it again.

        Raises:
            DamagedError: The database is damaged, and must not be rebuilt.
        """
        generation = self._store.generation
        try:
            return work()
        except DamagedError as error:
            if not self._store.can_rebuild:
                raise
            _log.warning("rebuilding the index: %s", error.reason)
        with self._rebuilding:  # one thread indexes; the others wait for it
            self._store.rebuild(generation)
            self._refresh()
        return work()

    def _refresh(self) -> int:
        # Two threads may refresh at once: the watcher's, and one that seeds.
        try:
            with self._refreshing:
                return self.index.refresh(self._corpora, self._on_progress)
        except OSError as error:  # no temporary directory, no file descriptor left
            raise EmulatorError(f"Cannot read what is to be indexed: {error}") from error
