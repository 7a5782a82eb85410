"""Revision 2026-04-04: the same searches and answers under other names. Pure.

It takes ``sources``, ``types``, ``after`` and ``before`` at the top of the request and ignores ``filters`` and
``offset``, knows two modes, answers ``results`` and ``total`` without ``meta``, and identifies errors by ``code``.
What it does besides is what oRPC does, with which the service was written: https://orpc.unnoq.com/docs/error-handling
"""

from __future__ import annotations

from typing import Any

from lightfast.emulator.api.dialect import Dialect, Failure, Reply
from lightfast.emulator.api.revision_2026_04_03 import observed_message
from lightfast.emulator.api.validation import (
    MAX_LIMIT,
    MAX_OFFSET,
    NotJsonError,
    ObjectReader,
    intersection,
    read_json,
)
from lightfast.emulator.search.query import SearchQuery

__all__ = ["DIALECT_2026_04_04"]

_FIELDS = ("id", "title", "snippet", "score", "source", "type", "url", "occurredAt")
_MODES = ("fast", "balanced")

_MALFORMED = (
    "Malformed request. Ensure the request body is properly formatted and the 'Content-Type'"
    " header is set correctly."
)
# Those that the contract does not define for the endpoint, but the framework raises.
_UNDEFINED = {"BAD_REQUEST", "INTERNAL_SERVER_ERROR", "INVALID_JSON", "NOT_FOUND"}


def _parse(body: bytes, content_type: str | None) -> Any:
    if content_type and not content_type.lower().startswith("application/json"):
        raise NotJsonError
    return read_json(body) if body else None


def _query_from(data: Any) -> SearchQuery:
    reader = ObjectReader(data)
    reader.integer("offset", low=0, high=MAX_OFFSET, default=0)  # checked, and then ignored
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


def _answer(answer: dict[str, Any]) -> dict[str, Any]:
    """Write an answer whose total counts this page only."""
    results = [{name: result[name] for name in _FIELDS} for result in answer["data"]]
    return {"results": results, "total": len(results)}


def _error(failure: Failure, request_id: str) -> Reply:
    """Write an error; its request id stands in the header only."""
    status, code, message, data = failure.status, failure.code, failure.message, failure.details
    match code:
        case "VALIDATION_ERROR":
            message, data = "Input validation failed", {}
        case "INVALID_JSON":
            message = _MALFORMED
        case "METHOD_NOT_ALLOWED":
            status, code, message = 404, "NOT_FOUND", "Endpoint not found"
        case "INTERNAL_ERROR":
            code = "INTERNAL_SERVER_ERROR"
    message = observed_message(message)
    body: dict[str, Any] = {
        "defined": code not in _UNDEFINED,
        "code": "BAD_REQUEST" if code in {"VALIDATION_ERROR", "INVALID_JSON"} else code,
        "status": status,
    }
    if message is not None:
        body["message"] = message
    if data or code == "VALIDATION_ERROR":
        body["data"] = data
    kept = {name: value for name, value in failure.headers.items() if name != "Allow"}
    return Reply(status, body, {"X-Request-ID": request_id, **kept})


DIALECT_2026_04_04 = Dialect(
    parse=_parse,
    query_from=_query_from,
    answer=_answer,
    error=_error,
    parses_first=True,
    trailing_slash=True,
)
