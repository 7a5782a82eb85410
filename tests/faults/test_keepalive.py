"""Connections that were kept: closed meanwhile, or spoken on without being asked."""

from __future__ import annotations

import asyncio
import threading

import pytest
from aiohttp.http import HttpResponseParser

from lightfast import AsyncLightfast, NetworkError
from tests.faults.faces import USUAL
from tests.faults.plays import GOOD, close, healthy, message, raw, reset
from tests.faults.server import FaultServer, Wire
from tests.waiting import PATIENCE

FORGED = message(GOOD | {"data": [GOOD["data"][0] | {"id": "forged"}]})
ID = GOOD["data"][0]["id"]


class Unasked:
    """Answers; and once the answer has been read, speaks again."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._read = threading.Event()
        self._said = threading.Event()

    async def __call__(self, wire: Wire) -> bool:
        await wire.send(message())
        while not self._read.is_set():  # noqa: ASYNC110  # it is another thread's
            await asyncio.sleep(0.005)
        await wire.send(self._data)
        self._said.set()
        return True

    def speak(self) -> None:
        """Return when it has spoken."""
        self._read.set()
        assert self._said.wait(PATIENCE)


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize("breaks", [close, reset], ids=["closed", "reset"])
def test_a_kept_connection_that_is_lost_costs_no_retry(face, stage, breaks, retries):
    """A request lost on a kept connection is sent once more, even when retries are off."""
    server = FaultServer(healthy, [healthy, breaks])
    with (
        stage.serve(server),
        face(**USUAL | {"base_url": server.base_url, "retries": retries}) as client,
    ):
        client.search()
        response = client.search()
    assert (response[0].id, response.http.attempts) == (ID, 1)
    assert len(server.requests) == 3


def test_a_kept_connection_is_given_one_chance_only(face, stage):
    """If the second connection breaks too, the error is raised."""
    server = FaultServer(healthy, [healthy, close, close])
    with stage.serve(server), face(**USUAL | {"base_url": server.base_url, "retries": 0}) as client:
        client.search()
        with pytest.raises(NetworkError, match="without an answer"):
            client.search()
    assert len(server.requests) == 3


def test_an_idle_connection_that_the_server_closed_is_not_used(face, stage):
    """A server that closes idle connections is never noticed."""

    async def answer_and_close(wire: Wire) -> None:
        await wire.send(message())
        await asyncio.sleep(0.02)

    server = FaultServer(answer_and_close)
    with stage.serve(server), face(**USUAL | {"base_url": server.base_url, "retries": 0}) as client:
        for _ in range(5):
            assert client.search()[0].id == ID
            client.idle(0.1)
    assert len(server.requests) == server.connections == 5


@pytest.mark.parametrize(
    "data",
    [FORGED, FORGED * 3, FORGED[:30], FORGED[:-5], b"garbage", b"\r\n", message(b"", 408)],
    ids=["an answer", "three", "half a head", "half a body", "garbage", "an empty line", "408"],
)
def test_what_a_server_says_unasked_is_never_taken_for_an_answer(face, stage, data):
    """A second reply on an idle connection does not become the answer to the next request."""
    play = Unasked(data)
    server = FaultServer(healthy, [play])
    with stage.serve(server), face(**USUAL | {"base_url": server.base_url, "retries": 0}) as client:
        client.search()
        play.speak()
        client.idle(0.05)
        assert client.search()[0].id == ID
    assert len(server.requests) == 2
    if data != b"\r\n":  # which may stand before any message: RFC 9112 §2.2
        assert server.connections == 2


@pytest.mark.parametrize("size", [1, 17, 30])
def test_half_a_head_right_behind_an_answer_makes_the_connection_unusable(face, stage, size):
    """Bytes that came along with an answer, and begin another, are not left to the next one."""
    if size < 30 and not _parses_in_c():
        pytest.skip("aiohttp's Python parser does not tell what it holds")
    server = FaultServer(healthy, [raw(message() + FORGED[:size], keep=True)])
    with stage.serve(server), face(**USUAL | {"base_url": server.base_url, "retries": 0}) as client:
        client.search()
        assert client.search()[0].id == ID
    assert server.connections == 2


def _parses_in_c() -> bool:
    return HttpResponseParser.__module__ == "aiohttp._http_parser"


async def test_an_unasked_answer_that_the_loop_has_not_yet_read_is_found(stage):
    """A second reply that came while the application kept its loop busy is not taken either."""
    play = Unasked(FORGED)
    with stage.serve(FaultServer(healthy, [play])) as server:
        async with AsyncLightfast(**USUAL | {"base_url": server.base_url}) as client:
            await client.search("q")
            play.speak()  # the loop stands still meanwhile
            assert (await client.search("q"))[0].id == ID


def test_many_kept_connections_that_all_died_are_left_behind(stage):
    """A server that restarts is not noticed by the next calls, however many."""
    server = FaultServer(healthy)

    async def burst(client: AsyncLightfast) -> None:
        answers = await asyncio.gather(*(client.search("q") for _ in range(20)))
        assert all(answer[0].id == ID for answer in answers)

    with asyncio.Runner() as runner, stage.serve(server):
        client = AsyncLightfast(**USUAL | {"base_url": server.base_url, "retries": 0})
        runner.run(burst(client))
        stage.run(server.stop())
        stage.run(server.start())
        runner.run(burst(client))
        runner.run(client.aclose())


def test_a_server_that_greets_every_connection_is_no_endless_loop(face, stage):
    """Words before the request on a fresh connection end the call, at the latest with its retries.

    Where the connection breaks before the words are read, it is a lost one, and is repeated.
    """
    server = FaultServer(raw(b""), greetings=[raw(b"220 hello\r\n", keep=True)] * 9)
    with stage.serve(server), face(**USUAL | {"base_url": server.base_url}) as client:
        with pytest.raises(Exception, match=r"not HTTP|was lost"):
            client.search()
    assert 1 <= server.connections <= 3
