"""The private event loop: what is handed to it, and when it must not wait."""

from __future__ import annotations

import asyncio
import contextvars
import errno
import gc
import os
import sys
import threading
import time
import types

import pytest

from lightfast import Lightfast, LightfastError, NetworkError, UsageError, _event_loop
from lightfast._portal import Portal
from tests.conftest import KEY
from tests.servers import Answer, error, page
from tests.test_sync import interrupt_when
from tests.waiting import PATIENCE

VARIABLE = contextvars.ContextVar("VARIABLE", default="unset")


def test_ctrl_c_before_a_call_was_begun_leaves_nothing_behind():
    portal = Portal()
    portal.run(asyncio.sleep(0))
    portal._loop.call_soon_threadsafe(time.sleep, 0.3)  # start and cancel come in one turn of it
    with pytest.raises(KeyboardInterrupt):
        interrupting = interrupt_when(lambda: portal._waiting)
        portal.run(asyncio.sleep(30))
    interrupting.join()
    assert not portal._waiting
    assert portal.run(asyncio.sleep(0, "usable")) == "usable"
    portal.stop(timeout=PATIENCE)


def test_ctrl_c_while_the_private_loop_starts_leaves_nothing_behind(monkeypatch):
    def interrupted(thread, start=threading.Thread.start):
        start(thread)
        raise KeyboardInterrupt

    portal = Portal()
    before = set(threading.enumerate())
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            portal.run(asyncio.sleep(0))
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=PATIENCE)
    assert set(threading.enumerate()) <= before
    assert portal.run(asyncio.sleep(0, "usable")) == "usable"
    portal.stop(timeout=PATIENCE)


def test_context_variables_of_the_caller_are_seen():
    async def see():
        return VARIABLE.get()

    portal = Portal()
    VARIABLE.set("set by the caller")
    assert portal.run(see()) == "set by the caller"
    portal.stop(timeout=PATIENCE)


def test_an_error_carries_no_reference_cycle():
    async def fail():
        raise KeyError("x")

    portal = Portal()
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            with pytest.raises(KeyError):
                portal.run(fail())
        assert not [item for item in gc.get_objects() if isinstance(item, KeyError)]
    finally:
        gc.enable()
        portal.stop(timeout=PATIENCE)


def test_a_call_that_is_handed_over_too_late_is_let_go():
    portal = Portal()
    portal.run(asyncio.sleep(0))
    portal.stop(timeout=PATIENCE)
    with pytest.raises(UsageError, match="This client is closed"):
        portal.run(asyncio.sleep(0))


def test_a_half_read_iterator_is_closed_without_waiting_for_the_loop():
    """The collecting thread may hold a lock that the loop's thread is waiting for."""
    lock, closed = threading.Lock(), threading.Event()

    async def items():
        try:
            yield 1
            yield 2
        finally:
            closed.set()

    async def wait_for_the_lock():
        with lock:
            return "done"

    portal = Portal()
    with lock:
        iterator = portal.iterate(items())
        assert next(iterator) == 1
        blocked = threading.Thread(target=lambda: portal.run(wait_for_the_lock()))
        blocked.start()
        del iterator  # collected here, under the lock
        gc.collect()
    blocked.join(PATIENCE)
    assert not blocked.is_alive()
    assert closed.wait(PATIENCE)
    portal.stop(timeout=PATIENCE)


def test_no_thread_left_is_told_apart_from_a_closed_client(monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(NetworkError, match="no more threads"):
            Portal().run(asyncio.sleep(0))


def test_no_file_descriptor_left_is_told_in_words(monkeypatch):
    def refuse():
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(_event_loop, "_uvloop_works", lambda: False)
    monkeypatch.setattr(asyncio, "new_event_loop", refuse)
    with pytest.raises(NetworkError, match="Too many open files"):
        Portal().run(asyncio.sleep(0))


@pytest.mark.parametrize(
    ("module", "name"),
    [("gevent.monkey", "is_module_patched"), ("eventlet.patcher", "is_monkey_patched")],
)
def test_uvloop_is_not_used_where_greenlets_take_the_place_of_threads(monkeypatch, module, name):
    patched = types.ModuleType(module)
    setattr(patched, name, lambda _: True)
    assert _event_loop._uvloop_works()
    monkeypatch.setitem(sys.modules, module, patched)
    assert not _event_loop._uvloop_works()


@pytest.mark.parametrize("script", [[error(503, "BUSY"), page("1")], [page("1")]])
def test_a_frozen_clock_neither_stops_deadlines_nor_waits(monkeypatch, serve, script: list[Answer]):
    """Freezegun puts a function that stands still in the place of time.monotonic()."""
    monkeypatch.setattr(_event_loop, "_uvloop_works", lambda: False)
    monkeypatch.setattr(time, "monotonic", lambda: 1_000.0)
    server = serve(*script)
    with Lightfast(KEY, base_url=server.base_url, timeout=PATIENCE) as client:
        assert client.search("q")[0].id == "1"
        with pytest.raises(LightfastError, match="`timeout`"):
            client.with_options(base_url="http://127.0.0.1:9/x", retries=10**6).search(
                "q", timeout=0.2, attempt_timeout=None
            )


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_loop_that_is_stopped_again_while_it_winds_up_winds_up_whole():
    """As a client's is that is dropped a moment before the interpreter exits."""
    wound_up = []

    async def wait() -> None:
        try:
            await asyncio.sleep(PATIENCE)
        finally:
            portal.stop()
            for _ in range(3):
                await asyncio.sleep(0)
            wound_up.append(True)

    async def begin() -> asyncio.Task[None]:
        return asyncio.create_task(wait())

    portal = Portal()
    task = portal.run(begin())
    portal.run(asyncio.sleep(0))
    portal.stop(timeout=PATIENCE)
    assert wound_up == [True]
    assert task.cancelled()
    assert not portal.running


def test_the_loop_of_a_dropped_portal_ends():
    portal = Portal()
    portal.run(asyncio.sleep(0))
    thread = portal._thread
    del portal
    thread.join(PATIENCE)
    assert not thread.is_alive()
