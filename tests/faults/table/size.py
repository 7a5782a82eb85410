"""Answers larger than anybody asked for: read up to a cap, and not a byte further."""

from __future__ import annotations

from typing import Any

from lightfast import ResponseError, ServerError, ValidationError
from tests.faults.fault import VALUE, family
from tests.faults.plays import GOOD, GOOD_BODY, JSON_TYPE, flood, head, raw, reply

fault = family("size")

_CAP = 100_000
_SMALL: dict[str, Any] = {"options": {"max_response_bytes": _CAP}}
_TOO_LARGE: dict[str, Any] = {"says": "larger than 100,000 bytes", **_SMALL}
_CHUNK = b"2710\r\n" + b" " * 10_000 + b"\r\n"
_CHUNKED = [JSON_TYPE, ("Transfer-Encoding", "chunked")]
_MB = b"x" * 1_000_000
_ERROR = {"error": "VALIDATION_ERROR", "message": "limit is too large", "padding": "x" * 200_000}

FAULTS = [
    fault(
        "a body as large as the cap",
        reply(GOOD_BODY + b" " * (_CAP - len(GOOD_BODY))),
        VALUE,
        **_SMALL,
    ),
    fault(
        "a body one byte larger",
        reply(GOOD_BODY + b" " * (_CAP + 1 - len(GOOD_BODY))),
        ResponseError,
        **_TOO_LARGE,
    ),
    fault(
        "a length beyond the cap, and no body",
        raw(head(length=10**9), keep=True),
        ResponseError,
        **_TOO_LARGE,
    ),
    fault(
        "a body of 20 MB", flood(head(length=20 * len(_MB)), _MB, 20), ResponseError, **_TOO_LARGE
    ),
    fault(
        "chunks of 20 MB", flood(head(200, _CHUNKED), _CHUNK, 2_000), ResponseError, **_TOO_LARGE
    ),
    fault("a body without end or length", flood(head(), _MB, 200), ResponseError, **_TOO_LARGE),
    fault(
        "a title of 5 MB",
        reply(GOOD | {"data": [GOOD["data"][0] | {"title": "t" * 5_000_000}]}),
        VALUE,
    ),
    fault("20,000 results", reply(GOOD | {"data": GOOD["data"][:1] * 20_000}), VALUE),
    fault(
        "a 400 of 20 MB",
        flood(head(400, length=20 * len(_MB)), _MB, 20),
        ValidationError,
        facts={"status": 400},
    ),
    fault(
        "a 400 of 200 kB that is JSON",
        reply(_ERROR, 400),
        ValidationError,
        says="limit is too large",
    ),
    fault("a 503 of 20 MB", flood(head(503, length=20 * len(_MB)), _MB, 20), ServerError, 3),
    fault(
        "a 503 of 20 MB, once", flood(head(503, length=20 * len(_MB)), _MB, 20), VALUE, 2, times=1
    ),
    fault("a 503 without end", flood(head(503, _CHUNKED), _CHUNK, 100_000), ServerError, 3),
    fault(
        "a 302 of 20 MB", flood(head(302, length=20 * len(_MB)), _MB, 20), ResponseError, says="302"
    ),
    fault(
        "a 400 with a length that no computer has",
        raw(head(400, length=2**62) + b"{}"),
        ValidationError,
    ),
]
