"""Hostile requests, which do nothing to a running emulator."""

from __future__ import annotations

import asyncio
import contextlib
import io
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from lightfast.emulator import Emulator, app, faults
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from .conftest import Ask

SYNTAX = (
    *(
        "' OR '1'='1",
        "'; DROP TABLE document; --",
        '" OR ""="',
        "x' UNION SELECT digest FROM api_key --",
    ),
    *(
        "title:login",
        "NEAR(a b)",
        "a* OR b",
        '"',
        "\\",
        "%",
        "_",
        "\0",
        "[1,2]",
        '"] OR 1',
        "{weights}",
    ),
    *(":match", "?1", "$.x", "../../etc/passwd", "é\u202e🙂"),
)
LISTS = ("sourceTypes", "observationTypes", "sources", "entityTypes", "actorNames")


@pytest.fixture
async def emulator(lines: Callable[..., Path]) -> AsyncIterator[Emulator]:
    observations = [{"title": f"Login bug {number}", "actor": "@ada"} for number in range(12)]
    async with Emulator([lines(*observations)]) as emulator:
        yield emulator


def place(emulator: Emulator) -> tuple[str, int]:
    host, _, port = emulator.base_url.removeprefix("http://").partition("/")[0].partition(":")
    return host, int(port)


async def raw(emulator: Emulator, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Everything that the emulator says to bytes sent piece by piece, until it hangs up."""
    reader, writer = await asyncio.open_connection(*place(emulator))
    answer = bytearray()

    async def listen() -> None:
        with contextlib.suppress(ConnectionError):  # what came before stays
            while piece := await reader.read(1 << 16):
                answer.extend(piece)

    listening = asyncio.create_task(listen())
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            if listening.done():
                break
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
    await asyncio.wait_for(listening, PATIENCE)
    writer.close()
    return bytes(answer)


def post(*headers: str, body: bytes = b'{"query": "login"}') -> bytes:
    """Return a search as bytes, after which the connection is to be closed."""
    lines = ["POST /api/v1/search HTTP/1.1", "Host: x", "Connection: close", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


# --- syntax ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
async def test_no_filter_is_taken_for_syntax(
    name: str, emulator: Emulator, key: str, ask: Ask
) -> None:
    """SQL and FTS5 in a filter are a value that no document has; nothing is harmed."""
    for value in SYNTAX:
        answer = await ask(emulator, key, query="login", filters={name: [value]})
        assert (answer.status, answer.body["meta"]["total"]) == (200, 0), value
    assert (await ask(emulator, key, query="login")).body["meta"]["total"] == 12


async def test_no_other_text_is_taken_for_syntax(emulator: Emulator, key: str, ask: Ask) -> None:
    """Modes, times and keys that hold SQL or FTS5 are refused in the documented words."""
    for value in SYNTAX:
        answers = [
            await ask(emulator, key, query="login", mode=value),
            await ask(emulator, key, query="login", filters={"dateRange": {"start": value}}),
            await ask(emulator, key, query="login", filters={"dateRange": {"end": value}}),
        ]
        assert [(a.status, a.body["error"]) for a in answers] == [(400, "VALIDATION_ERROR")] * 3
        if value.isprintable() and value.isascii():
            stranger = await ask(emulator, f"sk-lf-{value}", query="login")
            assert (stranger.status, stranger.body["error"]) == (401, "UNAUTHORIZED")
    assert (await ask(emulator, key, query="login")).body["meta"]["total"] == 12


# --- headers and framing --------------------------------------------------------------------


async def test_nothing_of_a_request_gets_into_headers(
    emulator: Emulator, key: str, ask: Ask
) -> None:
    """Line breaks in texts, and headers of the answer's own names, leave the answer's headers alone."""
    plain = await ask(emulator, key, query="login")
    evil = "x\r\nSet-Cookie: stolen=1\r\n\r\n<html>"
    headers = {
        "X-Request-ID": "mine",
        "Server": "mine",
        "Set-Cookie": "stolen=1",
        "X-Org-ID": "mine",
    }
    answers = [
        await ask(emulator, key, query=evil, headers=headers),
        await ask(emulator, key, query="login", mode=evil, headers=headers),
        await ask(emulator, query=evil, headers=headers),
        await ask(emulator, key, path="/x%0d%0aSet-Cookie:%20stolen=1", headers=headers),
    ]
    assert [answer.status for answer in answers] == [200, 400, 401, 404]
    for answer in answers:
        assert answer.headers.keys() - {"WWW-Authenticate"} == plain.headers.keys()
        assert "mine" not in answer.headers.values()
        assert answer.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    "request_",
    [
        post("X-Org-ID: a\0b"),
        post("X-Org-ID: a\rb"),
        post("X-Org-ID : a"),
        post(" folded: a"),
        post("Content-Length: 3"),
        post("Transfer-Encoding: chunked"),
        post("Transfer-Encoding: nonsense"),
        post("X: " + "a" * 20_000),
        b"POST /api/v1/search HTTP/9.9\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 200 + b"\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
    ids=lambda request: repr(request[50:90]),
)
async def test_what_is_not_quite_http_is_refused(
    request_: bytes, emulator: Emulator, key: str, ask: Ask
) -> None:
    """400 and the end of the connection, so that no second request hides in the first; others are served."""
    smuggled = post(f"Authorization: Bearer {key}")
    answer = await raw(emulator, request_ + smuggled)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert answer.count(b"HTTP/1.") == 1
    assert (await ask(emulator, key, query="login")).status == 200


# --- bodies ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("beyond", "status"), [(-1, 200), (0, 200), (1, 413)])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_mebibyte_is_the_limit(
    beyond: int, status: int, chunked: bool, emulator: Emulator, key: str, ask: Ask
) -> None:
    """To the byte, whether the length is announced or not."""
    size = (1 << 20) + beyond
    body = b'{"query": "login%s"}' % (b" " * (size - len(b'{"query": "login"}')))
    assert len(body) == size
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"{emulator.base_url}/search",
            data=_pieces(body) if chunked else io.BytesIO(body),
            headers={"Authorization": f"Bearer {key}"},
        ) as response,
    ):
        answer = await response.json()
    assert (response.status, answer.get("error")) == (
        status,
        "PAYLOAD_TOO_LARGE" if status == 413 else None,
    )
    assert (await ask(emulator, key, query="login")).status == 200


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 1 << 16):
        yield body[start : start + (1 << 16)]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("revision", ["2026-04-03", "2026-04-04"])
async def test_a_body_that_is_not_what_its_coding_says_is_refused(
    coding: str, revision: Any, emulator: Emulator, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is the client's error, also where a scripted fault answers, and nothing for the log."""
    emulator.api_revision = revision
    headers = {"Authorization": f"Bearer {key}", "Content-Encoding": coding, "Content-Type": "application/json"}  # fmt: skip
    url = f"{emulator.base_url}/search"
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(url, data=b'{"query": "login"}') as refused:
            assert (refused.status, refused.content_type) == (400, "application/json")
        emulator.script(faults.internal_error())
        async with session.post(url, data=b'{"query": "login"}') as scripted:
            assert scripted.status == 500
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.skipif(
    tuple(map(int, aiohttp.__version__.split(".")[:3])) < (3, 14, 4),
    reason="before 3.14.4, aiohttp does not time a connection before its first whole request",
)
async def test_headers_that_drip_are_cut_off(
    lines: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection without a whole request is closed when it has been idle for too long."""
    monkeypatch.setattr(app, "IDLE_TIMEOUT", 0.2)
    async with Emulator([lines({"title": "Login"})]) as emulator:
        drops = [bytes([byte]) for byte in post("X: " + "a" * 1_000)]
        answer = await asyncio.wait_for(raw(emulator, *drops, pause=0.01), PATIENCE)
    assert answer == b""
