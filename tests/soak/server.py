"""A server that spends next to nothing on an answer: raw asyncio, rendered beforehand.

``python -m tests.soak.server SEED`` prints its port. Each line that it reads it answers with its figures as JSON; it
ends with its input. Every answer carries the number of the query, so that none can be taken for another.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter
from typing import Any

from tests.servers import contract
from tests.soak.plan import Fault, fault

_HERE = "@number@"
_NUMBER = re.compile(rb'"query":"q-(\d+)"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_DRIP = 0.01  # seconds between two pieces


def _template() -> list[bytes]:
    document = contract("response_documented.json")
    items = (document["data"] * 3)[:5]
    document["data"] = [
        item | {"id": f"obs_{_HERE}_{place}", "title": f"Title {_HERE}"}
        for place, item in enumerate(items)
    ]
    document["requestId"] = f"req_{_HERE}"
    return json.dumps(document).encode().split(_HERE.encode())


TEMPLATE = _template()


def message(status: str, body: bytes, *headers: bytes, length: int | None = None) -> bytes:
    """Return an HTTP message; `length` says something else than the truth."""
    lines = [
        b"HTTP/1.1 " + status.encode(),
        b"Content-Type: application/json",
        b"Content-Length: %d" % (len(body) if length is None else length),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def error(status: str, code: str, *headers: bytes) -> bytes:
    """Return an error in the documented shape."""
    body = {"error": code, "message": f"{code} on purpose", "requestId": "req_error"}
    return message(status, json.dumps(body).encode(), *headers)


INTERNAL = error("500 Internal Server Error", "INTERNAL_ERROR")
EDGE = message("503 Service Unavailable", b"<html>down</html>", b"x-vercel-id: fra1::soak")
LIMITED = error("429 Too Many Requests", "RATE_LIMITED", b"Retry-After: 0.01")


class Figures:
    """Counts of what the server has seen."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.requests = 0
        self.connections = 0
        self.open = 0
        self.faults: Counter[str] = Counter()
        self.attempts: Counter[int] = Counter()  # of calls that are not over
        self.repeated: set[int] = set()

    def attempt(self, number: int, *, kept: bool) -> Fault | None:
        """Count an attempt of a call; what it meets.

        Over a kept connection, a disconnect is no attempt yet: the client takes it for a connection that
        was closed for being idle, and posts once more.
        """
        self.requests += 1
        here = fault(self.seed, number, self.attempts[number])
        if here is Fault.SILENT and kept and number not in self.repeated:
            self.repeated.add(number)
            self.faults[here] += 1
            return here
        self.repeated.discard(number)
        if here is None:
            self.attempts.pop(number, None)
        else:
            self.faults[here] += 1
            self.attempts[number] += 1
        return here

    def as_dict(self) -> dict[str, Any]:
        """For the other process."""
        counted = ("requests", "connections", "open", "faults")
        return {name: getattr(self, name) for name in counted}


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.buffer = b""
        self.kept = False
        self.dripping: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.figures.connections += 1
        self.figures.open += 1

    def connection_lost(self, error: Exception | None) -> None:
        self.figures.open -= 1
        if self.dripping:
            self.dripping.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head) if separator else None
        if length and len(body) >= int(length[1]):
            self.buffer = b""
            found = _NUMBER.search(body)
            assert found, body
            self.answer(found[1])

    def answer(self, number: bytes) -> None:
        """Answer, or do what the plan says instead."""
        body = number.join(TEMPLATE)
        write = self.transport.write
        met = self.figures.attempt(int(number), kept=self.kept)
        self.kept = True
        match met:
            case None:
                write(message("200 OK", body))
            case Fault.INTERNAL:
                write(INTERNAL)
            case Fault.EDGE:
                write(EDGE)
            case Fault.LIMITED:
                write(LIMITED)
            case Fault.SILENT:
                self.transport.close()
            case Fault.BROKEN:
                write(message("200 OK", body[: len(body) // 2], length=len(body)))
                self.transport.close()
            case Fault.CUT:
                write(message("200 OK", body[: len(body) // 2]))
            case Fault.SURPLUS:
                write(message("200 OK", body, length=len(body) // 2))
            case Fault.DRIP:
                self.dripping = asyncio.ensure_future(self.drip(message("200 OK", body)))

    async def drip(self, whole: bytes) -> None:
        """Send it in pieces."""
        size = len(whole) // 4
        for start in range(0, len(whole), size):
            self.transport.write(whole[start : start + size])
            await asyncio.sleep(_DRIP)


async def serve(seed: int) -> None:
    """Serve until the input ends."""
    loop = asyncio.get_running_loop()
    figures = Figures(seed)
    server = await loop.create_server(lambda: Answering(figures), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(figures.as_dict()), flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
