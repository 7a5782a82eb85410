"""Checks of a search: its response, or what its failure says and where search may be instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import lightfast
from lightfast import Lightfast, LightfastError, SearchResponse
from lightfast.cli.network_checks import Check, check_clock

__all__ = ["QUERY", "check_failure", "check_response"]

QUERY: Final = "lightfast doctor"
_PATHS = ("/api/v1", "/v1")
_GONE = (404, 410)


def check_response(response: SearchResponse) -> Iterator[Check]:
    """Yield what a response shows: the search itself, drift, and this machine's clock.

    Args:
        response: The response to a search for `QUERY`.
    """
    yield _answered(response)
    yield from _check_drift(response)
    if response.http and (date := response.http.headers.get("date")):
        clock = check_clock(date, datetime.now(UTC))
        yield from [clock] if clock else []


def check_failure(error: LightfastError, client: Lightfast, address: str) -> Iterator[Check]:
    """Yield the failure of a search, with advice, and where search may be instead.

    Args:
        error: The error of the search.
        client: The client that searched.
        address: The address that it searched at.
    """
    yield Check("fail", "search", str(error), _advice(error))
    if isinstance(error, lightfast.APIError):
        yield from (Check("warn", "drift", str(drift)) for drift in error.drift)
        if error.status in _GONE:
            yield from _look_elsewhere(client, address)


def _answered(response: SearchResponse) -> Check:
    http = response.http
    facts = [f"revision {response.revision}"]
    if http:
        attempts = f"{http.attempts} attempt{'s' if http.attempts != 1 else ''}"
        facts = [str(http.status), f"{http.elapsed * 1000:.0f} ms", attempts, *facts]
    detail = ", ".join(facts)
    if response.revision != lightfast.API_REVISION:
        advice = "Filters of your own wire fields, `offset` and mode='thorough' are ignored there."
        return Check("warn", "search", detail, advice)
    return Check("ok", "search", detail)


def _check_drift(response: SearchResponse) -> Iterator[Check]:
    if not response.drift:
        yield Check("ok", "drift", "none")
        return
    for drift in response.drift:
        yield Check("warn", "drift", str(drift))


def _advice(error: LightfastError) -> str:
    match error:
        case lightfast.AuthenticationError():
            return "Make a new key in the console under Settings → API Keys."
        case lightfast.PermissionDeniedError():
            return "Use a key of the organization that you want to search."
        case lightfast.OrganizationNotConfiguredError():
            return "Set the organization up for search in the console, or index something first."
        case lightfast.RateLimitError() | lightfast.ServerError():
            return "Try again later."
        case lightfast.APIError() if error.status in _GONE:
            return "The service has moved on; see the next lines."
    return ""


def _look_elsewhere(client: Lightfast, address: str) -> Iterator[Check]:
    """Look for search at the known paths, and for the service itself."""
    own = urlsplit(address)
    for path in _PATHS:
        if path != own.path.rstrip("/"):
            elsewhere = f"{own.scheme}://{own.netloc}{path}"
            there = client.with_options(base_url=elsewhere)
            found = _tried(partial(there.search, QUERY, limit=1))
            if isinstance(found, SearchResponse):
                advice = f"Use it: LIGHTFAST_BASE_URL={elsewhere}"
                yield Check("warn", "elsewhere", f"{elsewhere} answers, {found.revision}", advice)
                return
            yield Check("fail", "elsewhere", f"{elsewhere}: {found}")
    health = _tried(partial(client.get, "system/health"))
    if isinstance(health, lightfast.JsonResponse):
        advice = "Search is gone from it since 2026-05-07; `lightfast search --local PATH` works."
        yield Check("warn", "service", "there is a service, without search", advice)


def _tried(call: Callable[[], Any]) -> Any:
    """Return what a call returns, or the words of its error."""
    try:
        return call()
    except LightfastError as error:
        return str(error).partition(" (http")[0]
