"""Statuses over the wire: which of them are repeated, and as what they end.

All 200 of them, in all shapes, stand in test_statuses.py.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from tests.faults.fault import VALUE, Fault, family
from tests.faults.plays import raw, reply
from tests.servers import contract

fault = family("statuses")

_REPEATED = {408, 429, 500, 502, 503, 504}
_NAMES = {
    400: "ValidationError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    429: "RateLimitError",
}


def class_name(status: int) -> str:
    """Return the class that a status becomes."""
    return _NAMES.get(status, "ServerError" if status >= 500 else "APIError")


def _always(status: int) -> Fault:
    body = {"error": "SOME_CODE", "message": "some words", "requestId": "req_1"}
    return fault(
        f"{status}, always",
        reply(body, status),
        class_name(status),
        3 if status in _REPEATED else 1,
        says="some words",
        facts={"status": status, "code": "SOME_CODE", "request_id": "req_1"},
    )


def _documented(case: dict[str, Any]) -> Fault:
    retryable = case.get("retryable", False)
    headers = {**case["headers"], "retry-after": "0"} if retryable else case["headers"]
    body = case["body"].encode() if isinstance(case["body"], str) else case["body"]
    return fault(
        f"the contract's: {case['name']}",
        reply(body, case["status"], headers.items()),
        case["raises"],
        3 if retryable else 1,
        says=case["says"],
        facts={"code": case.get("code"), "request_id": case.get("request_id")},
    )


FAULTS = [
    *(_always(int(status)) for status in HTTPStatus if status >= 400 and status != 407),
    *(_always(status) for status in (420, 444, 460, 499, 509, 520, 522, 530, 598, 599)),
    *(_documented(case) for case in contract("errors.json")),
    *(
        fault(f"{status}, twice", reply(b"", status), VALUE, 3, times=2)
        for status in sorted(_REPEATED)
    ),
    fault(
        "503 and closed without a body",
        raw(b"HTTP/1.1 503 Busy\r\nContent-Length: 99\r\n\r\n"),
        "ServerError",
        3,
    ),
    fault(
        "a 401 and a WWW-Authenticate",
        reply(b"", 401, [("WWW-Authenticate", "Basic realm=x")]),
        "AuthenticationError",
        1,
    ),
    fault("a 407 that comes from no proxy", reply(b"", 407), "APIError", 1, says="407"),
]
