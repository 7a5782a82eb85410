"""Calls from any event loop of any thread: a pool for each loop, which ends with it."""

from __future__ import annotations

import asyncio
import logging
import os
import warnings
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING
from weakref import WeakSet

from lightfast._config import ClientConfig, ConnectionConfig
from lightfast._retry import OnRetry
from lightfast._transport.call import Call
from lightfast._wire.requests import HttpRequest
from lightfast._wire.responses import HttpResponse
from lightfast.exceptions import LightfastError, UsageError

if TYPE_CHECKING:
    from lightfast._transport.pool import ConnectionPool

_log = logging.getLogger("lightfast")
_log.addHandler(logging.NullHandler())  # silent until the application says otherwise


class Transport:
    """Sends requests from any event loop of any thread.

    Args:
        config: What connections are made with.
        made_at: Where the client was made, for the warning when nobody closes it.
    """

    def __init__(self, config: ConnectionConfig, *, made_at: str = "") -> None:
        self._config = config
        self._made_at = made_at
        self._pools: dict[asyncio.AbstractEventLoop, ConnectionPool] = {}
        self._lifetimes: dict[asyncio.AbstractEventLoop, AsyncGenerator[None, None]] = {}
        self._used = False
        self.closed = False
        _transports.add(self)

    async def send(
        self,
        request: HttpRequest,
        config: ClientConfig,
        timeout: float | None,
        on_retry: OnRetry | None = None,
    ) -> HttpResponse:
        """The answer to a request, after as many attempts as are allowed.

        Args:
            request: What to post.
            config: As whom, how often, and how long for one attempt.
            timeout: Seconds for everything; None is no limit.
            on_retry: Told of each retry before its wait.

        Raises:
            LightfastError: There is no good answer; `history` tells what each attempt met.
        """
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop) or await self._open(loop)
        call = Call(pool, request, config, timeout, loop.time)
        try:
            return await call.run(on_retry)
        except LightfastError as error:
            error.history = tuple(call.history)
            _log.debug(
                "POST %s failed with %s, attempts: %d (request id: %s)",
                request.url, type(error).__name__, error.attempts, error.request_id or "none",
            )  # fmt: skip
            raise

    async def _open(self, loop: asyncio.AbstractEventLoop) -> ConnectionPool:
        """A pool for the running loop, which ends with it."""
        if self.closed:
            raise closed_error()
        # Here, not on top: 190 ms that only the first call has to pay.
        from lightfast._transport.pool import ConnectionPool

        for other in [other for other in self._pools if other.is_closed()]:
            self._pools.pop(other).abandon()
            del self._lifetimes[other]
        pool = ConnectionPool(self._config)
        lifetime = _lifetime(pool, loop, self._pools, self._lifetimes)
        await anext(lifetime)
        self._used = True
        self._pools[loop] = pool
        self._lifetimes[loop] = lifetime
        return pool

    async def aclose(self) -> None:
        """Close all connections, also those of other event loops."""
        self.closed = True
        here = asyncio.get_running_loop()
        for loop, lifetime in list(self._lifetimes.items()):
            if loop is here:
                await lifetime.aclose()
            elif loop.is_running():
                ending = asyncio.run_coroutine_threadsafe(_end(lifetime), loop)
                await asyncio.wait([asyncio.wrap_future(ending)], timeout=1.0)
            elif loop.is_closed():
                self._pools.pop(loop).abandon()
        # A loop that stands still but may run again closes what it holds by itself then:
        # the generator is collected.
        self._pools.clear()
        self._lifetimes.clear()

    def forget(self) -> None:
        """Start afresh in a forked child.

        The inherited objects are kept and never touched again: closing one of them would
        take sockets out of the selector that the child shares with its parent.
        """
        _inherited.append((self._pools, self._lifetimes))
        self._pools, self._lifetimes = {}, {}
        self._used = False

    def __del__(self) -> None:
        if self._used and not self.closed:
            warnings.warn(
                f"A lightfast client was not closed; it was made at {self._made_at}. "
                "Use `with`, or call its close() or aclose().",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )


_transports: WeakSet[Transport] = WeakSet()
_inherited: list[object] = []


def _forget_all() -> None:
    for transport in list(_transports):
        transport.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


async def _lifetime(
    pool: ConnectionPool,
    loop: asyncio.AbstractEventLoop,
    pools: dict[asyncio.AbstractEventLoop, ConnectionPool],
    lifetimes: dict[asyncio.AbstractEventLoop, AsyncGenerator[None, None]],
) -> AsyncGenerator[None, None]:
    """Closes a pool at its end, which comes with its event loop's at the latest.

    asyncio.run() closes the async generators that are still open before it closes its loop;
    and a generator that is collected while its loop runs is closed there, too.
    """
    try:
        yield
    finally:
        pools.pop(loop, None)
        lifetimes.pop(loop, None)
        await pool.close()


async def _end(lifetime: AsyncGenerator[None, None]) -> None:
    await lifetime.aclose()


def closed_error() -> UsageError:
    """What a call on a closed client raises."""
    return UsageError(
        "This client is closed. Make a new one, or close it only when everything is done."
    )
