"""Watching: what is committed or written while an emulator serves is found soon."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from typing import TYPE_CHECKING

from lightfast.emulator import Emulator, watch
from tests.waiting import PATIENCE, wait_until

if TYPE_CHECKING:
    import pytest

    from .conftest import Ask
    from .repositories import Repository

SOON = 2.0  # seconds


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
    wait_until(lambda: gone() is None)  # a look that is under way keeps it
    watcher.join(PATIENCE)
    assert not watcher.is_alive()
    assert caplog.records == []


def test_what_cannot_be_read_now_is_read_later(
    repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once, not at every look."""
    repository.commit("Login")
    moved = repository.path.with_name("moved")
    looks = []

    class Looking(Emulator):
        def refresh(self) -> int:
            looks.append(moved.exists())
            return super().refresh()

    with Looking([repository.path], embedder=None, watch=True) as emulator:
        repository.path.rename(moved)
        wait_until(lambda: sum(looks) > 3)  # the first may have begun before
        moved.rename(repository.path)
        repository.commit("Zebra")
        wait_until(lambda: emulator.documents == 2)
    said = [record.getMessage() for record in caplog.records]
    assert said
    assert (
        len(said) == len(set(said)) <= 2
    )  # a repository that moves in the middle of a look is told otherwise
