"""Connections that break: before, in and after an answer."""

from __future__ import annotations

from lightfast import NetworkError
from tests.faults.fault import VALUE, family
from tests.faults.plays import (
    GOOD_BODY,
    close,
    half_close,
    head,
    message,
    raw,
    raw_then_reset,
    reset,
)

fault = family("connection")

_MID_HEAD = message()[:40]
_MID_BODY = message()[:-100]
_CHUNKED = (("Content-Type", "application/json"), ("Transfer-Encoding", "chunked"))
_MID_CHUNK = head(200, _CHUNKED) + b"%x\r\n" % len(GOOD_BODY) + GOOD_BODY[:50]
_NO_LAST_CHUNK = head(200, _CHUNKED) + b"%x\r\n" % len(GOOD_BODY) + GOOD_BODY + b"\r\n"

FAULTS = [
    fault("accepted and closed, once", None, VALUE, 1, greet=close, times=1),
    fault("accepted and closed, twice", None, VALUE, 1, greet=close, times=2),
    fault("accepted and closed, always", None, NetworkError, 0, greet=close, attempts=3),
    fault("accepted and reset, once", None, VALUE, 1, greet=reset, times=1),
    fault("accepted and reset, always", None, NetworkError, 0, greet=reset, attempts=3),
    fault("accepted and half closed", None, NetworkError, 0, greet=half_close, attempts=3),
    fault("closed before headers, once", close, VALUE, 2, times=1),
    fault("closed before headers, always", close, NetworkError, 3, says="without an answer"),
    fault("closed before headers, no retries", close, NetworkError, 1, options={"retries": 0}),
    fault("reset before headers, once", reset, VALUE, 2, times=1),
    fault("reset before headers, always", reset, NetworkError, 3, says="reset"),
    fault("half closed before headers", half_close, NetworkError, 3),
    fault("closed in the status line", raw(b"HTTP/1.1 20"), NetworkError, 3),
    fault("closed in the headers, once", raw(_MID_HEAD), VALUE, 2, times=1),
    fault("closed in the headers, always", raw(_MID_HEAD), NetworkError, 3),
    fault("reset in the headers, once", raw_then_reset(_MID_HEAD), VALUE, 2, times=1),
    fault("reset in the headers, always", raw_then_reset(_MID_HEAD), NetworkError, 3),
    fault("closed after the headers", raw(head(length=500)), NetworkError, 3, says="in the middle"),
    fault("closed in the body, once", raw(_MID_BODY), VALUE, 2, times=1),
    fault("closed in the body, always", raw(_MID_BODY), NetworkError, 3, says="in the middle"),
    fault("reset in the body, twice", raw_then_reset(_MID_BODY), VALUE, 3, times=2),
    fault("reset in the body, always", raw_then_reset(_MID_BODY), NetworkError, 3),
    fault("closed in a chunk, once", raw(_MID_CHUNK), VALUE, 2, times=1),
    fault("closed in a chunk, always", raw(_MID_CHUNK), NetworkError, 3),
    fault("closed before the last chunk", raw(_NO_LAST_CHUNK), NetworkError, 3),
    fault("reset in a chunk", raw_then_reset(_MID_CHUNK), NetworkError, 3),
]
