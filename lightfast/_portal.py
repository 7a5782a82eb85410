"""The private event loop on which blocking calls run.

One daemon thread runs one loop. A caller hands it a coroutine and sleeps on a lock until
the coroutine itself releases it: half the CPU of `run_coroutine_threadsafe(…).result()`,
which goes through two futures and a condition variable.

*Several threads* share one loop. *A thread that runs a loop of its own* (Jupyter) may call,
too; the loop's own thread may not, because it would wait for itself. *Ctrl-C* ends the sleep,
cancels the coroutine and waits until it has wound up, so that the connections stay whole.
*A forked child* has no such thread: it starts another at its first call. *At exit* the thread
is stopped, and as a daemon it could not keep the process alive in any case.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import threading
from _thread import allocate_lock
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Coroutine,
    Iterable,
    Iterator,
)
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from lightfast._threads import in_daemon_thread
from lightfast.exceptions import UsageError

_T = TypeVar("_T")

# Seconds after which a sleeping caller looks up. Another thread may have been handed the
# signal of a Ctrl-C, and nothing wakes the lock then; on Windows, nothing ever does.
_POLL_INTERVAL = 0.25
_CANCEL_GRACE = 5.0  # seconds that a cancelled call is given to put its connection in order


class _Job(Generic[_T]):
    """One call, handed over: the coroutine goes in, a value or an error comes out."""

    __slots__ = ("_coroutine", "error", "lock", "task", "value")

    def __init__(self, coroutine: Coroutine[Any, Any, _T]) -> None:
        self._coroutine = coroutine
        self.lock = allocate_lock()
        self.lock.acquire()
        self.task: asyncio.Task[None] | None = None
        self.value: _T | None = None
        self.error: BaseException | None = None

    def start(self) -> None:
        """Begin, on the loop's thread."""
        self.task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            self.value = await self._coroutine
        except BaseException as error:  # noqa: BLE001  # raised again on the caller's thread
            self.error = error
        finally:
            self.lock.release()

    def failure(self) -> BaseException:
        """The error, given away: its traceback will hold the frame that holds this hand."""
        error, self.error = self.error, None
        if isinstance(error, asyncio.CancelledError):
            return _stopped()
        return error  # type: ignore[return-value]  # asked for only when there is one

    def cancel(self) -> None:
        """Cancel, on the loop's thread."""
        if self.task is None:
            self.abandon()
        else:
            # Not at once: a task that is cancelled before its first step takes none, and then
            # nothing would release the lock.
            asyncio.get_running_loop().call_soon(self.task.cancel)

    def abandon(self) -> None:
        """Let the caller go: it was not begun, and will not be."""
        self.error = asyncio.CancelledError()
        self._coroutine.close()
        self.lock.release()


class Portal:
    """Runs coroutines for threads that cannot await. It starts with its first use."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._waiting: set[_Job[Any]] = set()
        _portals.add(self)

    @property
    def running(self) -> bool:
        """Whether the loop was started and has not ended."""
        return self._loop is not None and not self._loop.is_closed()

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """What a coroutine returns or raises.

        Raises:
            UsageError: Called on the private loop's own thread, or the loop was stopped
                meanwhile.
        """
        try:
            loop = self._loop or self._start()
            if self._thread is threading.current_thread():
                raise UsageError(
                    "A blocking call on the client's own event loop would wait for itself. "
                    "Await AsyncLightfast there instead."
                )
            hand = _Job(coroutine)
        except BaseException:
            coroutine.close()
            raise
        try:
            self._waiting.add(hand)
            try:
                # The coroutine sees the caller's context variables: this copies the context.
                loop.call_soon_threadsafe(hand.start)
            except RuntimeError:  # the loop is closed
                hand.abandon()
            while not hand.lock.acquire(timeout=_POLL_INTERVAL):
                pass
        except BaseException:  # KeyboardInterrupt, or whatever a signal handler raises
            self._cancel(loop, hand)
            raise
        finally:
            self._waiting.discard(hand)
        if hand.error is None:
            return hand.value  # type: ignore[return-value]  # set when there is no error
        raise hand.failure()

    def iterate(self, items: AsyncIterator[_T]) -> Iterator[_T]:
        """The items of an asynchronous iterator, each awaited when it is asked for."""
        end: Any = object()
        try:
            while (item := self.run(_next(items, end))) is not end:
                yield item
        finally:
            # What is left open when the loop has stopped was closed with it.
            with contextlib.suppress(UsageError):
                self.run(_close(items))

    def stop(self, timeout: float | None = None) -> None:
        """Stop the loop; what still runs on it is cancelled.

        Args:
            timeout: Seconds to wait until it has; None does not wait.
        """
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        with contextlib.suppress(RuntimeError):  # it has stopped already
            loop.call_soon_threadsafe(loop.stop)
        if timeout is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def forget(self) -> None:
        """Start afresh in a forked child, where the thread does not exist."""
        _inherited.append((self._loop, self._thread))
        self._loop = self._thread = None
        self._waiting = set()
        self._starting = threading.Lock()

    def __del__(self) -> None:
        self.stop()

    def _start(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                loop = _new_loop()
                self._thread = threading.Thread(
                    target=_serve, args=(loop, self._waiting), name="lightfast", daemon=True
                )
                try:
                    self._thread.start()
                    self._loop = loop
                except RuntimeError:  # the interpreter is shutting down
                    loop.close()
                    raise _stopped() from None
                except BaseException:  # Ctrl-C: the thread runs all the same
                    loop.call_soon_threadsafe(loop.stop)
                    raise
            return self._loop

    def _cancel(self, loop: asyncio.AbstractEventLoop, hand: _Job[Any]) -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(hand.cancel)
        hand.lock.acquire(timeout=_CANCEL_GRACE)


def _new_loop() -> asyncio.AbstractEventLoop:
    """One of uvloop's where that is installed (the extra `speedups`), else one of asyncio's."""
    try:
        import uvloop
    except (ImportError, RuntimeError):  # RuntimeError: first imported at the interpreter's exit
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def _stopped() -> UsageError:
    return UsageError(
        "This client is closed, or the interpreter is shutting down. Make a new client, or "
        "close it only when everything is done."
    )


def _serve(loop: asyncio.AbstractEventLoop, waiting: set[_Job[Any]]) -> None:
    """Run a loop until it is stopped, then end what it holds, as asyncio.run() would."""
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(_cancel_all())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        asyncio.set_event_loop(None)
        # uvloop's own look-ups may still come back to a closed loop: nobody is to hear of it.
        loop.set_exception_handler(lambda *_: None)
        loop.close()
        for hand in list(waiting):
            if hand.task is None:  # handed over too late to be begun
                hand.abandon()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _next(items: AsyncIterator[_T], end: _T) -> _T:
    return await anext(items, end)


async def _close(items: AsyncIterator[Any]) -> None:
    if isinstance(items, AsyncGenerator):
        await items.aclose()


def iterate_in_thread(items: Iterable[_T] | AsyncIterable[_T]) -> Iterable[_T] | AsyncIterable[_T]:
    """A caller's iterable, made safe to be pulled from on the private loop.

    A list cannot block. A generator may: it may read a file, or call the client itself,
    and is therefore pulled from on a thread of its own.
    """
    if isinstance(items, AsyncIterable | list | tuple | str) or not isinstance(items, Iterable):
        return items
    return _pull(iter(items))


async def _pull(items: Iterator[_T]) -> AsyncIterator[_T]:
    end: Any = object()
    while (item := await in_daemon_thread(lambda: next(items, end))) is not end:
        yield item


_portals: WeakSet[Portal] = WeakSet()
_inherited: list[object] = []


def _forget_all() -> None:
    for portal in list(_portals):
        portal.forget()


@atexit.register
def _stop_all() -> None:
    for portal in list(_portals):
        portal.stop(timeout=1.0)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
