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
from lightfast._retry import OnRetry, retrying, should_retry
from lightfast._transport.buffer import ResponseBuffer
from lightfast._wire.requests import HttpRequest
from lightfast._wire.responses import HttpResponse, error_from
from lightfast.exceptions import (
    APIError,
    Attempt,
    AuthenticationError,
    LightfastError,
    RequestTimeoutError,
    ResponseError,
    UsageError,
)

if TYPE_CHECKING:
    from lightfast._transport.pool import ConnectionPool

_T = TypeVar("_T")

_log = logging.getLogger("lightfast")


class Call:
    """One call under way: what it has met, and how long it may still take."""

    __slots__ = (
        "_config",
        "_deadline",
        "_now",
        "_pool",
        "_renewed",
        "_request",
        "_started",
        "_timeout",
        "history",
    )  # fmt: skip

    def __init__(
        self,
        pool: ConnectionPool,
        request: HttpRequest,
        config: ClientConfig,
        timeout: float | None,
        now: Callable[[], float],
    ) -> None:
        self._pool = pool
        self._request = request
        self._config = config
        self._timeout = timeout
        self._now = now
        self._started = now()
        self._deadline = math.inf if timeout is None else self._started + timeout
        self._renewed = False
        self.history: list[Attempt] = []

    def remaining(self) -> float:
        """Seconds left of the whole call."""
        return self._deadline - self._now()

    async def run(self, on_retry: OnRetry | None) -> HttpResponse:
        """The answer, after one attempt or several."""
        self._config.budget.deposit()
        try:
            response = await self._attempt()
        except LightfastError as error:
            if not should_retry(error):
                raise
            failure = error
        else:
            return response
        return await self._again(failure, on_retry)

    async def _again(self, failure: LightfastError, on_retry: OnRetry | None) -> HttpResponse:
        """The attempts after the first, which tenacity is told of as if it had made it."""
        first = [failure]

        async def attempt() -> HttpResponse:
            if first:
                raise first.pop()
            return await self._attempt()

        def before_sleep(error: LightfastError, delay: float) -> None:
            self._note_delay(error, delay)
            if on_retry is not None:
                on_retry(error, delay)

        again = retrying(
            self._config.retry,
            self._config.budget,
            remaining=self.remaining,
            before_sleep=before_sleep,
            sleep=asyncio.sleep,
        )
        response: HttpResponse = await again(attempt)
        return response

    async def _attempt(self) -> HttpResponse:
        """One attempt; a second one at once with a new credential, if there can be one."""
        auth = self._config.auth
        credential = auth.current
        if credential is None:
            credential = await self._in_time(auth.obtain())
        try:
            return await self._once(credential)
        except AuthenticationError:
            if not auth.from_provider or self._renewed:
                raise
        self._renewed = True
        return await self._once(await self._in_time(auth.obtain(refused=credential)))

    async def _once(self, credential: Credential) -> HttpResponse:
        slots = self._pool.slots
        if slots.locked():
            await self._in_time(slots.acquire())
        else:
            await slots.acquire()
        begun = self._now()
        reply = ResponseBuffer()
        problem: LightfastError | None = None
        try:
            with self._pool.watch.until(self._attempt_ends(begun)):
                await self._pool.exchange(self._request, credential, reply)
        except TimeoutError:  # the timer's: the pool raises none but ours
            problem = self._too_late()
        except LightfastError as error:
            problem = error
        finally:
            slots.release()
        return self._conclude(reply, problem, credential, begun)

    def _conclude(
        self,
        reply: ResponseBuffer,
        problem: LightfastError | None,
        credential: Credential,
        begun: float,
    ) -> HttpResponse:
        """The answer, if what came is one; raised where no foreign error is being handled."""
        if problem is None or reply.status >= 300:  # such a status is enough to go by
            try:
                response: HttpResponse = reply.response(
                    self._config.connection.max_response_bytes,
                    credential.secret,
                    tuple(self.history),
                    self._now() - self._started,
                )
                problem = error_from(response)
            except ResponseError as error:
                problem = error
        if problem is None:
            return response
        if self._pool.closed:
            problem = UsageError("This client was closed while a call was under way.")
        self._record(problem, begun)
        raise problem

    async def _in_time(self, waiting: Coroutine[Any, Any, _T]) -> _T:
        """What is waited for, within the call's deadline."""
        try:
            with self._pool.watch.until(self._deadline):
                return await waiting
        except TimeoutError:
            pass
        raise self._too_late()

    def _attempt_ends(self, begun: float) -> float:
        """When an attempt that begins now must have ended, on the loop's clock."""
        limit = self._config.attempt_timeout
        return self._deadline if limit is None else min(self._deadline, begun + limit)

    def _too_late(self) -> RequestTimeoutError:
        host = self._config.host
        if self.remaining() > 0:
            return RequestTimeoutError(
                f"{host} did not answer within the {self._config.attempt_timeout:g} s of "
                "`attempt_timeout`; raise it, or use mode='fast'."
            )
        return RequestTimeoutError(
            f"No answer from {host} within the {self._timeout:g} s of `timeout`; raise it, or "
            "use mode='fast'."
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
