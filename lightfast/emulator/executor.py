"""Threads that wait for the database, so that the event loop never does."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Executor"]

T = TypeVar("T")

SEARCHERS = 4
READERS = 2


class Executor:
    """Thread pools for searches, for other reads and for writes.

    Searches have threads of their own: four slow ones must not keep anybody from signing in or revoking a key.
    """

    def __init__(self) -> None:
        self._searchers = ThreadPoolExecutor(SEARCHERS, "lightfast-emulator-searcher")
        self._readers = ThreadPoolExecutor(READERS, "lightfast-emulator-reader")
        self._writer = ThreadPoolExecutor(1, "lightfast-emulator-writer")

    async def search(self, work: Callable[..., T], *values: object) -> T:
        """Run a search."""
        return await self._submit(self._searchers, work, *values)

    async def read(self, work: Callable[..., T], *values: object) -> T:
        """Run work that reads a little."""
        return await self._submit(self._readers, work, *values)

    async def write(self, work: Callable[..., T], *values: object) -> T:
        """Run work that may write; one after another."""
        return await self._submit(self._writer, work, *values)

    def close(self) -> None:
        """Return when all work is done."""
        for pool in (self._searchers, self._readers, self._writer):
            pool.shutdown()

    def _submit(
        self, pool: ThreadPoolExecutor, work: Callable[..., T], *values: object
    ) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(pool, work, *values)
