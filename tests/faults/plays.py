"""Plays: the words that the tables of faults are written in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any

from tests.faults.server import Play, Wire
from tests.servers import contract

GOOD = contract("response_documented.json")
GOOD_BODY = json.dumps(GOOD).encode()
JSON_TYPE = ("Content-Type", "application/json")

Echo = Callable[[bytes], bytes]
"""Builds bytes from the credential that came with the request."""


def head(
    status: int | str = 200,
    headers: Iterable[tuple[str, str]] = (JSON_TYPE,),
    *,
    length: int | None = None,
    version: str = "HTTP/1.1",
    reason: str = "Whatever",
) -> bytes:
    """Return a status line and headers."""
    lines = [f"{version} {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def message(
    body: Any = GOOD, status: int = 200, headers: Iterable[tuple[str, str]] = (), **options: Any
) -> bytes:
    """Return a whole, well-framed answer; a body that is not bytes becomes JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = tuple(headers)
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers += (JSON_TYPE,)
    return head(status, headers, length=len(data), **options) + data


def reply(*args: Any, **options: Any) -> Play:
    """Answers well-framed, and keeps the connection."""
    return raw(message(*args, **options), keep=True)


def raw(data: bytes, *, keep: bool = False) -> Play:
    """Write bytes; then close, unless the connection is kept."""

    async def play(wire: Wire) -> bool:
        await wire.send(data)
        return keep

    return play


def echo(build: Echo, *, keep: bool = False) -> Play:
    """Write what is built from the credential that came."""

    async def play(wire: Wire) -> bool:
        await wire.send(build(wire.request.credential))
        return keep

    return play


def raw_then_hang(data: bytes) -> Play:
    """Write bytes and fall silent."""

    async def play(wire: Wire) -> None:
        await wire.send(data)
        await wire.hang()

    return play


def raw_then_reset(data: bytes) -> Play:
    """Write bytes, let them arrive, and reset the connection."""

    async def play(wire: Wire) -> None:
        await wire.send(data)
        await asyncio.sleep(0.02)
        wire.reset()

    return play


def drip(start: bytes, pieces: Iterable[bytes], every: float = 0.05) -> Play:
    """Write a beginning at once and the rest slowly; `pieces` must be endless or repeatable."""

    async def play(wire: Wire) -> None:
        await wire.send(start)
        await wire.drip(pieces, every)

    return play


def flood(start: bytes, piece: bytes, times: int) -> Play:
    """Write a beginning, and then the same bytes again and again as fast as they are taken."""

    async def play(wire: Wire) -> None:
        await wire.send(start)
        for _ in range(times):
            await wire.send(piece)

    return play


def after(delay: float, then: Play) -> Play:
    """Wait first."""

    async def play(wire: Wire) -> bool | None:
        await asyncio.sleep(delay)
        return await then(wire)

    return play


async def hang(wire: Wire) -> None:
    """Read, and never answer."""
    await wire.hang()


async def close(_: Wire) -> None:
    """Close without a word."""


async def reset(wire: Wire) -> None:
    """Reset without a word."""
    wire.reset()


async def half_close(wire: Wire) -> None:
    """Says that nothing more will come, and stays."""
    wire.finish()
    await wire.hang()


healthy = reply()
