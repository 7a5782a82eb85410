"""Which connection a request goes over: one that is sure to carry its own answer."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from lightfast._threads import in_daemon_thread

reused: ContextVar[bool] = ContextVar("reused", default=False)
"""Whether the connection that aiohttp's session was given last, in this task, had been used before."""


class Connector(aiohttp.TCPConnector):
    """Hands out fresh connections, and used ones on which nobody has spoken meanwhile.

    What a server sends without being asked would pass for the answer to the next request.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._pollers: dict[object, Callable[[int], object]] = {}

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> Any:
        """A connection for aiohttp's session, which has no place for what else is known of it."""
        connection, kept = await self.take(req, traces, timeout)
        reused.set(kept)
        return connection

    async def take(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> tuple[Any, bool]:
        """A connection, and whether it had been used before.

        Raises:
            aiohttp.ClientError: There is none to be had.
        """
        while True:
            connection: Any = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            is_readable = self._pollers.get(protocol)
            if is_readable is None:
                self._listen(connection)
                return connection, False
            if not protocol.should_close and not is_readable(0):
                return connection, True
            connection.close()

    def _listen(self, connection: Any) -> None:
        """Keep an ear on a fresh connection, until it is closed."""
        protocol, transport = connection.protocol, connection.transport
        if transport is None:  # closed again before anybody could use it
            connection.close()
            raise aiohttp.ServerDisconnectedError

        def forget(closed: asyncio.Future[None]) -> None:
            if not closed.cancelled():
                closed.exception()  # asked for, or it is logged: whoever reads there is told, too
            del self._pollers[protocol]

        # Not weak references: 2 % of a search goes into asking those.
        self._pollers[protocol] = _poller_of(transport)
        protocol.closed.add_done_callback(forget)


def _poller_of(transport: asyncio.BaseTransport) -> Callable[[int], object]:
    """Tells whether something is to be read there within so many ms, data or the end: one system call."""
    sock = transport.get_extra_info("socket")
    if not hasattr(select, "poll"):
        return lambda timeout: select.select([sock], [], [], timeout / 1000)[0]
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return poll.poll


class Resolver(AbstractResolver):
    """getaddrinfo on a daemon thread: a look-up that hangs must not keep the process alive."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        infos = await in_daemon_thread(
            lambda: socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=found,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found, _, proto, _, address in infos
        ]

    async def close(self) -> None:
        pass
