"""Connector: which connections are handed out again."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import socketserver
import threading
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from lightfast._transport.connector import Connector, reused

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
EXPECTED, FORGED = ANSWER + b"ok", ANSWER + b"no"


class Server(socketserver.ThreadingTCPServer):
    """Server on blocking sockets, so that a test knows what has been sent when.

    Attributes:
        url: Its address.
        connections: The connections that carried a request, oldest first.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        self.connections: list[socket.socket] = []


class Answering(socketserver.BaseRequestHandler):
    """Answer to every request of a connection."""

    server: Server

    def handle(self) -> None:
        self.server.connections.append(self.request)
        received = b""
        with contextlib.suppress(OSError):  # closed or reset
            while chunk := self.request.recv(65536):
                received += chunk
                if received.endswith(b"\r\n\r\n"):
                    self.request.sendall(EXPECTED)
                    received = b""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(params=["poll", "select"], autouse=True)
def _polling(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs with both ways to look at a socket; Windows has the second only."""
    if request.param == "select":
        monkeypatch.delattr(select, "poll", raising=False)
    elif not hasattr(select, "poll"):
        pytest.skip("this system has no poll")


@pytest.fixture
async def connector() -> AsyncIterator[Connector]:
    async with Connector(limit=0) as connector:
        yield connector


async def exchange(connector: Connector, server: Server) -> tuple[bytes, bool]:
    """Return the body of an answer, and whether it came over a used connection."""
    async with (
        aiohttp.ClientSession(connector=connector, connector_owner=False) as session,
        session.post(server.url) as response,
    ):
        return await response.read(), reused.get()


async def test_a_silent_connection_is_used_again(connector: Connector, server: Server) -> None:
    """The first request opens a connection, the next ones find it."""
    answers = [await exchange(connector, server) for _ in range(3)]
    assert answers == [(b"ok", False), (b"ok", True), (b"ok", True)]
    assert len(server.connections) == 1


async def test_what_arrived_unasked_and_unread_is_found(
    connector: Connector, server: Server
) -> None:
    """The event loop has had no turn since the server spoke: only the socket knows."""
    await exchange(connector, server)
    server.connections[0].sendall(FORGED)
    assert await exchange(connector, server) == (b"ok", False)
    assert len(server.connections) == 2


async def test_what_arrived_unasked_and_was_read_is_found(
    connector: Connector, server: Server
) -> None:
    """The event loop has read what the server said: the socket is silent again."""
    await exchange(connector, server)
    (protocol,) = connector._pollers
    server.connections[0].sendall(FORGED)
    async with asyncio.timeout(10):
        while not protocol.should_close:  # noqa: ASYNC110  # bytes on their way have no event
            await asyncio.sleep(0.001)
    assert await exchange(connector, server) == (b"ok", False)
    assert len(server.connections) == 2


async def test_an_idle_connection_that_the_server_closed_is_replaced(
    connector: Connector, server: Server
) -> None:
    """The end of a connection is seen before a request is lost on it, and its poller goes with it."""
    await exchange(connector, server)
    (ended,) = connector._pollers
    server.connections[0].shutdown(socket.SHUT_RDWR)
    assert await exchange(connector, server) == (b"ok", False)
    (kept,) = connector._pollers
    assert kept is not ended


async def test_a_connection_that_closed_before_its_first_use_is_an_error(
    connector: Connector, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is reported as lost, and nothing of it is kept."""
    connect = aiohttp.TCPConnector.connect

    async def connect_and_lose(*arguments: object) -> aiohttp.connector.Connection:
        connection = await connect(*arguments)  # type: ignore[arg-type]
        protocol = connection.protocol
        assert protocol is not None
        assert protocol.transport is not None
        protocol.transport.abort()
        while protocol.transport is not None:  # noqa: ASYNC110  # the loop needs turns, no time
            await asyncio.sleep(0)
        return connection

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", connect_and_lose)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await exchange(connector, server)
    assert not connector._pollers


async def test_connections_of_requests_at_the_same_time_are_told_apart(
    connector: Connector, server: Server
) -> None:
    """Each task is told of its own connection whether it was used before."""
    await exchange(connector, server)
    answers = await asyncio.gather(*(exchange(connector, server) for _ in range(3)))
    assert sorted(answers) == [(b"ok", False), (b"ok", False), (b"ok", True)]
    assert len(server.connections) == 3
