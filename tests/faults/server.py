"""A server that can do anything wrong: raw TCP or TLS on loopback, port 0, on a thread of its own.

What it does with a request is a `Play`: a function that is handed the `Wire` and may write,
wait, reset or fall silent. A play says whether the connection stays open afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import repeat
from typing import Self
from weakref import WeakSet

import attrs

from tests.servers import stop_accepting
from tests.waiting import PATIENCE

Play = Callable[["Wire"], Awaitable[bool | None]]
"""Answers one request, or one connection; a true result keeps the connection for the next."""


@attrs.frozen
class Request:
    """A request as it came, byte for byte."""

    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}

    @property
    def credential(self) -> bytes:
        """The key as the client sent it: what a server could echo."""
        return self.headers.get("authorization", "").removeprefix("Bearer ").encode("latin-1")


class Wire:
    """One accepted connection, and the request that was read from it last."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: FaultServer
    ) -> None:
        self._reader = reader
        self._writer = writer
        self.server = server
        self.request = Request(b"", b"")

    async def receive(self, count: int) -> bytes:
        """Read so many bytes: for handshakes before HTTP."""
        return await self._reader.readexactly(count)

    async def send(self, data: bytes) -> None:
        """Write and flush."""
        self._writer.write(data)
        await self._writer.drain()

    async def drip(self, pieces: Iterable[bytes], every: float) -> None:
        """Write slowly."""
        for piece in pieces:
            await self.send(piece)
            await asyncio.sleep(every)

    async def hang(self) -> None:
        """Fall silent until the client gives up."""
        with contextlib.suppress(ConnectionError):
            while await self._reader.read(65536):
                pass

    def finish(self) -> None:
        """Send FIN and keep reading: a half-closed connection."""
        self._writer.write_eof()

    def reset(self) -> None:
        """Send RST instead of FIN."""
        linger = struct.pack("ii", 1, 0)
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on in TLS, as behind a CONNECT."""
        await self._writer.start_tls(context)

    async def read_request(self) -> bool:
        """Read and keep the next request; False when there is none."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
            request = Request(head, b"")
            length = int(request.headers.get("content-length", 0))
            self.request = Request(head, await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        self.server.requests.append(self.request)
        return True

    async def serve(self) -> None:
        """Play the server's script against this connection."""
        if not await self.server.next_greeting()(self):
            return
        while await self.read_request():
            if not await self.server.next_play()(self):
                return

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._writer.wait_closed(), 1)


async def _welcome(_: Wire) -> bool:
    return True


class FaultServer:
    """One listening port with a script.

    Args:
        healthy: What is played when the script has ended.
        script: What is played to requests before.
        greetings: What is played to connections before any request is read.
        context: Speaks TLS with it.

    Attributes:
        requests: The whole requests that came.
        connections: How many connections were accepted.
    """

    def __init__(
        self,
        healthy: Play,
        script: Iterable[Play] = (),
        greetings: Iterable[Play] = (),
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._healthy = healthy
        self._script = iter(script)
        self._greetings = iter(greetings)
        self._context = context
        self.requests: list[Request] = []
        self.connections = 0
        self.port = 0
        self._stopped = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._transports: WeakSet[asyncio.WriteTransport] = WeakSet()

    @property
    def base_url(self) -> str:
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self.port}/api/v1"

    def next_play(self) -> Play:
        return next(self._script, self._healthy)

    def next_greeting(self) -> Play:
        return next(self._greetings, _welcome)

    def heal(self) -> None:
        """Be healthy from now on."""
        self._script = self._greetings = iter(())

    async def start(self) -> None:
        self._stopped = False
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self.port, ssl=self._context, limit=2**24
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._stopped = True
        await stop_accepting(self._server)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for transport in list(self._transports):  # also of a task that never came to its end
            transport.abort()
        await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._stopped:  # accepted just before, begun just after
            writer.transport.abort()
            return
        self._transports.add(writer.transport)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        wire = Wire(reader, writer, self)
        try:
            with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
                await wire.serve()
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            await wire.close()


class Stage:
    """The thread that all fault servers of a test run share."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        # What a failed TLS handshake leaves behind is the point of the exercise.
        self._loop.set_exception_handler(lambda *_: None)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def run(self, coroutine: Awaitable[None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def serve(self, server: FaultServer) -> Iterator[FaultServer]:
        """Listen while the block runs."""
        self.run(server.start())
        try:
            yield server
        finally:
            self.run(server.stop())


def times(play: Play, count: int | None) -> Iterable[Play]:
    """Return a script that repeats a play; None is for ever."""
    return repeat(play) if count is None else repeat(play, count)
