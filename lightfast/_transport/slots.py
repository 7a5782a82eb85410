"""Slots: how many requests of one event loop may be under way at a time."""

from __future__ import annotations

import asyncio


class Slots:
    """Slots of one event loop, given to those who wait in the order in which they came.

    `asyncio.Semaphore` has to be awaited and looks through its waiters even when a slot is free:
    2 % of a search. Here it serves only those who have to wait.

    Args:
        count: How many there are.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting = 0
        self._returned = asyncio.Semaphore(0)

    def take(self) -> bool:
        """Take a slot if one is free. Returns: whether one was."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def wait(self) -> None:
        """Wait for a slot, and take it."""
        self._waiting += 1
        try:
            await self._returned.acquire()
        finally:
            self._waiting -= 1

    def release(self) -> None:
        """Give a slot back."""
        if self._waiting:
            self._returned.release()
        else:
            self._free += 1
