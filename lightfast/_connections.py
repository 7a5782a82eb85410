"""Which connection a request goes over: one that is sure to carry its own answer."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from lightfast._threads import in_daemon_thread

reused: ContextVar[bool] = ContextVar("reused", default=False)
"""Whether this task's last request went over a connection that had been used before."""


class Connector(aiohttp.TCPConnector):
    """Hands out fresh connections, and used ones on which nobody has spoken meanwhile.

    What a server sends without being asked would pass for the answer to the next request.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._used: WeakKeyDictionary[object, Callable[[int], object]] = WeakKeyDictionary()

    async def connect(self, *args: Any, **options: Any) -> Any:
        reused.set(False)
        while True:
            connection: Any = await super().connect(*args, **options)
            protocol = connection.protocol
            if connection.transport is None:  # lost again before we could look at it
                connection.close()
                raise aiohttp.ServerDisconnectedError
            has_news = self._used.get(protocol)
            if has_news is None:
                self._used[protocol] = _ear_on(connection.transport)
                return connection
            if not protocol.should_close and not has_news(0):
                reused.set(True)
                return connection
            connection.close()


def _ear_on(transport: asyncio.BaseTransport) -> Callable[[int], object]:
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
