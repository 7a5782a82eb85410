"""Watching: what is committed or written while an emulator serves is found soon."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from typing import TYPE_CHECKING

from lightfast.emulator import Emulator, watch

if TYPE_CHECKING:
    import pytest

    from .conftest import Ask
    from .repositories import Repository

SOON = 2.0  # seconds
PATIENCE = 20.0  # seconds, for a machine that is busy with other tests


async def test_a_commit_is_found_while_it_serves(repository: Repository, ask: Ask) -> None:
    """Without anybody asking for it; a look a second makes that two seconds at most."""
    assert watch.INTERVAL <= SOON / 2
    repository.commit("Login")
    async with Emulator([repository.path], embedder=None, watch=True) as emulator:
        key = emulator.create_api_key()
        assert (await ask(emulator, key, query="zebra")).body["data"] == []
        repository.commit("Zebra crossing")
        committed = time.monotonic()
        while not (found := (await ask(emulator, key, query="zebra")).body["data"]):
            assert time.monotonic() - committed < PATIENCE
            await asyncio.sleep(0.05)
    assert found[0]["title"] == "Zebra crossing"


def test_watching_ends_with_the_emulator(
    repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    """Closed or forgotten; nothing is logged, and no thread is left."""
    repository.commit("Login")
    with Emulator([repository.path], embedder=None, watch=True) as emulator:
        watcher = emulator._watcher
        assert watcher is not None
        assert watcher.is_alive()
    watcher.join(PATIENCE)
    assert not watcher.is_alive()
    forgotten = Emulator([repository.path], embedder=None, watch=True)
    watcher, gone = forgotten._watcher, weakref.ref(forgotten)
    assert watcher is not None
    watcher.start()
    del forgotten
    gc.collect()
    assert gone() is None
    watcher.join(PATIENCE)
    assert not watcher.is_alive()
    assert caplog.records == []


def test_what_cannot_be_read_now_is_read_later(
    repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once, not at every look."""
    repository.commit("Login")
    with Emulator([repository.path], embedder=None, watch=True) as emulator:
        moved = repository.path.with_name("moved")
        repository.path.rename(moved)
        _wait_until(lambda: "not indexed" in caplog.text)
        time.sleep(2.5)
        moved.rename(repository.path)
        repository.commit("Zebra")
        _wait_until(lambda: emulator.documents == 2)
    assert caplog.text.count("not indexed") == 1
    assert threading.active_count() < 50


def _wait_until(condition: object) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)
