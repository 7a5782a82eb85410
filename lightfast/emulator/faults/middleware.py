"""Middleware that records the API's requests and plays the scripted faults: the outermost layer of the server."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from lightfast.emulator.api.address import API_PREFIXES
from lightfast.emulator.api.dialect import Failure
from lightfast.emulator.api.requests import DIALECT, ON_BODY, BrokenBodyError, SlowBodyError, body
from lightfast.emulator.api.responses import REQUEST_ID, failure_answer
from lightfast.emulator.api.revisions import dialect_of
from lightfast.emulator.faults.faults import (
    Delay,
    Disconnect,
    Drip,
    ErrorAnswer,
    Fault,
    RawAnswer,
)
from lightfast.emulator.faults.script import RecordedRequest, Script, mask_header

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

__all__ = ["FaultMiddleware"]

DRIPS = 50  # pieces that a dripping answer comes in, at most
_POLL_INTERVAL = 0.05  # seconds between two checks whether the client is still connected


class FaultMiddleware:
    """Middleware through which all requests to the API pass.

    Args:
        script: Says what happens to them, and records them.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._ended = False

    async def end(self, _: web.Application) -> None:
        """End all delays: the server is shutting down."""
        self._ended = True

    @web.middleware
    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer as the script says, or as the handler does."""
        request[REQUEST_ID] = f"req_{secrets.token_hex(12)}"
        if not request.path.startswith(API_PREFIXES):
            return await handler(request)
        request[DIALECT] = dialect_of(self._script.api_revision, self._script.behavior)
        record = _record(request)
        self._script.record(record)
        on_body: Callable[[bytes], None] = partial(self._script.record_body, record)
        request[ON_BODY] = on_body
        record.fault = self._script.next_fault()
        return await self._perform(record, request, handler)

    async def _perform(
        self, record: RecordedRequest, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        match record.fault:
            case Disconnect(midway=False):
                await _read_body(request)
                return _close(request, web.Response())
            case ErrorAnswer() | RawAnswer():
                await _read_body(request)
                response = _scripted(record.fault, request)
                record.status = response.status
                return response
            case Delay(seconds=seconds):
                await self._pause(request, seconds)
        answer = await handler(request)
        match record.fault:
            case Disconnect():
                return await _break_off(request, answer)
            case Drip(seconds=seconds):
                record.status = answer.status
                return await self._drip(request, answer, seconds)
        record.status = answer.status
        return answer

    async def _drip(
        self, request: web.Request, answer: web.StreamResponse, seconds: float
    ) -> web.StreamResponse:
        content = _content(answer)
        stream = await _start_stream(request, answer, len(content))
        size = max(1, -(-len(content) // DRIPS))
        pieces = [content[start : start + size] for start in range(0, len(content), size)]
        for piece in pieces:
            await self._pause(request, seconds / len(pieces))
            if _is_gone(request):
                break
            await stream.write(piece)
        return stream

    async def _pause(self, request: web.Request, seconds: float) -> None:
        now = asyncio.get_running_loop().time
        until = now() + seconds
        # aiohttp has no event for a client that disconnects while a handler waits: poll its transport.
        while (left := until - now()) > 0 and not self._ended and not _is_gone(request):  # noqa: ASYNC110
            await asyncio.sleep(min(left, _POLL_INTERVAL))


def _record(request: web.Request) -> RecordedRequest:
    headers = [(name, mask_header(name, value)) for name, value in request.headers.items()]
    return RecordedRequest(
        method=request.method,
        path=request.path,
        headers=CIMultiDictProxy(CIMultiDict(headers)),
        at=datetime.now(UTC),
        request_id=request[REQUEST_ID],
    )


async def _read_body(request: web.Request) -> None:
    """Read the body, so that it is recorded."""
    with suppress(BrokenBodyError, SlowBodyError, web.HTTPException, ConnectionError):
        await body(request)


def _scripted(fault: Fault, request: web.Request) -> web.Response:
    if isinstance(fault, RawAnswer):
        return web.Response(
            status=fault.status,
            body=fault.body,
            content_type=fault.content_type,
            headers=dict(fault.headers),
        )
    assert isinstance(fault, ErrorAnswer)  # noqa: S101
    failure = Failure(
        fault.status,
        fault.code,
        fault.message,
        details=dict(fault.details),
        headers=dict(fault.headers),
    )
    return failure_answer(request, failure)


def _content(answer: web.StreamResponse) -> bytes:
    content = answer.body if isinstance(answer, web.Response) else b""
    return content if isinstance(content, bytes) else b""


async def _start_stream(
    request: web.Request, answer: web.StreamResponse, length: int
) -> web.StreamResponse:
    stream = web.StreamResponse(status=answer.status, headers=answer.headers)
    stream.content_length = length
    await stream.prepare(request)
    return stream


async def _break_off(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    content = _content(answer)
    stream = await _start_stream(request, answer, len(content))
    await stream.write(content[: len(content) // 2])
    return _close(request, stream)


def _close(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    """Close the connection; what was already written is still sent."""
    if request.transport:
        request.transport.close()
    return answer


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
