"""Connector: hands out connections that are sure to carry their own answer.

Both paths use it. Beyond its documentation, aiohttp's `connect` and a connection's `protocol` are
used here; both are the same in 3.14 and in 4.0's development version. Private parts are looked up
with a default: without them, a check is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from lightfast._threads import ThreadLimitError, in_daemon_thread
from lightfast._transport.incoming import IncomingResponse

reused: ContextVar[bool] = ContextVar("reused", default=False)
"""Whether the connection that aiohttp's session was given last, in this task, was a used one."""


class BrokenBodyError(Exception):
    """A body breaks the rules of its framing."""


class Connector(aiohttp.TCPConnector):
    """Connector whose used connections have been silent since their last answer.

    What a server sends unasked would pass for the answer to the next request.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._pollers: dict[ResponseHandler, Callable[[int], object]] = {}

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Return a connection to aiohttp's session, which has no place for what else is known."""
        connection, was_used = await self.take(req, traces, timeout)
        reused.set(was_used)
        return connection

    async def take(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> tuple[Connection, bool]:
        """Return a connection, and whether it has carried a request before.

        Raises:
            aiohttp.ClientError: There is none to be had.
        """
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            if protocol is None:
                raise aiohttp.ServerDisconnectedError
            is_readable = self._pollers.get(protocol)
            if is_readable is None:
                self._watch(connection, protocol)
                return connection, False
            if not protocol.should_close and not is_readable(0) and not _has_begun(protocol):
                return connection, True
            connection.close()

    def _watch(self, connection: Connection, protocol: ResponseHandler) -> None:
        """Keep a poller for a new connection, until it is closed."""
        transport, closed = protocol.transport, protocol.closed
        if transport is None or closed is None:  # closed again before it could be used
            connection.close()
            raise aiohttp.ServerDisconnectedError

        def forget(closed: asyncio.Future[None]) -> None:
            if not closed.cancelled():
                closed.exception()  # retrieved, or it is logged; the one who reads is told, too
            del self._pollers[protocol]

        # Strong references: looking up weak ones takes 2 % of a search.
        self._pollers[protocol] = _poller_of(transport)
        closed.add_done_callback(forget)

    def close_sockets(self) -> None:
        """Close the sockets themselves, whose event loop will not run again."""
        for protocol in list(self._pollers):
            if protocol.transport is not None:
                _close_socket(protocol.transport)
        self._pollers.clear()


def _has_begun(protocol: ResponseHandler) -> bool:
    """Tell whether the parser holds half the head of a response that was not asked for.

    aiohttp would drop that half with the parser, and take the other half for the next response.
    The parser is replaced before the next request, so that telling it the end does no harm: 20 ns.
    """
    parser = getattr(protocol, "_parser", None)
    try:
        return parser is not None and parser.feed_eof() is not None
    except Exception:  # noqa: BLE001  # it complains of what it holds, in any of aiohttp's ways
        return True


def _poller_of(transport: asyncio.BaseTransport) -> Callable[[int], object]:
    """Return a function that tells whether there is something to read within so many ms.

    Data counts, and so does the end. It is one system call.
    """
    sock = transport.get_extra_info("socket")
    if not hasattr(select, "poll"):
        return lambda timeout: select.select([sock], [], [], timeout / 1000)[0]
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return poll.poll


def _close_socket(transport: asyncio.Transport) -> None:
    """Close what asyncio would close in a callback of the event loop, which never comes."""
    with contextlib.suppress(RuntimeError):  # the loop is closed
        transport.abort()
    below = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None) or transport
    sock = getattr(below, "_sock", None)
    if sock is not None:
        setattr(below, "_sock", None)  # noqa: B010  # else asyncio warns of its own transport
        sock.close()


# --- the body's end ---------------------------------------------------------------------------


async def receive(
    incoming: IncomingResponse, content: aiohttp.StreamReader, protocol: ResponseHandler | None
) -> None:
    """Read a body whose head has come."""
    if incoming.length is not None:  # the parser knows where it ends
        await incoming.read(content)
        return
    with _until_lost(content, protocol):
        await incoming.read(content)


@contextlib.contextmanager
def _until_lost(content: aiohttp.StreamReader, protocol: ResponseHandler | None) -> Iterator[None]:
    """End the reading when the connection ends.

    Over a broken chunk, aiohttp 3.14 closes the connection and leaves the reader waiting.
    """
    closed = None if protocol is None else protocol.closed
    if closed is None or content.is_eof():
        yield  # all has come already
        return

    def lost(_: object) -> None:
        if not content.is_eof() and content.exception() is None:
            content.set_exception(BrokenBodyError())

    closed.add_done_callback(lost)
    try:
        yield
    finally:
        closed.remove_done_callback(lost)


class Resolver(AbstractResolver):
    """Resolver on a daemon thread: a look-up that hangs must not keep the process alive."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Look a name up with getaddrinfo."""
        try:
            infos = await in_daemon_thread(
                lambda: socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
            )
        except (OSError, ThreadLimitError):
            raise
        except Exception as error:  # noqa: BLE001  # a name that cannot be encoded: UnicodeError
            raise socket.gaierror(type(error).__name__) from None
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
        """Close nothing: a look-up under way ends by itself."""
