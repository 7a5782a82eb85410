"""Responses as they arrive: what they may cost, before and after decompression."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest

from lightfast import ResponseError
from lightfast._transport.incoming import ERROR_BODY_BYTES, IncomingResponse

MB = 1024 * 1024


class Chunks:
    """Body that comes in these chunks."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = list(chunks)

    def at_eof(self) -> bool:
        return not self._chunks

    def is_eof(self) -> bool:
        return False

    async def readany(self) -> bytes:
        return self._chunks.pop(0)


async def received(
    body: bytes, status: int = 200, coding: str = "", limit: int = 64 * MB
) -> IncomingResponse:
    incoming = IncomingResponse(limit)
    incoming.begin(status, (), {"Content-Encoding": coding} if coding else {})
    await incoming.read(Chunks(body))
    return incoming


@pytest.mark.parametrize("values", [b"[],", b"{},", b'{"":0},', b"[[[[]]]],", b'{"a":[]},'])
async def test_a_body_that_is_all_brackets_is_refused_before_it_is_parsed(values):
    """58 KB of gzip became 20 million lists, 3.3 GB of memory and 20 s of a stalled loop."""
    body = b'{"data":[' + values * (60 * MB // len(values)) + b"0]}"
    incoming = await received(gzip.compress(body, 1), coding="gzip")
    with pytest.raises(ResponseError, match="objects and arrays"):
        await incoming.body()


@pytest.mark.parametrize("values", [b"[],", b"{},", b'{"":0},', b"[[[[]]]],", b"[0],[0],9999,"])
async def test_an_answer_of_any_size_may_hold_a_container_in_16_bytes_at_most(values):
    """4 MB of brackets, far from the limit of an answer, were 300 MB and stalled the loop for 2 s."""
    body = b'{"data":[' + values * (4 * MB // len(values)) + b"0]}"
    with pytest.raises(ResponseError, match="objects and arrays"):
        await (await received(body)).body()
    short = body[: MB // 4]
    assert await (await received(short)).body() == short


async def test_a_larger_limit_allows_for_more_containers():
    body = b"[" + b"[],[0,1]," * 200_000 + b"0]"
    with pytest.raises(ResponseError, match="raise `max_response_bytes`"):
        await (await received(body)).body()
    assert await (await received(body, limit=256 * MB)).body() == body


async def test_inflating_leaves_the_event_loop_to_others():
    """Between two steps of a megabyte, what else is ready gets its turn."""
    incoming = await received(gzip.compress(bytes(20 * MB)), coding="gzip")
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await incoming.body()
    task.cancel()
    assert turns >= 15


async def test_as_many_values_as_results_hold_are_no_fault():
    """An answer of the largest size, of results with entities and references, is read."""
    item = {"id": "x" * 20, "title": "t" * 60, "entities": [{"key": "@a", "category": "p"}] * 3}
    body = json.dumps({"data": [item] * 20_000}).encode()
    incoming = await received(body, limit=len(body))
    assert await incoming.body() == body


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip"])
async def test_the_body_of_an_error_is_bounded_after_decompression(coding):
    body = b'{"error":"X","details":[' + b"[]," * 10 * MB + b"0]}"
    for _ in coding.split(","):
        body = gzip.compress(body)
    found = (await received(body, 400, coding)).error_body()
    assert len(found) <= ERROR_BODY_BYTES
    assert found.startswith(b'{"error":"X"')


async def test_the_body_of_an_error_that_is_cut_off_is_kept_as_far_as_it_goes():
    body = gzip.compress(b'{"error":"X"}' + b" " * 1000)[:-9]
    assert (await received(body, 503, "gzip")).error_body().startswith(b'{"error":"X"}')
    assert (await received(b"nonsense", 503, "gzip")).error_body() == b""
