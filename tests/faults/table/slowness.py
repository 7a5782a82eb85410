"""Servers that take their time: the caller's deadline holds."""

from __future__ import annotations

from itertools import repeat

from lightfast import RequestTimeoutError, RetryPolicy, ServerError, ValidationError
from tests.faults.fault import VALUE, family
from tests.faults.plays import (
    GOOD_BODY,
    after,
    drip,
    flood,
    hang,
    head,
    healthy,
    message,
    raw_then_hang,
)

fault = family("time")

# Two attempts of a second: long enough for a busy machine to connect and send.
_TWICE = {
    "attempt_timeout": 1.0,
    "timeout": 30.0,
    "retries": RetryPolicy(retries=1, base_delay=0.001, max_delay=0.002),
}
_WHOLE = {"attempt_timeout": None, "timeout": 1.0}
_PATIENT = {"attempt_timeout": 2.5, "timeout": 30.0}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_ERROR = {"error": "VALIDATION_ERROR", "message": "limit is too large", "requestId": "req_1"}
_JSON = (("Content-Type", "application/json"),)

FAULTS = [
    fault("no answer, once", hang, VALUE, 2, times=1, options=_PATIENT),
    fault(
        "no answer, always", hang, RequestTimeoutError, 2, says="attempt_timeout", options=_TWICE
    ),
    fault(
        "no answer within the whole timeout",
        hang,
        RequestTimeoutError,
        1,
        says="`timeout`",
        options=_WHOLE,
    ),
    fault(
        "no reading of the request either",
        None,
        RequestTimeoutError,
        0,
        greet=hang,
        options=_WHOLE,
        attempts=1,
    ),
    fault(
        "half a status line, then nothing",
        raw_then_hang(b"HTTP/1.1 2"),
        RequestTimeoutError,
        2,
        options=_TWICE,
    ),
    fault(
        "half the headers, then nothing",
        raw_then_hang(message()[:50]),
        RequestTimeoutError,
        2,
        options=_TWICE,
    ),
    fault(
        "headers dribble",
        drip(b"HTTP/1.1 200 OK\r\n", repeat(b"X-A: b\r\n")),
        RequestTimeoutError,
        2,
        options=_TWICE,
    ),
    fault(
        "headers dribble byte by byte",
        drip(b"", [bytes([byte]) for byte in message()]),
        RequestTimeoutError,
        2,
        options=_TWICE,
    ),
    fault(
        "headers and no body",
        raw_then_hang(head(length=500)),
        RequestTimeoutError,
        2,
        options=_TWICE,
    ),
    fault(
        "half a body, then nothing",
        raw_then_hang(message()[:-50]),
        RequestTimeoutError,
        2,
        options=_TWICE,
    ),
    fault(
        "half a body, then nothing, once",
        raw_then_hang(message()[:-50]),
        VALUE,
        2,
        times=1,
        options=_PATIENT,
    ),
    fault(
        "a body dribbles",
        drip(head(length=10**6), repeat(b" ")),
        RequestTimeoutError,
        2,
        options=_TWICE,
    ),
    fault(
        "a body dribbles within the whole timeout",
        drip(head(length=10**6), repeat(b" ")),
        RequestTimeoutError,
        1,
        options=_WHOLE,
    ),
    fault(
        "a body without length dribbles",
        drip(head(), repeat(b" ")),
        RequestTimeoutError,
        2,
        options=_TWICE,
    ),
    fault(
        "chunks dribble",
        drip(head(200, [("Transfer-Encoding", "chunked")]), repeat(b"1\r\n \r\n")),
        RequestTimeoutError,
        2,
        options=_TWICE,
    ),
    fault(
        "a 400's body dribbles",
        drip(head(400, _JSON, length=10**6), repeat(b" ")),
        ValidationError,
        1,
        options=_TWICE,
        facts={"status": 400},
    ),
    fault(
        "a 400's body is there, and its end is not",
        raw_then_hang(message(_ERROR, 400)[:-1]),
        ValidationError,
        1,
        options=_TWICE,
    ),
    fault(
        "a whole 400 with a length too long",
        raw_then_hang(message(_ERROR, 400).replace(b"Content-Length: ", b"Content-Length: 9")),
        ValidationError,
        1,
        says="limit is too large",
        options=_TWICE,
    ),
    fault(
        "a 503's body dribbles, always",
        drip(head(503, _JSON, length=10**6), repeat(b" ")),
        ServerError,
        2,
        options=_TWICE,
        facts={"status": 503},
    ),
    fault(
        "a 503's body dribbles, once",
        drip(head(503, _JSON, length=10**6), repeat(b" ")),
        VALUE,
        2,
        times=1,
        options=_PATIENT,
    ),
    fault(
        "a 500's headers and no body, whole timeout",
        raw_then_hang(head(500, _JSON, length=50)),
        ServerError,
        1,
        options=_WHOLE,
    ),
    fault(
        "1xx for ever, slowly", drip(b"", repeat(_CONTINUE)), RequestTimeoutError, 2, options=_TWICE
    ),
    fault(
        "1xx, 20,000 times as fast as can be", flood(b"", _CONTINUE * 100, 200), "NetworkError", 3
    ),
    fault(
        "103 with hints for ever",
        drip(b"", repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")),
        RequestTimeoutError,
        2,
        options=_TWICE,
    ),
    fault("an answer late, but in time", after(0.2, healthy), VALUE, 1, options=_PATIENT),
    fault(
        "a body in small pieces, but in time",
        drip(
            head(length=len(GOOD_BODY)),
            [GOOD_BODY[i : i + 99] for i in range(0, len(GOOD_BODY), 99)],
            0.01,
        ),
        VALUE,
        1,
    ),
]
