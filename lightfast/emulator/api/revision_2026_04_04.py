"""The wire of 2026-04-04: the same searches and answers, under other names. Pure.

That server takes ``sources``, ``types``, ``after`` and ``before`` at the top of the request and passes ``filters``
over, knows two modes, answers ``results`` and ``total`` without ``meta``, and tells errors by ``code``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightfast.emulator.api.validation import InvalidRequestError, query_from, read_json

if TYPE_CHECKING:
    from lightfast.emulator.search.query import SearchQuery

__all__ = ["answer", "error", "read_query"]

_FIELDS = ("id", "title", "snippet", "score", "source", "type", "url", "occurredAt")
_MODES = ("fast", "balanced")
_FILTERS = {"sources": "sources", "types": "sourceTypes"}
_DATES = {"after": "start", "before": "end"}
_CODES = {
    "INTERNAL_ERROR": "INTERNAL_SERVER_ERROR",
    "INVALID_JSON": "BAD_REQUEST",
    "VALIDATION_ERROR": "BAD_REQUEST",
}
# Where a complaint about the first shape's field is due in this one.
_COMPLAINTS = {
    "sources": "sources",
    "sourceTypes": "types",
    "dateRange.start": "after",
    "dateRange.end": "before",
}


def read_query(body: bytes) -> SearchQuery:
    """The search that a request's body asks for.

    Raises:
        NotJsonError: The body is not JSON.
        InvalidRequestError: It is, and something in it is wrong.
    """
    data = read_json(body)
    if isinstance(data, dict):
        if data.get("mode", "fast") not in _MODES:
            wanted = " | ".join(f"'{mode}'" for mode in _MODES)
            raise InvalidRequestError([], {"mode": [f"Invalid enum value. Expected {wanted}"]})
        filters = {first: data[name] for name, first in _FILTERS.items() if name in data}
        dates = {first: data[name] for name, first in _DATES.items() if name in data}
        data = {**data, "filters": {**filters, "dateRange": dates}}
    return query_from(data)


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """A search's answer."""
    results = [{name: result[name] for name in _FIELDS} for result in body["data"]]
    return {"results": results, "total": body["meta"]["total"]}


def error(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """An error; its request id stands in the header only."""
    code = _CODES.get(body["error"], body["error"])
    told = {"message": body["message"]} if "message" in body else {}
    data = _data(body.get("details", {}))
    return {
        "defined": code != "INTERNAL_SERVER_ERROR",
        "code": code,
        "status": status,
        **told,
        **({"data": data} if data else {}),
    }


def _data(details: dict[str, Any]) -> dict[str, Any]:
    """The first complaint: which field, and why."""
    for field, reasons in details.get("fieldErrors", {}).items():
        path, _, reason = reasons[0].partition(": ")
        if field == "filters":
            name = path if path in _COMPLAINTS else path.rpartition(".")[0]
            return {"field": _COMPLAINTS.get(name, field), "reason": reason or path}
        return {"field": field, "reason": reasons[0]}
    return {"reason": "; ".join(details["formErrors"])} if details.get("formErrors") else {}
