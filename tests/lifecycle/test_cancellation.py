"""Cancelled in the middle of anything, the client works for the next call."""

from __future__ import annotations

import asyncio
import socket

import pytest

from lightfast import AsyncLightfast, RequestTimeoutError, RetryPolicy
from tests.faults.checks import printed, shows_secret
from tests.faults.faces import USUAL
from tests.faults.plays import GOOD, drip, hang, head, healthy, raw_then_hang, reply
from tests.faults.server import FaultServer

ID = GOOD["data"][0]["id"]
SLOW = RetryPolicy(retries=2, base_delay=5.0, max_delay=5.0)

MOMENTS = {
    "waiting for an answer": (hang, {}),
    "in the headers": (raw_then_hang(b"HTTP/1.1 200 OK\r\nX-A:"), {}),
    "in the body": (raw_then_hang(head(length=100) + b"{"), {}),
    "in an error's body": (drip(head(500, length=10**6), [b" "] * 100), {}),
    "in a back-off": (reply(b"", 503, [("Retry-After", "10")]), {"retries": SLOW}),
}


@pytest.mark.parametrize("moment", MOMENTS)
async def test_cancelled(stage, moment):
    """Cancellation comes through as itself, shows no key, and poisons nothing."""
    play, options = MOMENTS[moment]
    server = FaultServer(healthy, [play])
    with stage.serve(server):
        options = USUAL | {"base_url": server.base_url} | options
        async with AsyncLightfast(**options, max_connections=1) as client:
            task = asyncio.create_task(client.search("q"))
            while not server.requests:  # noqa: ASYNC110  # it is another thread's
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            task.cancel("enough")
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert not shows_secret(printed(caught.value))
            assert (await client.search("q"))[0].id == ID


async def test_cancelled_while_connecting(stage):
    """A connect that hangs is cancelled, and the next call goes through."""
    with socket.socket() as silent, stage.serve(FaultServer(healthy)) as server:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        port = silent.getsockname()[1]
        # A queue of one: the next to come hears nothing.
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        async with AsyncLightfast(**USUAL | {"base_url": server.base_url}) as client:
            stuck = client.with_options(base_url=f"http://127.0.0.1:{port}", retries=0)
            task = asyncio.create_task(stuck.search("q"))
            await asyncio.sleep(0.1)
            assert not task.done()
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert not shows_secret(printed(caught.value))
            with pytest.raises(RequestTimeoutError):
                await stuck.search("q", timeout=0.2)
            assert (await client.search("q"))[0].id == ID
        for filler in fillers:
            filler.close()


async def test_an_outer_timeout_is_its_owners(stage):
    """asyncio.timeout() around a call raises its own TimeoutError, and the next call works."""
    server = FaultServer(healthy, [hang])
    with stage.serve(server):
        async with AsyncLightfast(**USUAL | {"base_url": server.base_url}) as client:
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(0.2):
                    await client.search("q")
            assert type(caught.value) is TimeoutError
            assert not shows_secret(printed(caught.value))
            assert (await client.search("q"))[0].id == ID


async def test_an_outer_timeout_around_ours_is_not_mistaken_for_ours(stage):
    """Our deadline inside a longer one is ours; a longer one of ours inside a shorter is not."""
    server = FaultServer(hang)
    with stage.serve(server):
        async with AsyncLightfast(**USUAL | {"base_url": server.base_url, "retries": 0}) as client:
            with pytest.raises(RequestTimeoutError):
                async with asyncio.timeout(10):
                    await client.search("q", timeout=0.2)
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(0.2):
                    await client.search("q", timeout=10)
            assert not isinstance(caught.value, RequestTimeoutError)


async def test_a_hundred_cancelled_calls_leave_every_connection_whole(stage):
    """After a storm of cancellations at every moment, each answer still is its own."""

    async def slow(wire) -> bool:
        await asyncio.sleep(0.01)
        return await healthy(wire)

    server = FaultServer(slow)
    with stage.serve(server):
        async with AsyncLightfast(**USUAL | {"base_url": server.base_url}, max_connections=5) as client:  # fmt: skip
            tasks = [asyncio.create_task(client.search(f"q{n}")) for n in range(100)]
            for number, task in enumerate(tasks):
                if number % 2:
                    asyncio.get_running_loop().call_later(number / 500, task.cancel)
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            for number, answer in enumerate(answers):
                if number % 2 == 0:
                    assert answer[0].id == ID
            assert (await client.search("q"))[0].id == ID


async def test_cancelling_one_of_a_bulk_leaves_the_client_usable(server):
    """A bulk search that is left half-way ends its workers, and the client goes on."""
    async with AsyncLightfast(**USUAL | {"base_url": server.base_url}) as client:
        outcomes = client.search_many(str(n) for n in range(1_000))
        async for outcome in outcomes:
            assert outcome.ok
            break
        await outcomes.aclose()
        assert (await client.search("q"))[0].id == ID
    assert len(server.requests) < 100
