"""The direct path and aiohttp's session: when each is taken, and that they send the same."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from yarl import URL

from lightfast import AsyncLightfast, Lightfast, SessionAuth
from lightfast._transport import direct
from lightfast._transport.direct import DirectPath
from lightfast._transport.pool import ConnectionPool
from tests.conftest import KEY
from tests.servers import contract

known = pytest.mark.skipif(
    not aiohttp.__version__.startswith(direct.KNOWN_RELEASES),
    reason="this aiohttp is not known: every request goes through its session",
)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the paths that requests take."""
    names: list[str] = []

    def note(cls: type, method: str, name: str) -> None:
        send = getattr(cls, method)

        async def noting(*args: object) -> None:
            names.append(name)
            await send(*args)

        monkeypatch.setattr(cls, method, noting)

    note(DirectPath, "send", "direct")
    note(ConnectionPool, "_send_via_session", "session")
    return names


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[URL]:
    """Give a tracer to every session that is made from now on; return the URLs that it sees."""
    urls: list[URL] = []
    theirs = aiohttp.ClientSession.__init__

    async def on_start(
        _session: Any, _context: Any, params: aiohttp.TraceRequestStartParams
    ) -> None:
        urls.append(params.url)

    def init(self: aiohttp.ClientSession, *args: Any, **kwargs: Any) -> None:
        config = aiohttp.TraceConfig()
        config.on_request_start.append(on_start)
        theirs(self, *args, **kwargs, trace_configs=[config])

    monkeypatch.setattr(aiohttp.ClientSession, "__init__", init)
    return urls


@known
async def test_a_plain_request_goes_directly(client, taken):
    await client.search("q")
    await client.post("contents", {"id": "1"})
    assert taken == ["direct", "direct"]


async def test_an_aiohttp_that_is_not_known_is_used_by_its_session(client, taken, monkeypatch):
    monkeypatch.setattr(direct, "KNOWN_RELEASES", ())
    await client.search("q")
    assert taken == ["session"]


async def test_long_bodies_go_by_the_session(client, server, taken):
    await client.search("q" * 70_000)
    assert taken == ["session"]
    assert server.requests[0][1]["query"] == "q" * 70_000


async def test_a_request_through_a_proxy_goes_by_the_session(server, taken):
    proxy = f"http://127.0.0.1:{server.port}"
    options = {"base_url": "http://api.example/v1", "allow_insecure_http": True}
    async with AsyncLightfast(KEY, **options, proxy=proxy) as client:
        await client.search("q")
    assert taken == ["session"]


async def test_a_tracer_sees_every_request(seen, server):
    async with AsyncLightfast(KEY, base_url=server.base_url) as client:
        await client.search("q")
        await client.search("q")
    assert [str(url) for url in seen] == [f"{server.base_url}/search"] * 2


async def test_a_tracer_that_comes_later_sees_what_is_sent_from_then_on(client, monkeypatch):
    await client.search("q")
    theirs, urls = aiohttp.ClientSession._request, []

    async def traced(self, method, url, **options):
        urls.append(url)
        return await theirs(self, method, url, **options)

    monkeypatch.setattr(aiohttp.ClientSession, "_request", traced)
    await client.search("q")
    assert len(urls) == 1


def test_a_tracer_sees_the_requests_of_blocking_calls(seen, server):
    with Lightfast(KEY, base_url=server.base_url) as client:
        client.search("q")
    assert len(seen) == 1


async def test_what_answers_for_aiohttps_session_answers_a_client_that_was_used_before(
    client, server, request
):
    await client.search("q")
    scripted = request.getfixturevalue("scripted")
    scripted.post(f"{server.base_url}/search", payload=contract("response_minimal.json"))
    assert list(await client.search("q")) == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"api_key": KEY},
        {"auth": SessionAuth("eyJ.a-session.token", org_id="org_1")},
    ],
    ids=["key", "session"],
)
async def test_both_paths_send_the_same(options, server, monkeypatch):
    async with AsyncLightfast(base_url=server.base_url, **options) as client:
        await client.search("größer als 1", limit=3)
        await client.post("a/b", [1])
        monkeypatch.setattr(DirectPath, "can_send", lambda *_: False)
        await client.search("größer als 1", limit=3)
        await client.post("a/b", [1])
    assert server.requests[:2] == server.requests[2:]
    assert server.paths[:2] == server.paths[2:]


@known
async def test_a_new_key_is_sent_at_once(client, server, taken):
    other = client.with_options(api_key="sk-lf-another")
    for one in (client, other, client):
        await one.search("q")
    sent = [headers["Authorization"] for headers, _ in server.requests]
    assert sent == [f"Bearer {KEY}", "Bearer sk-lf-another", f"Bearer {KEY}"]
    assert set(taken) == {"direct"}


@known
async def test_a_connection_that_still_sends_when_the_answer_is_there_is_not_used_again(
    monkeypatch, taken
):
    monkeypatch.setattr(direct, "_SEND_AT_ONCE", 2**30)
    connections, done = [], asyncio.Event()
    body = json.dumps(contract("response_minimal.json")).encode()

    async def answer_early(reader, writer):
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await done.wait()
        writer.transport.abort()

    async with await asyncio.start_server(answer_early, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with AsyncLightfast(KEY, base_url=url, retries=0) as client:
            await client.search("q" * 20_000_000)
            await client.search("q")
        done.set()
    assert len(connections) == 2
    assert taken == ["direct", "direct"]
