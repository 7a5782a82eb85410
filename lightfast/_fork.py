"""Forked children: what holds threads or sockets starts afresh there, once for all of it.

`os.fork()` calls the hook below. Servers that fork in C, such as uWSGI with its defaults, call no
hook of Python's. So each call compares process ids, too: 50 ns of a call's 100 µs.

Inherited objects are kept and never touched again: closing one of them would take sockets out of
the selector that the child shares with its parent.
"""

from __future__ import annotations

import os
import threading
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """Object that must not go on in a forked child as if nothing had happened."""

    def forget(self) -> None:
        """Start afresh, and hand what must not be finalized to `keep`."""


_objects: WeakSet[Forkable] = WeakSet()
_inherited: list[object] = []
_lock = threading.Lock()
_process = os.getpid()


def register(item: Forkable) -> None:
    """Have an object told when it finds itself in a forked child."""
    _objects.add(item)


def keep(*inherited: object) -> None:
    """Keep inherited objects from being finalized."""
    _inherited.append(inherited)


def check() -> None:
    """Start afresh if this process is a child that Python was not told of."""
    if os.getpid() != _process:
        _start_afresh()


def _start_afresh() -> None:
    global _process
    with _lock:
        if os.getpid() == _process:  # another thread was faster
            return
        for item in list(_objects):
            item.forget()
        _process = os.getpid()


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()  # a thread that does not exist here may have held it
    _start_afresh()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
