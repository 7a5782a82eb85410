"""Connection pool: what it keeps, and whose errors it lets through."""

from __future__ import annotations

import asyncio
import gc
import weakref

import aiohttp
import pytest

from lightfast import AsyncLightfast, NetworkError, RequestTimeoutError
from lightfast._transport import pool as pool_module
from lightfast._transport.pool import ConnectionPool
from tests.conftest import KEY, QUICK
from tests.faults.checks import shows_secret
from tests.servers import answer, contract, delayed, page
from tests.waiting import eventually


def pools(client: AsyncLightfast) -> list[ConnectionPool]:
    return [lifetime.pool for lifetime in client._transport._pools.values()]


async def test_paths_are_not_remembered(client):
    for number in range(50):
        await client.post(f"items/{number}", {})
    (pool,) = pools(client)
    assert len(pool._origins) == 1


async def test_the_number_of_origins_is_bounded(client, server, monkeypatch):
    monkeypatch.setattr(pool_module, "_MOST_ORIGINS", 3)
    for number in range(10):
        other = client.with_options(base_url=f"http://t{number}.localhost:{server.port}/api/v1")
        try:
            await other.search("q", retries=0)
        except NetworkError:  # where such names are not resolved
            continue
    (pool,) = pools(client)
    assert len(pool._origins) <= 3


async def test_no_credential_outlives_the_client_that_sent_it(client):
    other = client.with_options(api_key="sk-lf-of-another-tenant")
    await other.search("q")
    credential = weakref.ref(other._config.auth)
    del other
    gc.collect()
    assert credential() is None
    assert "another-tenant" not in repr([vars(pool) for pool in pools(client)])


@pytest.mark.parametrize("error", [AssertionError("must not search"), RuntimeError("a bug")])
async def test_what_a_mock_raises_is_the_cause_and_is_not_retried(client, scripted, error):
    scripted.post(f"{client._config.base_url}/search", exception=error, repeat=True)
    with pytest.raises(NetworkError, match=type(error).__name__) as caught:
        await client.search("q")
    assert caught.value.__cause__ is error
    assert caught.value.attempts == 1
    assert not caught.value.retryable


async def test_what_a_tracer_raises_is_the_cause_and_is_not_retried(client, monkeypatch):
    async def broken(*_: object, **__: object) -> None:
        raise KeyError("a tracer with a bug")

    monkeypatch.setattr(aiohttp.ClientSession, "_request", broken)
    with pytest.raises(NetworkError, match="KeyError") as caught:
        await client.search("q")
    assert isinstance(caught.value.__cause__, KeyError)
    assert not shows_secret(str(caught.value), KEY)


async def test_waiting_for_a_connection_is_not_the_servers_fault(serve):
    server = serve(delayed(30, page("1")))
    options = {"max_connections": 1, "retries": 0}
    async with AsyncLightfast(KEY, base_url=server.base_url, **options) as client:
        sent = asyncio.create_task(client.search("q"))
        await eventually(lambda: server.requests)
        for _ in range(2):
            with pytest.raises(RequestTimeoutError, match="max_connections") as waited:
                await client.search("q", timeout=0.1)
            assert waited.value.attempts == 0
            assert "No answer" not in str(waited.value)
        sent.cancel()


async def test_a_slow_post_is_not_advised_to_search_faster(serve):
    server = serve(delayed(30, page("1")))
    async with AsyncLightfast(KEY, base_url=server.base_url, retries=0) as client:
        with pytest.raises(RequestTimeoutError) as posted:
            await client.post("contents", {}, timeout=0.1)
        with pytest.raises(RequestTimeoutError) as searched:
            await client.search("q", timeout=0.1)
    assert "mode=" not in str(posted.value)
    assert "use mode='fast'" in str(searched.value)


async def test_attempts_and_their_time_can_be_given_for_one_call(serve):
    server = serve(answer({"error": "BUSY"}, 503))
    async with AsyncLightfast(KEY, base_url=server.base_url, retries=QUICK) as client:
        for retries, attempts in ((0, 1), (1, 2), (QUICK, 3)):
            with pytest.raises(Exception, match="503") as caught:
                await client.search("q", retries=retries)
            assert caught.value.attempts == attempts
        late = answer(contract("response_minimal.json"))
        server.script = [delayed(30, late), delayed(0.4, late)]
        with pytest.raises(RequestTimeoutError, match=r"1 s of `attempt_timeout`"):
            await client.search("q", attempt_timeout=1, retries=0)
        assert list(await client.search("q", attempt_timeout=None)) == []


async def test_408_is_retried(serve):
    server = serve(answer("", 408), page("1"))
    async with AsyncLightfast(KEY, base_url=server.base_url, retries=QUICK) as client:
        assert (await client.search("q")).http.attempts == 2
