"""One call: its deadline, its attempts, and the waits between them.

A `Transport` owns a `Session` for each event loop that uses it. `send` makes the first
attempt by itself and enters tenacity only when that has failed: entered for every call, it
costs 25 to 40 µs, a third of the whole.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

from lightfast._auth import Credential
from lightfast._config import ClientConfig, ConnectionConfig
from lightfast._protocol import HttpRequest, HttpResponse, error_from
from lightfast._retry import retrying, should_retry
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
    from lightfast._http import Session

_T = TypeVar("_T")

OnRetry = Callable[[LightfastError, float], None]
"""Told the error and the wait, before each wait."""

_log = logging.getLogger("lightfast")
_log.addHandler(logging.NullHandler())  # silent until the application says otherwise


class Transport:
    """Sends requests from any event loop of any thread.

    Args:
        config: What connections are made with.
        made_at: Where the client was made, for the warning when nobody closes it.
        sleep: Waits between attempts, for tests.
    """

    def __init__(
        self,
        config: ConnectionConfig,
        *,
        made_at: str = "",
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._config = config
        self._made_at = made_at
        self._sleep = sleep
        self._sessions: dict[asyncio.AbstractEventLoop, Session] = {}
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
        session = self._sessions.get(loop) or await self._open(loop)
        call = _Call(self, session, request, config, timeout, loop.time)
        try:
            return await call.run(self._sleep, on_retry)
        except LightfastError as error:
            error.history = tuple(call.history)
            _log.debug(
                "POST %s failed with %s, attempts: %d (request id: %s)",
                request.url, type(error).__name__, error.attempts, error.request_id or "none",
            )  # fmt: skip
            raise

    async def _open(self, loop: asyncio.AbstractEventLoop) -> Session:
        """A session for the running loop, which ends with it."""
        if self.closed:
            raise closed_error()
        # Here, not on top: 190 ms that only the first call has to pay.
        from lightfast._http import Session

        for other in [other for other in self._sessions if other.is_closed()]:
            self._sessions.pop(other).abandon()
            del self._lifetimes[other]
        session = Session(self._config)
        lifetime = _lifetime(session, loop, self._sessions, self._lifetimes)
        await anext(lifetime)
        self._used = True
        self._sessions[loop] = session
        self._lifetimes[loop] = lifetime
        return session

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
                self._sessions.pop(loop).abandon()
        # A loop that stands still but may run again closes what it holds by itself then:
        # the generator is collected.
        self._sessions.clear()
        self._lifetimes.clear()

    def forget(self) -> None:
        """Start afresh in a forked child.

        The inherited objects are kept and never touched again: closing one of them would
        take sockets out of the selector that the child shares with its parent.
        """
        _inherited.append((self._sessions, self._lifetimes))
        self._sessions, self._lifetimes = {}, {}
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
    session: Session,
    loop: asyncio.AbstractEventLoop,
    sessions: dict[asyncio.AbstractEventLoop, Session],
    lifetimes: dict[asyncio.AbstractEventLoop, AsyncGenerator[None, None]],
) -> AsyncGenerator[None, None]:
    """Closes a session at its end, which comes with its event loop's at the latest.

    asyncio.run() closes the async generators that are still open before it closes its loop;
    and a generator that is collected while its loop runs is closed there, too.
    """
    try:
        yield
    finally:
        sessions.pop(loop, None)
        lifetimes.pop(loop, None)
        await session.close()


async def _end(lifetime: AsyncGenerator[None, None]) -> None:
    await lifetime.aclose()


def closed_error() -> UsageError:
    """What a call on a closed client raises."""
    return UsageError(
        "This client is closed. Make a new one, or close it only when everything is done."
    )


class _Call:
    """One call under way: what it has met, and how long it may still take."""

    __slots__ = (
        "_config", "_deadline", "_now", "_renewed", "_request", "_session", "_started",
        "_timeout", "_transport", "history",
    )  # fmt: skip

    def __init__(
        self,
        transport: Transport,
        session: Session,
        request: HttpRequest,
        config: ClientConfig,
        timeout: float | None,
        now: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._session = session
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

    async def run(
        self, sleep: Callable[[float], Awaitable[None]], on_retry: OnRetry | None
    ) -> HttpResponse:
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
        return await self._again(failure, sleep, on_retry)

    async def _again(
        self,
        failure: LightfastError,
        sleep: Callable[[float], Awaitable[None]],
        on_retry: OnRetry | None,
    ) -> HttpResponse:
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
            sleep=sleep,
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
        from lightfast._http import Reply  # loaded with the session: this is a look-up

        slots = self._session.slots
        if slots.locked():
            await self._in_time(slots.acquire())
        else:
            await slots.acquire()
        begun = self._now()
        reply = Reply()
        problem: LightfastError | None = None
        try:
            with self._session.watch.until(self._attempt_ends(begun)):
                await self._session.exchange(self._request, credential, reply)
        except TimeoutError:  # the timer's: the session raises none but ours
            problem = self._too_late()
        except LightfastError as error:
            problem = error
        finally:
            slots.release()
        return self._conclude(reply, problem, credential, begun)

    def _conclude(
        self, reply: Any, problem: LightfastError | None, credential: Credential, begun: float
    ) -> HttpResponse:
        """The answer, if what came is one; raised where no foreign error is being handled."""
        if problem is None or reply.status >= 400:  # an error's status is enough to go by
            try:
                response: HttpResponse = reply.response(
                    self._config.connection.max_response_bytes,
                    credential.secret,
                    len(self.history) + 1,
                    self._now() - self._started,
                )
                problem = error_from(response)
            except ResponseError as error:
                problem = error
        if problem is None:
            return response
        if self._transport.closed:
            problem = UsageError("This client was closed while a call was under way.")
        self._record(problem, begun)
        raise problem

    async def _in_time(self, waiting: Coroutine[Any, Any, _T]) -> _T:
        """What is waited for, within the call's deadline."""
        try:
            with self._session.watch.until(self._deadline):
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
