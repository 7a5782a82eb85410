"""Revision 2026-04-03, as documented, and as the service was observed to answer. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from lightfast.emulator.accounts.keys import REVOKED_KEY, UNKNOWN_KEY
from lightfast.emulator.api.dialect import Dialect, Failure, Reply
from lightfast.emulator.api.validation import (
    MAX_LIMIT,
    MAX_OFFSET,
    ObjectReader,
    intersection,
    read_json,
)
from lightfast.emulator.search.query import SearchQuery

if TYPE_CHECKING:
    from typing import Any

__all__ = ["DOCUMENTED", "OBSERVED", "observed_message"]

_MODES = ("fast", "balanced", "thorough")
_OBSERVED_WITHOUT_MESSAGE = {"INVALID_JSON", "VALIDATION_ERROR", "INTERNAL_ERROR"}


def _parse(body: bytes, content_type: str | None) -> Any:  # it looks at no header
    return read_json(body)


# --- as documented ----------------------------------------------------------------------------


def _query_from(data: Any) -> SearchQuery:
    """Read a search; a provider and a kind each have two filters, which add up."""
    reader = ObjectReader(data)
    filters = reader.object("filters")
    query = attrs.evolve(
        _without_names(reader, filters),
        sources=intersection(filters.strings("sourceTypes"), filters.strings("sources")),
        types=intersection(filters.strings("observationTypes"), filters.strings("entityTypes")),
        actors=intersection(filters.strings("actorNames")),
    )
    reader.check()
    return query


def _without_names(reader: ObjectReader, filters: ObjectReader) -> SearchQuery:
    dates = filters.object("dateRange")
    return SearchQuery(
        query=reader.text("query"),
        limit=reader.integer("limit", low=1, high=MAX_LIMIT, default=10),
        offset=reader.integer("offset", low=0, high=MAX_OFFSET, default=0),
        mode=reader.choice("mode", _MODES, default="balanced"),
        start=dates.time("start"),
        end=dates.time("end"),
    )


def _error(failure: Failure, request_id: str) -> Reply:
    body: dict[str, Any] = {"error": failure.code}
    if failure.message is not None:
        body["message"] = failure.message
    if failure.details:
        body["details"] = failure.details
    headers = {"X-Request-ID": request_id, **failure.headers}
    return Reply(failure.status, {**body, "requestId": request_id}, headers)


DOCUMENTED = Dialect(
    parse=_parse, query_from=_query_from, answer=lambda answer: answer, error=_error
)


# --- as observed ------------------------------------------------------------------------------


def _observed_query_from(data: Any) -> SearchQuery:
    """Read a search; two of the filters are accepted and ignored, and so is the offset."""
    reader = ObjectReader(data)
    filters = reader.object("filters")
    for ignored in ("sourceTypes", "observationTypes"):
        filters.strings(ignored)
    query = attrs.evolve(
        _without_names(reader, filters),
        sources=intersection(filters.strings("sources")),
        types=intersection(filters.strings("entityTypes")),
    )
    reader.check()
    return attrs.evolve(query, offset=0)


def _observed_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """Write an answer whose total counts this page only."""
    return {**answer, "meta": {**answer["meta"], "total": len(answer["data"])}}


def observed_message(message: str | None) -> str | None:
    """Return a message as the service wrote it, which did not tell a revoked key from an unknown one."""
    return "Invalid API key" if message in {REVOKED_KEY, UNKNOWN_KEY} else message


def _observed_error(failure: Failure, request_id: str) -> Reply:
    """Write an error as the service did: some have no message and no header with the id."""
    failure = attrs.evolve(failure, message=observed_message(failure.message))
    if failure.code in _OBSERVED_WITHOUT_MESSAGE:
        reply = _error(attrs.evolve(failure, message=None), request_id)
        return attrs.evolve(reply, headers=failure.headers)
    return _error(failure, request_id)


OBSERVED = Dialect(
    parse=_parse,
    query_from=_observed_query_from,
    answer=_observed_answer,
    error=_observed_error,
)
