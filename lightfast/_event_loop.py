"""Event loop for blocking calls: uvloop's where that is installed and works, else asyncio's."""

from __future__ import annotations

import asyncio
import functools
import os
import sys
import time
from collections.abc import Callable

from lightfast.exceptions import NetworkError


def new_loop() -> asyncio.AbstractEventLoop:
    """Return one of uvloop's loops where that is installed and works, else one of asyncio's.

    Raises:
        NetworkError: There are no file descriptors left.
    """
    try:
        if _uvloop_works():
            import uvloop

            made: asyncio.AbstractEventLoop = uvloop.new_event_loop()
            return made
    except (ImportError, RuntimeError):  # RuntimeError: first imported at the interpreter's exit
        pass
    try:
        loop = asyncio.new_event_loop()
    except OSError as error:
        problem = NetworkError(
            f"Blocking calls need an event loop, which cannot be made: {error.strerror}."
        )
    else:
        loop.time = _real_clock()  # type: ignore[method-assign]
        return loop
    raise problem


def _uvloop_works() -> bool:
    """Tell whether uvloop would not hang or abort the process.

    It waits in C, where greenlets of gevent and eventlet are never switched; and libuv aborts
    when it is handed a descriptor below 3, which happens when a standard stream is closed.
    """
    gevent, eventlet = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    if gevent is not None and gevent.is_module_patched("threading"):
        return False
    if eventlet is not None and eventlet.is_monkey_patched("thread"):
        return False
    try:
        for descriptor in (0, 1, 2):
            os.fstat(descriptor)
    except OSError:
        return False
    return True


def _real_clock() -> Callable[[], float]:
    """Return a monotonic clock that freezegun does not stop, as it does time.monotonic()."""
    if hasattr(time, "clock_gettime"):
        return functools.partial(time.clock_gettime, time.CLOCK_MONOTONIC)
    return time.monotonic
