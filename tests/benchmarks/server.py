"""A loopback server that is never the bottleneck: it finds a request's end and writes bytes.

Every answer is rendered before the first connection. The path says which: ``/<dialect>/ten/…``
and ``/<dialect>/hundred/…`` answer at once, ``/<dialect>/slow/…`` answers ten results after 5 ms.
Prints its port, and exits when its stdin closes.
"""

import asyncio
import sys
import threading

from tests.benchmarks import payloads
from tests.benchmarks.system import normalise_allocator, raise_file_limit, sit

SLOW_SECONDS = 0.005

_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

Answers = dict[tuple[bytes, bytes], tuple[bytes, float]]
"""(dialect, kind) → the whole HTTP answer and the seconds to wait before it."""


def render() -> Answers:
    """Every answer this server has."""
    answers: Answers = {}
    for dialect in payloads.DIALECTS:
        ten = payloads.http_response(dialect, 10)
        name = dialect.encode()
        answers[name, b"ten"] = (ten, 0.0)
        answers[name, b"slow"] = (ten, SLOW_SECONDS)
        answers[name, b"hundred"] = (payloads.http_response(dialect, 100), 0.0)
    return answers


def split_request(data: bytes) -> tuple[bytes, bytes] | None:
    """Return the head of the first whole request and what follows it; None while it is incomplete."""
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    head = data[:head_end].lower()
    body_length = 0
    if (field := head.find(b"\r\ncontent-length:")) >= 0:
        body_length = int(head[field + 17 :].partition(b"\r\n")[0])
    end = head_end + 4 + body_length
    return (head, data[end:]) if len(data) >= end else None


class Connection(asyncio.Protocol):
    """One keep-alive connection, whatever way its requests are cut into packets."""

    def __init__(self, answers: Answers, loop: asyncio.AbstractEventLoop) -> None:
        self._answers = answers
        self._loop = loop
        self._pending = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._pending = self._pending + data if self._pending else data
        while self._pending and (request := split_request(self._pending)):
            head, self._pending = request
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        assert self._transport is not None
        _, dialect, kind, _ = head.split(b"/", 3)
        response, delay = self._answers.get((dialect, kind), (_NOT_FOUND, 0.0))
        if delay:
            self._loop.call_later(delay, self._write, response)
        else:
            self._write(response)

    def _write(self, response: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(response)


async def serve() -> None:
    """Answers on a free port, printed on stdout, until stdin closes."""
    loop = asyncio.get_running_loop()
    answers = render()
    server = await loop.create_server(
        lambda: Connection(answers, loop), "127.0.0.1", 0, backlog=2048
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    closed = asyncio.Event()

    def watch_stdin() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(closed.set)

    threading.Thread(target=watch_stdin, daemon=True).start()
    await closed.wait()
    server.close()


if __name__ == "__main__":
    sit("server's")
    raise_file_limit()
    normalise_allocator()
    asyncio.run(serve())
