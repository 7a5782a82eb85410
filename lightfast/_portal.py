"""Portal: the private event loop on which blocking calls run.

One daemon thread runs one loop. A caller hands it a coroutine and sleeps on a lock until
the coroutine itself releases it: half the CPU of `run_coroutine_threadsafe(…).result()`,
which goes through two futures and a condition variable.

*Several threads* share one loop. *A thread that runs a loop of its own* (Jupyter) may call,
too; the loop's own thread may not, because it would wait for itself. *Ctrl-C* ends the sleep,
cancels the coroutine and waits until it has wound up, so that the connections stay whole.
*A forked child* has no such thread: it starts another at its first call. *At exit* the thread
is stopped, and as a daemon it could not keep the process alive in any case. *An iterator that is
collected half-read* is closed by the loop, and not waited for: the garbage collector may run
while its thread holds a lock that the loop's thread needs.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import sys
import threading
import time
from _thread import allocate_lock
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from typing import Any, Generic, TypeVar

from lightfast import _fork
from lightfast._event_loop import new_loop
from lightfast._threads import ThreadLimitError
from lightfast.exceptions import LightfastError, NetworkError, UsageError

_T = TypeVar("_T")

# Seconds after which a sleeping caller looks up. Another thread may have been handed the
# signal of a Ctrl-C, and nothing wakes the lock then; on Windows, nothing ever does.
# A longer sleep saves nothing: waking up takes 2 µs.
_POLL_INTERVAL = 0.25
_EXIT_GRACE = 5.0  # seconds within which the interpreter has exited, unless somebody waits
_CANCEL_GRACE = 5.0  # seconds that a cancelled call is given to put its connection in order


class _Job(Generic[_T]):
    """One call handed over: the coroutine goes in, a value or an error comes out."""

    __slots__ = ("_coroutine", "error", "lock", "task", "value")

    def __init__(self, coroutine: Coroutine[Any, Any, _T]) -> None:
        self._coroutine = coroutine
        self.lock = allocate_lock()
        self.lock.acquire()  # released when the coroutine has ended: the caller sleeps on it
        self.task: asyncio.Task[None] | None = None
        self.value: _T | None = None
        self.error: BaseException | None = None

    def start(self) -> None:
        """Start the coroutine, on the loop's thread."""
        self.task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            self.value = await self._coroutine
        except BaseException as error:  # noqa: BLE001  # raised again on the caller's thread
            self.error = error
        finally:
            self.lock.release()

    def failure(self) -> BaseException:
        """Give the error away: its traceback will hold the frame that holds this job."""
        error, self.error = self.error, None
        if isinstance(error, asyncio.CancelledError):
            return _stopped()
        return error  # type: ignore[return-value]  # asked for only when there is one

    def cancel(self) -> None:
        """Cancel the coroutine, on the loop's thread."""
        if self.task is None:
            self.abandon()
        else:
            # Not at once: a task that is cancelled before its first step takes none, and then
            # nothing would release the lock.
            asyncio.get_running_loop().call_soon(self.task.cancel)

    def abandon(self) -> None:
        """Release the caller: the coroutine was not started, and will not be."""
        self.error = asyncio.CancelledError()
        self._coroutine.close()
        self.lock.release()


class Portal:
    """Portal that runs coroutines for threads that cannot await. It starts with its first use."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping = asyncio.Event()
        self._starting = threading.Lock()
        self._waiting: set[_Job[Any]] = set()
        _fork.register(self)

    @property
    def running(self) -> bool:
        """True while the loop exists: it was started and has not ended."""
        return self._loop is not None and not self._loop.is_closed()

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine on the private loop, and return what it returns.

        Raises:
            UsageError: Called on the private loop's own thread, or the loop was stopped
                while the coroutine was under way.
            NetworkError: The loop cannot be started for want of threads or files.
            BaseException: Whatever the coroutine raises.
        """
        try:
            _fork.check()
            loop = self._loop or self._start()
            if self._thread is threading.current_thread():
                raise UsageError(
                    "A blocking call on the client's own event loop would wait for itself. "
                    "Await AsyncLightfast there instead."
                )
            job = _Job(coroutine)
        except BaseException:
            coroutine.close()
            raise
        try:
            self._waiting.add(job)
            try:
                # The coroutine sees the caller's context variables: this copies the context.
                loop.call_soon_threadsafe(job.start)
            except RuntimeError:  # the loop is closed
                job.abandon()
            while not job.lock.acquire(timeout=_POLL_INTERVAL):
                pass
        except BaseException:  # KeyboardInterrupt, or whatever a signal handler raises
            self._cancel(loop, job)
            raise
        finally:
            self._waiting.discard(job)
        if job.error is None:
            return job.value  # type: ignore[return-value]  # set when there is no error
        if _exiting.is_set() and threading.current_thread().daemon:
            # Frozen in it, as in every blocking call: an error would be printed.
            time.sleep(_EXIT_GRACE)
        raise job.failure()

    def iterate(self, items: AsyncIterator[_T]) -> Iterator[_T]:
        """Yield the items of an asynchronous iterator, each awaited when it is asked for."""
        end: Any = object()
        try:
            while (item := self.run(_next(items, end))) is not end:
                yield item
        finally:
            loop = self._loop
            if loop is not None:
                with contextlib.suppress(RuntimeError):  # closed, and the iterator with it
                    loop.call_soon_threadsafe(_close_soon, items)

    def stop(self, timeout: float | None = None) -> None:
        """Stop the loop, and cancel what still runs on it.

        Args:
            timeout: Seconds to wait until it has stopped; None does not wait.
        """
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        _stop(loop, self._stopping)
        if timeout is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def forget(self) -> None:
        """Start afresh in a forked child, where the thread does not exist."""
        _fork.keep(self._loop, self._thread)
        if self._thread is not None:
            _serving.pop(self._thread, None)
        self._loop = self._thread = None
        self._stopping = asyncio.Event()
        self._waiting = set()
        self._starting = threading.Lock()

    def __del__(self) -> None:
        self.stop()

    def _start(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                loop = new_loop()
                self._thread = threading.Thread(
                    target=_serve,
                    args=(loop, self._stopping, self._waiting),
                    name="lightfast",
                    daemon=True,
                )
                try:
                    self._thread.start()
                    self._loop = loop
                except RuntimeError as error:
                    loop.close()
                    raise _not_started(error) from None
                except BaseException:  # Ctrl-C: the thread runs all the same
                    _stop(loop, self._stopping)
                    self._stopping = asyncio.Event()  # for the thread that the next call starts
                    raise
            return self._loop

    def _cancel(self, loop: asyncio.AbstractEventLoop, job: _Job[Any]) -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(job.cancel)
        job.lock.acquire(timeout=_CANCEL_GRACE)


def _not_started(error: RuntimeError) -> LightfastError:
    """Return what is wrong when a thread cannot be started."""
    if "shutdown" in str(error) or sys.is_finalizing():  # Python 3.12 and later
        return _stopped()
    return NetworkError(f"Blocking calls need a thread. {ThreadLimitError()}")


def _stopped() -> UsageError:
    return UsageError(
        "This client is closed, or the interpreter is shutting down. Make a new client, or "
        "close it only when everything is done."
    )


_exiting = threading.Event()
_serving: dict[threading.Thread, tuple[asyncio.AbstractEventLoop, asyncio.Event]] = {}


def _stop(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    """Have a loop stopped, from any thread, once or several times: it winds up what it holds first.

    `loop.stop()` would do so once only: a second one, at the interpreter's exit, ends the winding up.
    """
    with contextlib.suppress(RuntimeError):  # it has stopped already
        loop.call_soon_threadsafe(stopping.set)


def _serve(
    loop: asyncio.AbstractEventLoop, stopping: asyncio.Event, waiting: set[_Job[Any]]
) -> None:
    """Run a loop until it is stopped, then end what it holds, as asyncio.run() would."""
    thread = threading.current_thread()
    _serving[thread] = loop, stopping
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(_run_until(stopping))
    finally:
        asyncio.set_event_loop(None)
        # uvloop's own look-ups may still come back to a closed loop, and are not worth a message.
        loop.set_exception_handler(lambda *_: None)
        loop.close()
        for job in list(waiting):
            if job.task is None:  # handed over too late to be started
                job.abandon()
        _serving.pop(thread, None)


async def _run_until(stopping: asyncio.Event) -> None:
    await stopping.wait()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


async def _next(items: AsyncIterator[_T], end: _T) -> _T:
    return await anext(items, end)


_closing: set[asyncio.Task[None]] = set()


def _close_soon(items: AsyncIterator[Any]) -> None:
    if isinstance(items, AsyncGenerator):
        task = asyncio.get_running_loop().create_task(_close(items))
        _closing.add(task)
        task.add_done_callback(_closing.discard)


async def _close(items: AsyncGenerator[Any, None]) -> None:
    with contextlib.suppress(RuntimeError):  # an item is being awaited by another thread
        await items.aclose()


@atexit.register
def _at_exit() -> None:
    """Stop every loop, also those of portals that were dropped a moment ago, and wait briefly."""
    _exiting.set()
    until = time.monotonic() + 1.0
    serving = list(_serving.items())
    for _, (loop, stopping) in serving:
        _stop(loop, stopping)
    for thread, _ in serving:
        thread.join(max(0.0, until - time.monotonic()))
