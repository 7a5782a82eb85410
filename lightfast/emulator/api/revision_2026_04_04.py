"""Revision 2026-04-04: the same searches and answers under other names. Pure.

It takes ``sources``, ``types``, ``after`` and ``before`` at the top of the request and ignores ``filters`` and
``offset``, knows two modes, answers ``results`` and ``total`` without ``meta``, and identifies errors by ``code``.
"""

from __future__ import annotations

from typing import Any

from lightfast.emulator.api.validation import MAX_LIMIT, ObjectReader, intersection, read_json
from lightfast.emulator.search.query import SearchQuery

__all__ = ["answer", "error", "read_query"]

_FIELDS = ("id", "title", "snippet", "score", "source", "type", "url", "occurredAt")
_MODES = ("fast", "balanced")
_CODES = {
    "INTERNAL_ERROR": "INTERNAL_SERVER_ERROR",
    "INVALID_JSON": "BAD_REQUEST",
    "VALIDATION_ERROR": "BAD_REQUEST",
}


def read_query(body: bytes) -> SearchQuery:
    """Read a search from the body of its request.

    Raises:
        NotJsonError: The body is not JSON.
        InvalidRequestError: It is not a valid request.
    """
    reader = ObjectReader(read_json(body))
    query = SearchQuery(
        query=reader.text("query"),
        limit=reader.integer("limit", low=1, high=MAX_LIMIT, default=10),
        mode=reader.choice("mode", _MODES, default="balanced"),
        sources=intersection(reader.strings("sources")),
        types=intersection(reader.strings("types")),
        start=reader.time("after"),
        end=reader.time("before"),
    )
    reader.check()
    return query


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """Return a search's answer; its total counts this page only."""
    results = [{name: result[name] for name in _FIELDS} for result in body["data"]]
    return {"results": results, "total": len(results)}


def error(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """Return an error; its request id stands in the header only."""
    code = _CODES.get(body["error"], body["error"])
    told = {"message": body["message"]} if "message" in body else {}
    return {"defined": code != "INTERNAL_SERVER_ERROR", "code": code, "status": status, **told}
