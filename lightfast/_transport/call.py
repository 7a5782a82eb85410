"""One call: its deadline, its attempts, and the waits between them.

The first attempt is made here; tenacity is entered only when that has failed. Entered for
every call, it costs 25 to 40 µs, a quarter of the whole.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from lightfast._auth import Credential
from lightfast._config import ClientConfig
from lightfast._retry import OnRetry, should_retry
from lightfast._threads import ThreadLimitError, in_daemon_thread
from lightfast._transport.retrying import retrying
from lightfast._wire.requests import HttpRequest
from lightfast._wire.responses import HttpResponse, Read, error_from
from lightfast.exceptions import (
    APIError,
    Attempt,
    AuthenticationError,
    LightfastError,
    RequestTimeoutError,
    UsageError,
)

if TYPE_CHECKING:
    from lightfast._transport.pool import ConnectionPool

_T = TypeVar("_T")

_log = logging.getLogger("lightfast")

LARGE_BODY = 1 << 18
"""Bytes from which on a body is decoded on another thread: it takes 10 to 300 ms a mebibyte."""


class Call:
    """One call under way: the one place that knows its history and its time.

    Attributes:
        history: What each attempt met, oldest first.
    """

    __slots__ = (
        "_config",
        "_deadline",
        "_now",
        "_pool",
        "_renewed",
        "_request",
        "_started",
        "history",
    )  # fmt: skip

    def __init__(
        self,
        pool: ConnectionPool,
        request: HttpRequest,
        config: ClientConfig,
        now: Callable[[], float],
    ) -> None:
        self._pool = pool
        self._request = request
        self._config = config
        self._now = now
        self._started = now()
        self._deadline = math.inf if config.timeout is None else self._started + config.timeout
        self._renewed = False
        self.history: list[Attempt] = []

    async def run(self, read: Read[_T], on_retry: OnRetry | None) -> _T:
        """Return the answer, after one attempt or several."""
        self._config.budget.deposit()
        try:
            return await self._attempt(read)
        except LightfastError as error:
            if not should_retry(error):
                raise
            failure = error
        return await self._retry(failure, read, on_retry)

    async def _retry(self, failure: LightfastError, read: Read[_T], on_retry: OnRetry | None) -> _T:
        """Make the attempts after the first, which tenacity is told of as if it had made it."""
        first = [failure]

        async def attempt() -> _T:
            if first:
                raise first.pop()
            return await self._attempt(read)

        def before_sleep(error: LightfastError, delay: float) -> None:
            self._note_delay(error, delay)
            error.history = tuple(self.history)
            for hook in (on_retry, self._config.on_retry):
                if hook is not None:
                    hook(error, delay)

        again = retrying(
            self._config.retry,
            self._config.budget,
            remaining=self._remaining,
            before_sleep=before_sleep,
            sleep=asyncio.sleep,
        )
        answer: _T = await again(attempt)
        return answer

    async def _attempt(self, read: Read[_T]) -> _T:
        """Make one attempt; a second at once with a new credential, if there can be one."""
        auth = self._config.auth
        credential = auth.current
        if credential is None:
            credential = await self._in_time(auth.obtain())
        try:
            return await self._once(credential, read)
        except AuthenticationError:
            if not auth.from_provider or self._renewed:
                raise
        self._renewed = True
        return await self._once(await self._in_time(auth.obtain(refused=credential)), read)

    async def _once(self, credential: Credential, read: Read[_T]) -> _T:
        """Send once and decode the response."""
        if not self._pool.slots.take():
            await self._wait_for_slot()
        begun = self._now()
        try:
            response = await self._pool.exchange(
                self._request, credential, self._attempt_ends(begun)
            )
            error = error_from(response)
            if error is None:
                if len(response.body) < LARGE_BODY:
                    return self._decode(response, read)
                return await self._in_time(self._decode_aside(response, read))
            problem: LightfastError = error
        except LightfastError as error:
            problem = error
        except TimeoutError:
            problem = self._timed_out()
        finally:
            self._pool.slots.release()
        if self._pool.closed:
            problem = UsageError("This client was closed while a call was under way.")
        self._record(problem, begun)
        raise problem

    def _decode(self, response: HttpResponse, read: Read[_T]) -> _T:
        return read(response, len(self.history) + 1, self._now() - self._started)

    async def _decode_aside(self, response: HttpResponse, read: Read[_T]) -> _T:
        """Decode on another thread, so that neither the event loop nor the deadline waits for it."""
        try:
            return await in_daemon_thread(lambda: self._decode(response, read))
        except ThreadLimitError:
            return self._decode(response, read)

    async def _wait_for_slot(self) -> None:
        try:
            with self._pool.deadlines.until(self._deadline):
                await self._pool.slots.wait()
                return
        except TimeoutError:
            most = self._config.connection.max_connections
        raise RequestTimeoutError(
            f"Not sent within the {self._config.timeout:g} s of `timeout`: all {most} connections "
            f"of `max_connections` were busy with other calls. Raise either."
        )

    async def _in_time(self, waiting: Coroutine[Any, Any, _T]) -> _T:
        """Await something within the call's deadline."""
        try:
            with self._pool.deadlines.until(self._deadline):
                return await waiting
        except TimeoutError:
            pass
        raise self._timed_out()

    def _remaining(self) -> float:
        """Return the seconds left of the whole call."""
        return self._deadline - self._now()

    def _attempt_ends(self, begun: float) -> float:
        """Return when an attempt that begins now must have ended, on the loop's clock."""
        limit = self._config.attempt_timeout
        return self._deadline if limit is None else min(self._deadline, begun + limit)

    def _timed_out(self) -> RequestTimeoutError:
        config, advice = self._config, self._request.advice
        either = f"raise it, or {advice}" if advice else "raise it"
        if self._remaining() > 0:
            return RequestTimeoutError(
                f"{config.host} did not answer within the {config.attempt_timeout:g} s of "
                f"`attempt_timeout`; {either}."
            )
        return RequestTimeoutError(
            f"No answer from {config.host} within the {config.timeout:g} s of `timeout`; {either}."
        )

    def _record(self, error: LightfastError, begun: float) -> None:
        status = getattr(error, "status", None)
        code = error.code if isinstance(error, APIError) else None
        outcome = f"{status} {code}" if code else str(status or error.message.rstrip("."))
        self.history.append(Attempt(outcome=outcome, status=status, elapsed=self._now() - begun))

    def _note_delay(self, error: LightfastError, delay: float) -> None:
        last = self.history[-1]
        self.history[-1] = Attempt(
            outcome=last.outcome, status=last.status, elapsed=last.elapsed, delay=delay
        )
        _log.warning(
            "attempt %d: %s; trying again in %.2f s (request id: %s)",
            len(self.history), last.outcome, delay, error.request_id or "none",
        )  # fmt: skip
