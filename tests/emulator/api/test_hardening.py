"""The emulator as a server that anybody may talk to: raw bytes, sizes, slowness, numbers."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightfast import AsyncLightfast, NetworkError
from lightfast.emulator import SAMPLE, Emulator
from lightfast.emulator.api import requests
from tests.emulator.conftest import Ask
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


@pytest.fixture
async def emulator(lines: Callable[..., Path]) -> AsyncIterator[Emulator]:
    async with Emulator([lines({"title": "Login"})]) as emulator:
        yield emulator


async def talk(emulator: Emulator, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Everything that is answered to some bytes until the connection ends."""
    host, port = emulator.console_url[7:].rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def request(key: str, body: bytes = b'{"query": "login"}', *lines: str) -> bytes:
    head = [
        "POST /api/v1/search HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {key}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *lines,
    ]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


# --- bodies ---------------------------------------------------------------------------------


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_large_body_is_cut_off(chunked: bool, emulator: Emulator, key: str) -> None:
    """413 for anything over a mebibyte, said or sent in chunks, and the next request is served."""
    body = b'{"query": "' + b"a" * (4 << 20) + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http:
        url = f"{emulator.base_url}/search"
        for data in (pieces() if chunked else io.BytesIO(body), b'{"query": "login"}'):
            async with http.post(url, data=data) as answer:
                status, told = answer.status, await answer.json()
            if data == b'{"query": "login"}':
                assert status == 200
            else:
                assert (status, told["error"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"query":' * 50_000,
        b'{"query": "a", "filters": ' + b'{"x":' * 5_000 + b"1" + b"}" * 5_001,
        b'{"query": "\\ud800"}',
        b'{"query": 1e999}',
        b'{"limit": 123456789012345678901234567890, "query": "a"}',
        b'{"query": "a", "limit": 1e400}',
        b'{"query": "a", "limit": -0.0}',
        b'\xef\xbb\xbf{"query": "a"}',
        '{"query": "a"}'.encode("utf-16"),
        b'{"query": "a"}\0',
        b"null",
        b'"query"',
        b"0",
        b'{"query": {"$ne": null}}',
        b'{"query": ["a"]}',
        b'{"query": "a", "limit": "10"}',
        b'{"query": "a", "offset": -1}',
        b'{"query": "a", "offset": 9007199254740992}',
        b'{"query": "a", "mode": null}',
        b'{"query": "a", "mode": []}',
        b'{"query": "a", "filters": []}',
        b'{"query": "a", "filters": {"sources": {}}}',
        b'{"query": "a", "filters": {"sources": [null]}}',
        b'{"query": "a", "filters": {"dateRange": "today"}}',
        b'{"query": "a", "filters": {"dateRange": {"start": "2026-01-01T00:00:00+00:00"}}}',
        b'{"query": "a", "filters": {"dateRange": {"end": "2026-02-30T00:00:00Z"}}}',
    ],
    ids=lambda body: repr(body[:60]),
)
@pytest.mark.parametrize("wire", ["2026-04-03", "2026-04-04"])
async def test_a_wrong_body_is_a_bad_request(
    wire: Any, body: bytes, emulator: Emulator, key: str, ask: Ask
) -> None:
    """400 with words on either wire (which may pass `filters` over), never 500."""
    emulator.api_revision = wire
    answer = await ask(emulator, key, data=body)
    ignored = wire == "2026-04-04" and (b"filters" in body or b"offset" in body)
    assert answer.status == 400 or (ignored and answer.status == 200)
    assert answer.status == 200 or answer.body["message"]


@pytest.mark.parametrize("wire", ["2026-04-03", "2026-04-04"])
async def test_any_json_is_answered(wire: Any, emulator: Emulator, key: str, ask: Ask) -> None:
    """200 or 400, whatever stands in whichever field."""
    emulator.api_revision = wire
    loop = asyncio.get_running_loop()
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    )
    names = st.sampled_from(
        [
            "query",
            "limit",
            "offset",
            "mode",
            "filters",
            "sources",
            "types",
            "after",
            "before",
            "sourceTypes",
            "dateRange",
        ]
    )
    filters = st.dictionaries(names, values, max_size=4)
    bodies = st.dictionaries(names, values | filters, max_size=5) | values

    @settings(
        max_examples=150,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(bodies)
    def one(body: Any) -> None:
        data = json.dumps(body).encode()
        answer = asyncio.run_coroutine_threadsafe(ask(emulator, key, data=data), loop).result(
            PATIENCE
        )
        assert answer.status in (200, 400)

    await asyncio.to_thread(one)


# --- bytes ----------------------------------------------------------------------------------

NONSENSE = [
    b"\r\n\r\n",
    b"GARBAGE\r\n\r\n",
    b"GET\r\n\r\n",
    b"POST /api/v1/search HTTP/9.9\r\n\r\n",
    b"POST /api/v1/search HTTP/1.1\r\nHost : x\r\n\r\n",
    b"POST /api/v1/search HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    b"POST /api/v1/search HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /api/v1/search HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/search HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nx\r\n",
    b"POST /api/v1/search HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    b"POST /api/v1/search HTTP/1.1\r\n" + b"X: a\r\n" * 50_000 + b"\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS client's greeting
    b"POST http://evil.example/api/v1/search HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"\0" * 10_000,
]


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda b: repr(b[:50]))
async def test_nonsense_is_refused_and_the_next_client_served(
    nonsense: bytes, emulator: Emulator, key: str, ask: Ask
) -> None:
    """Never an answer of 200, never a server that stops."""
    host, port = emulator.console_url[7:].rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(nonsense)
    writer.write_eof()
    try:
        answer = await asyncio.wait_for(reader.read(), PATIENCE)
    except ConnectionError:
        answer = b""
    writer.close()
    assert b" 200 " not in answer.partition(b"\r\n")[0]
    assert (await ask(emulator, key, query="login")).status == 200


async def test_no_header_is_injected(emulator: Emulator, key: str) -> None:
    """Nothing that a client sends comes back in a header, whatever lines it breaks."""
    for line in (
        "X-Request-ID: evil\r\n",
        "X-Org-ID: org\x0bSet-Cookie: a=b",
        "Origin: https://evil.example",
        "Cookie: __session=a\x0b; x",
        "X-Org-ID: %0d%0aSet-Cookie: a=b",
    ):
        answer = await talk(emulator, request(key, b'{"query": "a"}', line.strip()))
        head = answer.partition(b"\r\n\r\n")[0].lower()
        assert b"evil" not in head
        assert b"set-cookie" not in head
        assert b"access-control" not in head
    body = b'{"query": "a\\r\\nSet-Cookie: a=b", "mode": "x\\r\\nSet-Cookie: a=b"}'
    head = (await talk(emulator, request(key, body))).partition(b"\r\n\r\n")[0]
    assert b"Set-Cookie" not in head


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/console/../../../etc/passwd",
        "/console/%2e%2e/%2e%2e/service.py",
        "/console/..%2f..%2fservice.py",
        "/console/..\\..\\service.py",
        "/console//etc/passwd",
        "/console/index.html",
        "/console/routes.py",
        "/console/%00",
        "/console/",
        "/console/api/",
        "/api/v1/../../console.css",
        "/console/api/keys/../state/..",
    ],
)
async def test_no_path_leads_out(path: str, emulator: Emulator) -> None:
    """Files are those of the console, by name; everything else is 404 in the documented shape."""
    line = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    head, _, body = (await talk(emulator, line.encode())).partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))
    assert b"root:" not in body
    assert b"import" not in body


# --- slowness -------------------------------------------------------------------------------


async def test_slow_clients_keep_nobody_waiting(
    emulator: Emulator, key: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred that dribble their requests; others are answered meanwhile; they get 408."""
    monkeypatch.setattr(requests, "BODY_TIMEOUT", 0.5)
    whole = request(key, b'{"query": "login"}' + b" " * 20)
    pieces = [whole[:-20], *(b" " for _ in range(9))]
    slow = [asyncio.ensure_future(talk(emulator, *pieces, pause=0.1)) for _ in range(100)]
    await asyncio.sleep(0.2)
    answers = await asyncio.gather(*(ask(emulator, key, query="login") for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    told = await asyncio.gather(*slow)
    assert sum(answer.startswith(b"HTTP/1.1 408") for answer in told) >= 90


async def test_clients_that_leave_are_not_missed(
    emulator: Emulator, key: str, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    """In the head, in the body, before the answer: nothing is logged as an error, all goes on."""
    caplog.set_level(logging.WARNING)
    host, port = emulator.console_url[7:].rstrip("/").split(":")
    whole = request(key)
    for cut in (5, 60, len(whole) - 4, len(whole)):
        for _ in range(5):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(whole[:cut])
            await writer.drain()
            writer.transport.abort()
    await asyncio.sleep(0.1)
    assert (await ask(emulator, key, query="login")).status == 200
    assert [record.getMessage() for record in caplog.records] == []


# --- numbers --------------------------------------------------------------------------------


async def test_two_hundred_clients_at_once(emulator: Emulator, key: str) -> None:
    """Each on a connection of its own, three requests each: every answer is right."""

    async def client(number: int) -> list[int]:
        options = {"retries": 0, "timeout": 5 * PATIENCE, "attempt_timeout": None}
        async with AsyncLightfast(key, base_url=emulator.base_url, **options) as client:
            return [(await client.search(f"login {number}")).meta.total or 0 for _ in range(3)]

    totals = await asyncio.gather(*(client(number) for number in range(200)))
    assert totals == [[1, 1, 1]] * 200


async def test_two_emulators_two_organizations_fifty_clients(
    lines: Callable[..., Path], tmp_path: Path
) -> None:
    """On one database, with keys and sessions mixed: everybody sees their own, and only that."""
    database = tmp_path / "shared.sqlite3"
    paths = {
        name: lines(*({"title": f"Login of {name} {n}"} for n in range(7)), name=f"{name}.jsonl")
        for name in ("acme", "umbrella")
    }
    async with (
        Emulator([paths["acme"]], database=database, organization="acme") as first,
        Emulator([paths["umbrella"]], database=database, organization="umbrella") as second,
    ):
        users = {
            e.accounts.organization.name: e.accounts.create_user(
                "u", organization=e.accounts.organization
            )
            for e in (first, second)
        }

        async def client(number: int) -> tuple[str, set[str]]:
            server, owner = (first, second)[number % 2], (first, second)[number // 2 % 2]
            name = owner.accounts.organization.name
            if number % 3:
                headers = {"Authorization": f"Bearer {owner.create_api_key(f'{number}')}"}
            else:
                token = await asyncio.to_thread(owner.accounts.create_session_token, users[name])
                headers = {
                    "Cookie": f"__session={token}",
                    "X-Org-ID": owner.accounts.organization.id,
                }
            titles = set()
            async with aiohttp.ClientSession(headers=headers) as http:
                for _ in range(4):
                    async with http.post(
                        f"{server.base_url}/search", json={"query": "login"}
                    ) as answer:
                        titles |= {r["title"] for r in (await answer.json())["data"]}
            return name, titles

        seen = await asyncio.gather(*(client(number) for number in range(50)))
    for name, titles in seen:
        assert titles == {f"Login of {name} {n}" for n in range(7)}


async def test_a_client_of_a_stopped_emulator_is_told() -> None:
    """The connection is closed, not left to hang."""
    async with Emulator([SAMPLE]) as emulator:
        client = AsyncLightfast(
            emulator.create_api_key(), base_url=emulator.base_url, retries=0, timeout=PATIENCE
        )
        await client.search("login")
    with pytest.raises(NetworkError):
        await client.search("login")
    await client.aclose()
