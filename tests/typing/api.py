"""Every public call, as mypy must understand it. It is checked, and never run."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, assert_type

import lightfast
from lightfast import (
    APIError,
    ApiKeyAuth,
    AsyncLightfast,
    Attempt,
    Cluster,
    DateRange,
    Entity,
    Headers,
    HttpInfo,
    JsonResponse,
    Latency,
    Lightfast,
    LightfastError,
    Mode,
    RateLimitError,
    Reference,
    RetryBudget,
    RetryPolicy,
    SearchContext,
    SearchFilters,
    SearchMeta,
    SearchOutcome,
    SearchPaths,
    SearchRequest,
    SearchResponse,
    SearchResult,
    SessionAuth,
    to_dict,
)

FILTERS = SearchFilters(
    sources={"github"},
    types=["issue"],
    actor_names=["@ada"],
    source_types=["github"],
    observation_types=("commit",),
    date_range=DateRange(start=datetime.now(UTC), end="2026-04-03T12:00:00Z"),
    entity_types=[],
    extra={"actorNames": ["ada"]},
)
MODE: Mode = "thorough"
REQUEST = SearchRequest("q", limit=5, offset=10, mode=MODE, filters=FILTERS, extra={"x": 1})


def constructors() -> None:
    AsyncLightfast()
    AsyncLightfast("sk-lf-x")
    AsyncLightfast(api_key=lambda: "sk-lf-x")
    Lightfast(
        auth=SessionAuth("token", org_id="org_1"),
        base_url="https://a.example",
        timeout=None,
        attempt_timeout=2,
        retries=RetryPolicy(retries=3, base_delay=0.1, max_delay=1),
        retry_budget=RetryBudget(ratio=0.1, reserve=5, per_second=2),
        proxy="http://proxy:3128",
        trust_env=False,
        ssl=ssl.create_default_context(),
        max_connections=10,
        max_response_bytes=1024,
        allow_insecure_http=True,
        on_retry=lambda error, seconds: print(error.history, seconds),
        on_response=lambda answer: answer.request_id,
    )
    Lightfast(auth=ApiKeyAuth("sk-lf-x"), retries=0)


async def provider() -> str:
    return "token"


async def queries() -> AsyncIterator[str]:
    yield "q"


async def asynchronous() -> None:
    async with AsyncLightfast(auth=SessionAuth(provider, org_id="org_1")) as client:
        assert_type(client, AsyncLightfast)
        response = await client.search(
            "q",
            limit=5,
            offset=5,
            mode="fast",
            filters=FILTERS,
            extra_body={"x": 1},
            timeout=None,
        )
        assert_type(response, SearchResponse)
        async for hit in client.iter_results("q", max_results=5, timeout=1):
            assert_type(hit, SearchResult)
        async for outcome in client.search_many(queries(), concurrency=2, ordered=False):
            assert_type(outcome, SearchOutcome)
        async for outcome in client.search_many(["q", REQUEST]):
            assert_type(outcome.unwrap(), SearchResponse)
        assert_type(await client.post("contents", {"a": 1}), JsonResponse)
        assert_type(client.with_options(timeout=3, retries=1, api_key="sk-lf-y"), AsyncLightfast)
        await client.aclose()


def blocking() -> None:
    with Lightfast() as client:
        assert_type(client, Lightfast)
        response = client.search("q")
        assert_type(client.async_client, AsyncLightfast)
        assert_type(response, SearchResponse)
        assert_type(response[0], SearchResult)
        assert_type(response[:2], tuple[SearchResult, ...])
        for hit in response:
            assert_type(hit, SearchResult)
        for hit in client.iter_results("q"):
            assert_type(hit, SearchResult)
        for outcome in client.search_many(["q"]):
            assert_type(outcome, SearchOutcome)
        assert_type(client.post("contents", {}), JsonResponse)
        assert_type(client.with_options(), Lightfast)
        client.close()


def values(response: SearchResponse) -> None:
    hit = response.results[0]
    assert_type(hit.occurred_at, datetime | None)
    assert_type(hit.score, float)
    assert_type(hit.entities, tuple[Entity, ...])
    assert_type(hit.references, tuple[Reference, ...])
    assert_type(hit.extra, dict[str, Any])
    assert_type(response.meta, SearchMeta)
    assert_type(response.meta.paths, SearchPaths | None)
    assert_type(response.context, SearchContext | None)
    assert_type(response.latency, Latency | None)
    if response.context is not None:
        assert_type(response.context.clusters, tuple[Cluster, ...])
    if response.http is not None:
        assert_type(response.http, HttpInfo)
        assert_type(response.http.headers, Headers)
        assert_type(response.http.headers["x"], str)
    assert_type(to_dict(response), dict[str, Any])
    assert_type(response.to_dict(), dict[str, Any])
    assert_type(response.to_json(), str)
    assert_type(SearchResponse.from_dict({}), SearchResponse)
    assert_type(SearchRequest.from_dict({"query": "q"}), SearchRequest)
    assert_type(response.to_rows(), list[dict[str, Any]])
    assert_type(hit.to_row(), dict[str, Any])
    assert_type(lightfast.__version__, str)


def errors() -> None:
    try:
        blocking()
    except RateLimitError as error:
        assert_type(error.retry_after, float | None)
    except APIError as error:
        assert_type(error.status, int)
        assert_type(error.code, str | None)
        assert_type(error.details, Mapping[str, Any])
    except LightfastError as error:
        assert_type(error.request_id, str | None)
        assert_type(error.history, tuple[Attempt, ...])
        assert_type(error.attempts, int)
        assert_type(error.retryable, bool)
