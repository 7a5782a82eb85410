"""Plays what is scripted, and tells the script what came: the outermost layer of the HTTP face."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from lightfast.emulator.api.requests import HEARD, SlowBodyError, body
from lightfast.emulator.api.responses import API_REVISION, BASE_PATH, REQUEST_ID, failure_answer
from lightfast.emulator.faults.faults import (
    Delay,
    Disconnect,
    Drip,
    ErrorAnswer,
    Fault,
    RawAnswer,
)
from lightfast.emulator.faults.script import RecordedRequest, Script, masked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

__all__ = ["Stage"]

DRIPS = 50  # pieces that a dripping answer comes in, at most
_TICK = 0.05  # seconds between two looks at whether somebody still waits


class Stage:
    """Where the API's requests pass through.

    Args:
        script: What shall happen to them, and who remembers them.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._ended = False

    async def end(self, _: web.Application) -> None:
        """Let nobody wait any longer: the server stops."""
        self._ended = True

    @web.middleware
    async def play(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer as the script says, or as the handler does."""
        request[REQUEST_ID] = f"req_{secrets.token_hex(12)}"
        if not request.path.startswith(f"{BASE_PATH}/"):
            return await handler(request)
        request[API_REVISION] = self._script.api_revision
        record = _record(request)
        self._script.record(record)
        heard: Callable[[bytes], None] = partial(self._script.record_body, record)
        request[HEARD] = heard
        record.fault = self._script.next_fault()
        return await self._perform(record, request, handler)

    async def _perform(
        self, record: RecordedRequest, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        match record.fault:
            case Disconnect(midway=False):
                await _hear(request)
                return _cut(request, web.Response())
            case ErrorAnswer() | RawAnswer():
                await _hear(request)
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
        stream = await _begin(request, answer, len(content))
        size = max(1, -(-len(content) // DRIPS))
        pieces = [content[start : start + size] for start in range(0, len(content), size)]
        for piece in pieces:
            await self._pause(request, seconds / len(pieces))
            if _gone(request):
                break
            await stream.write(piece)
        return stream

    async def _pause(self, request: web.Request, seconds: float) -> None:
        now = asyncio.get_running_loop().time
        until = now() + seconds
        # Nothing tells when a client has gone but its connection, looked at again and again.
        while (left := until - now()) > 0 and not self._ended and not _gone(request):  # noqa: ASYNC110
            await asyncio.sleep(min(left, _TICK))


def _record(request: web.Request) -> RecordedRequest:
    headers = [(name, masked(name, value)) for name, value in request.headers.items()]
    return RecordedRequest(
        method=request.method,
        path=request.path,
        headers=CIMultiDictProxy(CIMultiDict(headers)),
        at=datetime.now(UTC),
        request_id=request[REQUEST_ID],
    )


async def _hear(request: web.Request) -> None:
    """Read the body for the record's sake."""
    with suppress(SlowBodyError, web.HTTPException, ConnectionError):
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
    told = {"error": fault.code}
    if fault.message is not None:
        told["message"] = fault.message
    details = {"details": dict(fault.details)} if fault.details else {}
    return failure_answer(request, fault.status, {**told, **details}, fault.headers)


def _content(answer: web.StreamResponse) -> bytes:
    content = answer.body if isinstance(answer, web.Response) else b""
    return content if isinstance(content, bytes) else b""


async def _begin(
    request: web.Request, answer: web.StreamResponse, length: int
) -> web.StreamResponse:
    stream = web.StreamResponse(status=answer.status, headers=answer.headers)
    stream.content_length = length
    await stream.prepare(request)
    return stream


async def _break_off(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    content = _content(answer)
    stream = await _begin(request, answer, len(content))
    await stream.write(content[: len(content) // 2])
    return _cut(request, stream)


def _cut(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    """Close the connection; what was written before still goes out."""
    if request.transport:
        request.transport.close()
    return answer


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
