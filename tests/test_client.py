"""The client: what it sends, what it gives, and what becomes of copies."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import threading
import time
import warnings
from collections.abc import AsyncIterable
from typing import Any

import pytest

from lightfast import (
    AsyncLightfast,
    ConfigurationError,
    Lightfast,
    RetryPolicy,
    SearchFilters,
    SearchOutcome,
    SearchResult,
    ServerError,
    SessionAuth,
    UsageError,
)
from tests.conftest import KEY, QUICK
from tests.servers import answer, delayed, error, held, page
from tests.waiting import eventually


async def test_a_search_sends_its_arguments_and_gives_a_typed_response(client, server):
    response = await client.search(
        "who broke the login page?",
        limit=20,
        offset=40,
        mode="thorough",
        filters=SearchFilters(sources=["github"]),
        extra_body={"explain": True},
    )
    assert server.paths == ["/api/v1/search"]
    assert server.requests[0][1] == {
        "query": "who broke the login page?",
        "limit": 20,
        "offset": 40,
        "mode": "thorough",
        "filters": {"sourceTypes": ["github"], "sources": ["github"]},
        "sources": ["github"],
        "explain": True,
    }
    assert response[0].title.startswith("Retry failed requests")
    assert response.http.status == 200
    assert response.http.headers["content-type"].startswith("application/json")


async def test_what_the_api_would_refuse_is_refused_before_it_is_sent(client, server):
    with pytest.raises(ConfigurationError, match="`limit`"):
        await client.search("q", limit=0)
    with pytest.raises(ConfigurationError, match="`timeout`"):
        await client.search("q", timeout=0)
    assert server.requests == []


async def collect(results: AsyncIterable[SearchResult]) -> list[str]:
    return [hit.id async for hit in results]


async def test_results_are_paged_through_to_the_end(serve):
    server = serve(page("1", "2", total=5), page("3", "4", total=5), page("5", total=5))
    async with AsyncLightfast(KEY, base_url=server.base_url) as client:
        assert await collect(client.iter_results("q", limit=2)) == ["1", "2", "3", "4", "5"]
    assert [body["offset"] for _, body in server.requests] == [0, 2, 4]


async def test_a_server_that_ignores_the_offset_is_noticed(serve):
    server = serve(page("1", "2", total=2))
    async with AsyncLightfast(KEY, base_url=server.base_url) as client:
        assert await collect(client.iter_results("q", limit=2)) == ["1", "2"]
    assert len(server.requests) == 2


async def test_pages_that_overlap_yield_nothing_twice(serve):
    server = serve(page("1", "2"), page("2", "3"), page("3", "1"))
    async with AsyncLightfast(KEY, base_url=server.base_url) as client:
        assert await collect(client.iter_results("q", limit=2)) == ["1", "2", "3"]


async def test_no_more_is_asked_for_than_is_wanted(serve):
    server = serve(page("1", "2", "3", total=9))
    async with AsyncLightfast(KEY, base_url=server.base_url) as client:
        assert await collect(client.iter_results("q", max_results=3)) == ["1", "2", "3"]
        with pytest.raises(ConfigurationError, match="max_results"):
            await collect(client.iter_results("q", max_results=0))
    assert [body["limit"] for _, body in server.requests] == [3]


async def test_any_endpoint_can_be_posted_to(serve):
    server = serve(answer({"answer": 42, "requestId": "req_1"}))
    async with AsyncLightfast(KEY, base_url=server.base_url) as client:
        response = await client.post("/contents", {"ids": ["a"]}, timeout=5)
    assert server.paths == ["/api/v1/contents"]
    assert server.requests[0][1] == {"ids": ["a"]}
    assert (response.data["answer"], response.request_id) == (42, "req_1")
    assert response.http.attempts == 1


async def test_with_options_changes_what_is_given_on_the_same_connections(serve):
    server = serve(error(503, "BUSY"))
    async with AsyncLightfast(KEY, base_url=server.base_url, retries=QUICK) as client:
        once = client.with_options(retries=0, api_key="sk-lf-other", timeout=1, attempt_timeout=1)
        with pytest.raises(ServerError):
            await once.search("q")
        await once.aclose()
        with pytest.raises(UsageError):
            await once.search("q")
        assert server.requests[0][0]["Authorization"] == "Bearer sk-lf-other"
        with pytest.raises(ServerError):
            await client.search("q")
    assert len(server.requests) == 1 + 3
    with pytest.raises(UsageError):
        await client.with_options(timeout=3).search("q")


async def test_with_options_checks_as_the_constructor_does(client):
    for options in ({"timeout": 0}, {"retries": -1}, {"base_url": "x"}, {"api_key": "x"}):
        with pytest.raises(ConfigurationError):
            client.with_options(**options)
    session = client.with_options(auth=SessionAuth("t", org_id="o"), base_url="https://a.example")
    assert "SessionAuth" in repr(session)
    assert "a.example" in repr(session)


@pytest.mark.parametrize("make", [AsyncLightfast, Lightfast])
def test_a_pickled_client_carries_its_options_and_not_its_key(make, monkeypatch):
    client = make(KEY, base_url="http://localhost:1/v1", timeout=7, retries=RetryPolicy(retries=5))
    pickled = pickle.dumps(client)
    assert b"ThisKeyMust" not in pickled
    with pytest.raises(ConfigurationError, match="LIGHTFAST_API_KEY"):
        pickle.loads(pickled)
    monkeypatch.setenv("LIGHTFAST_API_KEY", "sk-lf-there")
    twin = pickle.loads(pickled)
    assert type(twin) is make
    assert pickle.loads(pickle.dumps(twin)).__reduce__()[1][1] == twin.__reduce__()[1][1] | {
        "retry_budget": pickle.loads(pickle.dumps(twin)).__reduce__()[1][1]["retry_budget"]
    } or "localhost:1/v1" in repr(twin)
    options = twin.__reduce__()[1][1]
    assert (options["timeout"], options["retries"].retries) == (7.0, 5)


@pytest.mark.parametrize("make", [AsyncLightfast, Lightfast])
def test_a_client_that_would_be_another_elsewhere_is_not_pickled(make):
    for options in (
        {"auth": SessionAuth("t", org_id="o")},
        {"api_key": KEY, "proxy": "http://me:secret@proxy:1"},
    ):
        with pytest.raises(ConfigurationError, match="cannot be pickled"):
            pickle.dumps(make(**options))


@pytest.mark.parametrize("make", [AsyncLightfast, Lightfast])
def test_a_copied_client_shares_the_connections(make):
    client = make(KEY)
    for twin in (copy.copy(client), copy.deepcopy(client)):
        assert type(twin) is make
        assert repr(twin) == repr(client)


def test_a_client_that_is_not_closed_says_where_it_was_made(server):
    client = AsyncLightfast(KEY, base_url=server.base_url)
    asyncio.run(client.search("q"))
    with pytest.warns(ResourceWarning, match=r"test_client\.py:\d+"):
        del client
        gc.collect()


def test_a_client_that_was_never_used_or_was_closed_says_nothing(server):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        AsyncLightfast(KEY)
        Lightfast(KEY)
        with Lightfast(KEY, base_url=server.base_url) as client:
            client.search("q")
        del client
        gc.collect()


async def outcomes(client: AsyncLightfast, queries: Any, **options: Any) -> list[SearchOutcome]:
    return [outcome async for outcome in client.search_many(queries, **options)]


async def test_many_searches_give_one_outcome_each_in_order(client, server):
    found = await outcomes(client, (f"q{number}" for number in range(50)), limit=3)
    assert [outcome.query for outcome in found] == [f"q{number}" for number in range(50)]
    assert [outcome.index for outcome in found] == list(range(50))
    assert all(outcome.ok for outcome in found)
    assert all(body["limit"] == 3 for _, body in server.requests)
    assert len(server.requests) == 50


async def test_no_more_than_k_searches_are_under_way(serve):
    async def respond(request):
        await eventually(lambda: server.most_in_flight == 3)
        return await delayed(0.02, page("1"))(request)

    server = serve(respond)
    async with AsyncLightfast(KEY, base_url=server.base_url) as client:
        await outcomes(client, ["q"] * 20, concurrency=3)
    assert server.most_in_flight == 3


async def test_outcomes_may_come_as_they_are_ready(serve):
    others = threading.Event()

    async def respond(request):
        is_first = (await request.json())["query"] == "a"
        return await (held(others, page("slow")) if is_first else page("quick"))(request)

    found = []
    async with AsyncLightfast(KEY, base_url=serve(respond).base_url) as client:
        async for outcome in client.search_many(["a", "b", "c"], ordered=False):
            found.append(outcome.index)
            if len(found) == 2:
                others.set()
    assert found in ([1, 2, 0], [2, 1, 0])


async def test_a_failure_is_a_value_and_the_others_go_on(serve):
    server = serve(page("1"), error(400, "VALIDATION_ERROR"), page("3"))
    async with AsyncLightfast(KEY, base_url=server.base_url) as client:
        found = await outcomes(client, ["a", "b", "", "c"], concurrency=1)
    assert [outcome.ok for outcome in found] == [True, False, False, True]
    assert found[1].error.status == 400
    assert isinstance(found[2].error, ConfigurationError)


async def test_all_workers_wait_when_one_is_told_to(serve, caplog):
    times = []

    def noted(then):
        async def respond(request):
            times.append(time.monotonic())
            return await then(request)

        return respond

    async def respond_when_the_other_is_told(request):
        await eventually(lambda: "RATE_LIMITED" in caplog.text)
        return await page("1")(request)

    server = serve(
        noted(error(429, "RATE_LIMITED", Retry_After="0.5")),
        respond_when_the_other_is_told,
        noted(page("1")),
    )
    async with AsyncLightfast(KEY, base_url=server.base_url, retries=QUICK) as client:
        found = await outcomes(client, ["q"] * 30, concurrency=2)
    assert all(outcome.ok for outcome in found)
    refused, *others = times
    assert len(others) == 29
    assert min(others) >= refused + 0.5


async def test_queries_are_pulled_as_they_are_needed_and_may_be_asynchronous(client):
    pulled = []

    async def queries():
        for number in range(1000):
            pulled.append(number)
            yield f"q{number}"

    async for outcome in client.search_many(queries(), concurrency=2):
        if outcome.index == 5:
            break
    assert len(pulled) < 20


async def test_an_error_of_the_queries_is_raised_after_what_they_had_given(client):
    def queries():
        yield "a"
        yield "b"
        raise KeyError("broken")

    found = []
    with pytest.raises(KeyError, match="broken"):
        async for outcome in client.search_many(queries()):
            found.append(outcome.query)
    assert found == ["a", "b"]


@pytest.mark.parametrize(
    ("queries", "options", "says"),
    [("one", {}, "list"), (7, {}, "iterable"), (["q"], {"concurrency": 0}, "`concurrency`")],
)
async def test_what_is_not_many_queries_is_refused(client, queries, options, says):
    with pytest.raises(ConfigurationError, match=says):
        await outcomes(client, queries, **options)


async def test_whole_requests_can_be_given_instead_of_texts(client, server):
    from lightfast import SearchRequest

    await outcomes(client, [SearchRequest("q", limit=7, mode="fast")], limit=3)
    assert (server.requests[0][1]["limit"], server.requests[0][1]["mode"]) == (7, "fast")
