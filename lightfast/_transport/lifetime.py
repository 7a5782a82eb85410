"""End of a pool of connections: with its client, its event loop, or the process.

*With its event loop.* An async generator is left open for each pool. asyncio.run() closes such
generators before it closes its loop.

*With its client.* A client that is dropped without being closed has its pools closed by their own
loops, from whatever thread it is dropped on.

*With the process*, at the latest: see `_at_exit`.

Until then a pool is held here, outside of the client. If it could be collected together with the
client, aiohttp's session would be, too, and would complain that it was not closed.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightfast._transport.pool import ConnectionPool

_AT_EXIT = 0.5  # seconds that running loops are given to close what they hold


class Lifetime:
    """Life of one pool, on the running event loop.

    Args:
        pool: The pool.
        pools: The client's pools by their loops: it leaves them when it ends.
    """

    def __init__(
        self, pool: ConnectionPool, pools: dict[asyncio.AbstractEventLoop, Lifetime]
    ) -> None:
        self.pool = pool
        self.loop = asyncio.get_running_loop()
        self._pools = pools
        self._span = self._live()
        self._closing: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Enter the pool, and leave the generator open that closes it."""
        await anext(self._span)
        self._pools[self.loop] = self
        _alive.add(self)

    async def end(self) -> None:
        """Close the pool, on its own loop."""
        await self._span.aclose()

    def dismiss(self) -> None:
        """Have the pool closed by its own loop, from any thread and without waiting."""
        try:
            self.loop.call_soon_threadsafe(self._end_soon)
        except RuntimeError:  # the loop is closed
            self.abandon()

    def abandon(self) -> None:
        """Close the sockets of a pool whose loop will not run again."""
        self.pool.abandon()
        # Nothing is left to be awaited; or the loop runs once more, and closes the pool at this moment.
        with contextlib.suppress(StopIteration, RuntimeError):
            self._span.aclose().send(None)

    def forget(self) -> None:
        """Leave a pool to the parent of this forked process."""
        _alive.discard(self)

    async def _live(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._pools.pop(self.loop, None)
            try:
                await self.pool.close()
            finally:
                _alive.discard(self)

    def _end_soon(self) -> None:
        self._closing = self.loop.create_task(self.end())


_alive: set[Lifetime] = set()


def sweep() -> None:
    """Abandon the pools of loops that were closed before them."""
    for lifetime in list(_alive):
        if lifetime.loop.is_closed():
            lifetime.abandon()


@atexit.register
def _at_exit() -> None:
    """Close what is still open, so that nothing is said when modules are taken apart."""
    running = [lifetime for lifetime in list(_alive) if lifetime.loop.is_running()]
    for lifetime in running:
        lifetime.dismiss()
    until = time.monotonic() + _AT_EXIT
    while not _alive.isdisjoint(running) and time.monotonic() < until:
        time.sleep(0.005)
    for lifetime in list(_alive):
        if lifetime.loop.is_running():
            lifetime.pool.disown()
        else:
            lifetime.abandon()
