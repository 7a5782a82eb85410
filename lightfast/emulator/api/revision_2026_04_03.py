"""Revision 2026-04-03, as documented and as the service was observed to answer. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

__all__ = ["query_from", "read_query"]

MODES = ("fast", "balanced", "thorough")


def read_query(body: bytes) -> SearchQuery:
    """Read a search from the body of its request.

    Raises:
        NotJsonError: The body is not JSON (RFC 8259, UTF-8).
        InvalidRequestError: It is not a valid request.
    """
    return query_from(read_json(body))


def query_from(data: Any) -> SearchQuery:
    """Read a search from a JSON document; a provider and a kind each have two filters, which add up.

    Raises:
        InvalidRequestError: It is not a valid request.
    """
    reader = ObjectReader(data)
    filters = reader.object("filters")
    dates = filters.object("dateRange")
    query = SearchQuery(
        query=reader.text("query"),
        limit=reader.integer("limit", low=1, high=MAX_LIMIT, default=10),
        offset=reader.integer("offset", low=0, high=MAX_OFFSET, default=0),
        mode=reader.choice("mode", MODES, default="balanced"),
        sources=intersection(filters.strings("sourceTypes"), filters.strings("sources")),
        types=intersection(filters.strings("observationTypes"), filters.strings("entityTypes")),
        actors=intersection(filters.strings("actorNames")),
        start=dates.time("start"),
        end=dates.time("end"),
    )
    reader.check()
    return query
