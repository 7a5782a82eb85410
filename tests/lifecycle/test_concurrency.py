"""Many at once: threads, tasks and event loops on one client."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from lightfast import AsyncLightfast, Lightfast, UsageError
from tests.faults.faces import USUAL
from tests.faults.plays import GOOD
from tests.lifecycle.conftest import FaultServer

ID = GOOD["data"][0]["id"]


def test_fifty_threads_share_one_client(server: FaultServer):
    """Each of fifty threads gets its own answers, on no more connections than allowed."""
    with Lightfast(**USUAL | {"base_url": server.base_url}, max_connections=10) as client:
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda n: client.search(f"q{n}"), range(500)))
    assert [answer[0].id for answer in answers] == [ID] * 500
    assert len({request.body for request in server.requests}) == 500
    assert server.connections <= 10


async def test_five_thousand_calls_at_once_in_bounded_memory(server: FaultServer):
    """5,000 calls at once wait their turn: 10 connections, and a few kilobytes for each call."""
    limits = {"timeout": None, "attempt_timeout": None}
    options = USUAL | {"base_url": server.base_url} | limits
    async with AsyncLightfast(**options, max_connections=10) as client:
        await client.search("warm")
        gc.collect()
        tracemalloc.start()
        try:
            answers = asyncio.gather(*(client.search("q") for _ in range(5_000)))
            totals = [answer.meta.total for answer in await answers]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert totals == [57] * 5_000
    assert server.connections <= 10
    assert peak < 150_000_000  # 30 kB each: request, task, and the answer that gather() keeps


def test_event_loops_one_after_another(server: FaultServer):
    """Each asyncio.run() gets connections of its own, and takes them with it."""
    client = AsyncLightfast(**USUAL | {"base_url": server.base_url})

    async def ask() -> str:
        answers = await asyncio.gather(*(client.search("q") for _ in range(3)))
        return answers[0][0].id

    for _ in range(5):
        assert asyncio.run(ask()) == ID
    asyncio.run(client.aclose())


def test_event_loops_at_once(server: FaultServer):
    """Ten loops in ten threads use one client at the same time."""
    client = AsyncLightfast(**USUAL | {"base_url": server.base_url})

    async def ask() -> list[str]:
        return [(await client.search("q"))[0].id for _ in range(10)]

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: asyncio.run(ask()), range(10)))
    assert answers == [[ID] * 10] * 10
    asyncio.run(client.aclose())


async def test_a_blocking_call_inside_a_running_loop(server: FaultServer):
    """In a notebook's loop, the blocking face works."""
    with Lightfast(**USUAL | {"base_url": server.base_url}) as client:
        assert client.search("q")[0].id == ID
        assert [hit.id for hit in client.iter_results("q", max_results=1)] == [ID]
        assert all(outcome.ok for outcome in client.search_many(["a", "b"]))


def test_a_blocking_call_on_the_private_loop_is_refused(server: FaultServer):
    """A blocking call that would wait for itself raises instead of deadlocking."""
    with Lightfast(**USUAL | {"base_url": server.base_url}) as client:

        async def reenter() -> None:
            client.search("q")

        client.search("q")
        with pytest.raises(UsageError, match="wait for itself"):
            client._portal.run(reenter())
        assert client.search("q")[0].id == ID


def test_a_blocking_call_from_a_provider_is_refused_or_answered(server: FaultServer):
    """A provider that calls the client it serves is an error, not a deadlock."""
    options = USUAL | {"base_url": server.base_url}
    with Lightfast(**options | {"api_key": lambda: client.search("q")[0].id, "timeout": 1.0}) as client:  # fmt: skip
        with pytest.raises(Exception, match=r"API key|timeout"):
            client.search("q")


def test_fifty_rounds_leak_nothing(server: FaultServer, face):
    """Opening and closing fifty clients leaves no descriptor, thread or task behind."""

    def round_() -> None:
        with face(**USUAL | {"base_url": server.base_url}) as client:
            client.search()

    def held() -> tuple[int, int]:
        gc.collect()
        return len(os.listdir("/proc/self/fd")), threading.active_count()

    round_()
    before = held()
    for _ in range(50):
        round_()
    descriptors, threads = held()
    # The server's side, in this process too, may be a moment behind.
    assert descriptors <= before[0] + 2
    assert threads <= before[1]


async def test_no_task_outlives_a_client(server: FaultServer):
    """After aclose(), the loop holds what it held before."""
    before = asyncio.all_tasks()
    async with AsyncLightfast(**USUAL | {"base_url": server.base_url}) as client:
        await asyncio.gather(*(client.search("q") for _ in range(20)))
        assert [outcome.ok async for outcome in client.search_many(["a", "b", "c"])] == [True] * 3
    assert asyncio.all_tasks() == before
