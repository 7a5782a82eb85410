"""One response as it arrives: head, then body, never more of it than allowed.

The connection pool owns it; the path that sent the request feeds it. When the wait ends early,
what has come is still there: a status of 300 or more is known even if the body is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from lightfast._transport.encoding import EncodingError, TooLargeError, decompress, run
from lightfast.exceptions import ResponseError

ERROR_BODY_BYTES = 256 * 1024
"""How much of an error's body is kept, decompressed: enough for any message."""

# An object or array costs up to 230 bytes of memory, but two of text, and the garbage collector's
# time. Answers to a search hold one in 20 bytes at most. A short answer may hold more: as many as
# a 512th of the bytes that one may have, 30 MB of memory by default.
_BYTES_PER_CONTAINER = 16
_LIMIT_PER_CONTAINER = 512


class Stream(Protocol):
    """Body of a response, as aiohttp's parser hands it on."""

    def at_eof(self) -> bool:
        """Tell whether all of it was read."""

    def is_eof(self) -> bool:
        """Tell whether all of it has come."""

    def read_nowait(self) -> bytes:
        """Return what has come of it."""

    async def readany(self) -> bytes:
        """Wait for more of it."""


class IncomingResponse:
    """One response as it arrives.

    Args:
        limit: Bytes that a body may have, compressed and decompressed.

    Attributes:
        reused: Whether the connection had carried a request before.
        status: HTTP status; 0 before the head is there.
        headers: Headers as received.
        length: Content-Length; None when the end is marked otherwise.
    """

    __slots__ = ("_chunks", "_coding", "_limit", "headers", "length", "reused", "status")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._chunks: list[bytes] = []
        self._coding: str | None = None
        self.reused = False
        self.status = 0
        self.headers: tuple[tuple[bytes, bytes], ...] = ()
        self.length: int | None = None

    def begin(
        self, status: int, raw: tuple[tuple[bytes, bytes], ...], headers: Mapping[str, str]
    ) -> None:
        """Take in the head.

        Raises:
            ResponseError: It promises a body that is too large.
        """
        self.status = status
        self.headers = raw
        self._coding = headers.get("Content-Encoding")
        length = headers.get("Content-Length")
        if length is not None:
            self.length = int(length)  # aiohttp's parser lets nothing but digits through
            if self.length > self._limit and status < 300:
                raise self._too_large()

    async def read(self, stream: Stream) -> None:
        """Take in the body; of an error, as much of it as is enough.

        Raises:
            ResponseError: The body is too large.
        """
        most = self._limit if self.status < 300 else ERROR_BODY_BYTES
        size = 0
        while not stream.at_eof():
            # Most answers have come whole by now, and need no coroutine: 0.5 % of a search.
            chunk = stream.read_nowait() if stream.is_eof() else await stream.readany()
            self._chunks.append(chunk)
            size += len(chunk)
            if size > most:
                if self.status < 300:
                    raise self._too_large()
                return

    async def body(self) -> bytes:
        """Return the whole body, decompressed.

        Raises:
            ResponseError: The body is too large, not what its Content-Encoding says, or holds
                more values than `max_response_bytes` allows for.
        """
        body = self._received()
        if self._coding:
            body = await self._decompressed(body)
        if len(body) > self._limit // _LIMIT_PER_CONTAINER:  # it may hold one for each byte, else
            self._check_cost(body)
        return body

    async def _decompressed(self, body: bytes) -> bytes:
        steps = decompress(body, self._coding or "", self._limit)
        try:
            while True:
                next(steps)
                await asyncio.sleep(0)  # others want the event loop, too
        except StopIteration as done:
            result: bytes = done.value
            return result
        except TooLargeError:
            raise self._too_large() from None
        except EncodingError as error:
            raise ResponseError(
                f"The server's answer cannot be read: {error}.", status=self.status
            ) from None

    def _check_cost(self, body: bytes) -> None:
        """Raise ResponseError if a body is all brackets: 58 KB of gzip can be 20 million lists."""
        most = max(self._limit // _LIMIT_PER_CONTAINER, len(body) // _BYTES_PER_CONTAINER)
        if len(body) > 2 * most and body.count(b"[") + body.count(b"{") > most:
            raise ResponseError(
                f"The answer holds more than {most:,} objects and arrays in {len(body):,} bytes; "
                "ask for fewer results, or raise `max_response_bytes`.",
                status=self.status,
            )

    def error_body(self) -> bytes:
        """Return the beginning of an error's body, decompressed; empty when that fails.

        The status says more than a body that cannot be read.
        """
        steps = decompress(self._received(), self._coding or "", ERROR_BODY_BYTES, prefix=True)
        try:
            return run(steps)[:ERROR_BODY_BYTES]
        except EncodingError:
            return b""

    def _received(self) -> bytes:
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def _too_large(self) -> ResponseError:
        return ResponseError(
            f"The answer is larger than {self._limit:,} bytes; ask for fewer results, or raise "
            "`max_response_bytes`.",
            status=self.status,
        )
