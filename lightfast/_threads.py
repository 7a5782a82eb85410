"""Blocking functions and iterables awaited, without ever keeping the process from exiting.

An executor's threads are joined when the interpreter exits, so one name look-up or one
secret manager that hangs would keep the whole process alive. These threads are daemons.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Any, TypeVar

_T = TypeVar("_T")


class ThreadLimitError(RuntimeError):
    """The system lets this process start no more threads."""

    def __str__(self) -> str:
        return (
            "The system lets this process start no more threads; see `ulimit -u` and the limits "
            "of its container."
        )


async def in_daemon_thread(function: Callable[[], _T]) -> _T:
    """Run a function on a thread of its own, and return what it returns.

    Cancelling ends the wait, not the function.

    Raises:
        ThreadLimitError: The thread cannot be started.
        BaseException: Whatever the function raises.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()
    context = contextvars.copy_context()

    def settle(result: _T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # None is a result, too

    def work() -> None:
        result: _T | None = None
        error: BaseException | None = None
        try:
            result = context.run(function)
        except StopIteration:
            error = RuntimeError("a StopIteration cannot cross threads")
        except BaseException as raised:  # noqa: BLE001  # handed to the waiter, whatever it is
            error = raised
        if not loop.is_closed():
            try:
                loop.call_soon_threadsafe(settle, result, error)
            except RuntimeError:  # the loop was closed in between, and its waiters with it
                return

    try:
        threading.Thread(target=work, name="lightfast-blocking", daemon=True).start()
    except RuntimeError:
        raise ThreadLimitError from None
    return await future


def iterate_in_thread(items: Iterable[_T] | AsyncIterable[_T]) -> Iterable[_T] | AsyncIterable[_T]:
    """Return a caller's iterable, made safe to be pulled from on the private loop.

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
