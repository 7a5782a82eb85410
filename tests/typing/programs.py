"""Programs as users write them: mypy and pyright, both strict, have nothing to say. Never run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, assert_type
from unittest import mock

import lightfast
from lightfast import (
    NOT_GIVEN,
    APIError,
    AsyncLightfast,
    Auth,
    DateRange,
    Drift,
    DriftError,
    JsonResponse,
    Lightfast,
    LightfastError,
    NotGiven,
    OnDrift,
    Provider,
    RateLimitError,
    SearchFailure,
    SearchFilters,
    SearchOutcome,
    SearchRequest,
    SearchResponse,
    SearchSuccess,
)

# --- many searches ----------------------------------------------------------------------------


async def best_of_many(queries: list[str]) -> list[str]:
    """Show the documentation's example: `ok` is enough."""
    titles: list[str] = []
    async with AsyncLightfast() as client:
        async for outcome in client.search_many(queries, limit=1):
            if outcome.ok:
                titles.append(outcome.response[0].title)
            else:
                titles.append(f"{outcome.query} failed: {outcome.error}")
    return titles


def narrowed_by_none(outcome: SearchOutcome) -> str:
    if outcome.error is None:
        assert_type(outcome, SearchSuccess)
        return outcome.response[0].title
    assert_type(outcome, SearchFailure)
    return f"{outcome.error.message}: {outcome.error.attempts} attempts"


def narrowed_by_identity(outcome: SearchOutcome) -> SearchResponse | LightfastError:
    if outcome.ok is True:
        return outcome.response
    return outcome.error


def narrowed_by_match(outcome: SearchOutcome) -> int:
    match outcome:
        case SearchSuccess(response=response):
            return len(response)
        case SearchFailure(error=error):
            return error.attempts


# --- wrappers ---------------------------------------------------------------------------------


class TeamMemory:
    """A wrapper with options of its own."""

    def __init__(
        self,
        api_key: str | Provider | None = None,
        *,
        auth: Auth | None = None,
        on_drift: OnDrift | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._client = Lightfast(api_key, auth=auth, on_drift=on_drift, default_headers=headers)

    def find(self, query: str, *, timeout: float | NotGiven | None = NOT_GIVEN) -> list[str]:
        return [hit.title for hit in self._client.search(query, timeout=timeout)]


async def rotating_key() -> str:
    return "sk-lf-x"


TeamMemory(rotating_key)
TeamMemory(lambda: "sk-lf-x", on_drift="raise")

# --- filters ----------------------------------------------------------------------------------


def filters(client: Lightfast) -> None:
    client.search("q", filters={"sources": ["github"]})
    client.search("q", filters=SearchFilters(types=["issue"], actor_names=["@ada"]))
    client.search("q", filters=SearchFilters(date_range={"start": date(2026, 8, 1)}))
    DateRange(start="2026-08-01", end=date(2026, 8, 31))
    request = SearchRequest("q", filters={"types": ("commit",)})
    assert_type(request.filters, SearchFilters | None)


# --- drift ------------------------------------------------------------------------------------


def noticed(drift: Drift) -> None:
    print(drift.kind, drift.path, drift.message)


def drifting() -> tuple[Drift, ...]:
    with Lightfast(on_drift=noticed) as client:
        try:
            response = client.search("q")
        except DriftError as error:
            return error.drift
        assert_type(response.revision, str)
        assert_type(lightfast.API_REVISIONS, tuple[str, str])
        return response.drift


# --- other endpoints --------------------------------------------------------------------------


def signals(client: Lightfast) -> Any:
    posted = client.post("signals", {"kind": "deploy"}, headers={"Idempotency-Key": "1"})
    got = client.get("signals/1", {"expand": ["a", "b"]}, headers={"X-Trace": "t"}, timeout=3)
    assert_type(posted, JsonResponse)
    assert_type(got, JsonResponse)
    return got.data


# --- tests of one's own -----------------------------------------------------------------------


def errors_in_a_test() -> None:
    search = mock.Mock(side_effect=[RateLimitError("slow down"), APIError("no", status=418)])
    try:
        search("q")
    except RateLimitError as error:
        assert_type(error.status, int)
        assert_type(error.retry_after, float | None)
