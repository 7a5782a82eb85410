"""Transport: sends requests from any event loop of any thread, over a pool for each loop."""

from __future__ import annotations

import asyncio
import logging
import warnings
from typing import TYPE_CHECKING, TypeVar

from lightfast import _fork
from lightfast._config import ClientConfig, ConnectionConfig
from lightfast._retry import OnRetry
from lightfast._transport.lifetime import Lifetime, sweep
from lightfast._transport.telemetry import is_observed
from lightfast._transport.trust import Trust
from lightfast._wire.requests import HttpRequest
from lightfast._wire.responses import Answer, Read
from lightfast.exceptions import LightfastError, UsageError

if TYPE_CHECKING:
    from lightfast._transport.call import Call

_AnswerT = TypeVar("_AnswerT", bound=Answer)

_log = logging.getLogger("lightfast")
_log.addHandler(logging.NullHandler())  # silent until the application says otherwise


class Transport:
    """Transport that sends requests from any event loop of any thread.

    Args:
        config: What connections are made with.
        made_at: Where the client was made, for the warning when it is not closed.

    Attributes:
        closed: Whether it was closed.
    """

    def __init__(self, config: ConnectionConfig, *, made_at: str = "") -> None:
        self._config = config
        self._made_at = made_at
        self._trust = Trust(config.ssl)
        self._pools: dict[asyncio.AbstractEventLoop, Lifetime] = {}
        self._call: type[Call]
        self._used = False
        self.closed = False
        _fork.register(self)

    async def send(
        self,
        request: HttpRequest,
        config: ClientConfig,
        read: Read[_AnswerT],
        on_retry: OnRetry | None = None,
    ) -> _AnswerT:
        """Send a request, as often as it takes and is allowed, and decode the response.

        Args:
            request: What to send.
            config: As whom, how often, and how long.
            read: Decodes the response.
            on_retry: Called before each wait.

        Raises:
            LightfastError: There is no good answer; `history` tells what each attempt met.
        """
        _fork.check()
        loop = running_loop()
        lifetime = self._pools.get(loop) or await self._open(loop)
        kind = _traced_call() if is_observed() else self._call
        call = kind(lifetime.pool, request, config, loop.time)
        try:
            answer = await call.run(read, on_retry)
        except LightfastError as error:
            error.history = tuple(call.history)
            # What was being handled when it was raised may hold the key (aiohttp's errors print
            # it) or the whole body (orjson's do). A cause is there only where it is the user's own.
            error.__context__ = None
            _log.debug(
                "%s %s failed with %s, attempts: %d (request id: %s)",
                request.method, request.url, type(error).__name__, error.attempts, error.request_id or "none",
            )  # fmt: skip
            raise
        if _log.isEnabledFor(logging.DEBUG):
            _log_answer(request, answer)
        if config.on_response is not None:
            config.on_response(answer)  # type: ignore[arg-type]  # there are no other answers
        return answer

    async def _open(self, loop: asyncio.AbstractEventLoop) -> Lifetime:
        """Open a pool for the running loop, which ends with it."""
        if self.closed:
            raise closed_error()
        # Here, not on top: 220 ms that only the first call has to pay. What a failing call
        # needs comes along: at its time, files may be gone or descriptors spent.
        from lightfast._transport.call import Call
        from lightfast._transport.pool import ConnectionPool

        sweep()
        self._call = Call
        lifetime = Lifetime(ConnectionPool(self._config, self._trust), self._pools)
        await lifetime.begin()
        self._used = True
        return lifetime

    async def aclose(self) -> None:
        """Close all connections, also those of other event loops."""
        here = running_loop()
        _fork.check()
        self.closed = True
        for loop, lifetime in list(self._pools.items()):
            if loop is here:
                await lifetime.end()
            elif loop.is_running():
                ending = asyncio.run_coroutine_threadsafe(lifetime.end(), loop)
                await asyncio.wait([asyncio.wrap_future(ending)], timeout=1.0)
            else:
                lifetime.dismiss()

    def forget(self) -> None:
        """Start afresh in a forked child."""
        for lifetime in self._pools.values():
            lifetime.forget()
        _fork.keep(self._pools)
        self._pools = {}
        self._used = False

    def __del__(self) -> None:
        if not self._used or self.closed:
            return
        for lifetime in list(self._pools.values()):
            lifetime.dismiss()
        warnings.warn(
            f"A lightfast client was not closed; it was made at {self._made_at}. "
            "Use `with`, or call its close() or aclose().",
            ResourceWarning,
            source=self,
            stacklevel=2,
        )


def running_loop() -> asyncio.AbstractEventLoop:
    """Return the running event loop.

    Raises:
        UsageError: There is none.
    """
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        problem = UsageError(
            "AsyncLightfast needs asyncio, which is not running here. Call it from a coroutine "
            "that asyncio runs; in trio, use Lightfast in trio.to_thread.run_sync()."
        )
    raise problem


def closed_error() -> UsageError:
    """Return what a call on a closed client raises."""
    return UsageError(
        "This client is closed. Make a new one, or close it only when everything is done."
    )


def _traced_call() -> type[Call]:
    from lightfast._transport.traced_call import TracedCall  # OpenTelemetry may not be there

    return TracedCall


def _log_answer(request: HttpRequest, answer: Answer) -> None:
    info = answer.http
    if info is not None:
        _log.debug(
            "%s %s: %d in %.3f s, attempts: %d (request id: %s)",
            request.method, request.url, info.status, info.elapsed, info.attempts, answer.request_id or "none",
        )  # fmt: skip
