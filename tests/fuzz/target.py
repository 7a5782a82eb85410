"""The reader's promise about any bytes, as one function that raises when it is broken.

An input is a status byte, headers as lines, a NUL, and the body.
"""

from __future__ import annotations

import math
import pickle
from datetime import UTC, datetime

from lightfast import LightfastError, ResponseError, SearchResponse, to_dict
from lightfast._secrets import Secret
from lightfast._wire.responses import HttpResponse, error_from, read_any, read_search

STATUSES = (200, 200, 200, 200, 204, 101, 302, 400, 401, 402, 403, 404, 405, 413, 418, 429, 500, 502, 503, 504, 508, 520, 599)  # fmt: skip
SECRET = "sk-lf-ThisKeyMustNeverBeSeenAnywhere0123456789abc"
LONGEST = 4_000
_NOW = datetime(2026, 4, 3, 12, tzinfo=UTC)


class BrokenPromiseError(Exception):
    """The reader did something that it says it never does."""


def response_of(data: bytes) -> HttpResponse:
    """Return the HTTP response that an input stands for."""
    status = STATUSES[data[0] % len(STATUSES)] if data else 200
    head, _, body = data[1:].partition(b"\0")
    lines = (line.partition(b":") for line in head.split(b"\n") if line)
    headers = tuple((name, value.strip()) for name, _, value in lines)
    return HttpResponse(status=status, headers=headers, body=body, secret=Secret(SECRET))


def input_of(status: int, body: bytes, headers: bytes = b"") -> bytes:
    """Return the input that stands for an HTTP response."""
    return bytes([STATUSES.index(status)]) + headers + b"\0" + body


def check(data: bytes) -> None:
    """Read an input in every way.

    Raises:
        BrokenPromiseError: What came is neither a sound value nor a sound error.
        Exception: Any other is a finding as well.
    """
    response = response_of(data)
    error = error_from(response, _NOW)
    if error is not None:
        _check_error(error)
    if (error is None) is not (200 <= response.status < 300):
        raise BrokenPromiseError(f"{error!r} for {response.status}")
    for read in (read_search, read_any):
        try:
            value = read(response)
        except ResponseError as problem:
            _check_error(problem)
        else:
            if isinstance(value, SearchResponse):
                _check_value(value)


def _check_error(error: LightfastError) -> None:
    text = str(error)
    if len(text) > LONGEST or not text.isprintable():
        raise BrokenPromiseError(f"an error that cannot be printed: {text!r:.300}")
    for shown in (text, repr(error), getattr(error, "body", "")):
        if SECRET in shown:
            raise BrokenPromiseError(f"an error that tells the secret: {shown!r:.300}")
    after = getattr(error, "retry_after", None)
    if after is not None and not (0 <= after < math.inf):
        raise BrokenPromiseError(f"a wait of {after!r} seconds")
    if str(pickle.loads(pickle.dumps(error))) != text:
        raise BrokenPromiseError("an error that another process sees otherwise")


def _check_value(answer: SearchResponse) -> None:
    repr(answer)
    to_dict(answer)
    for result in answer:
        for text in (result.id, result.title, result.source, result.type, result.snippet):
            if type(text) is not str:
                raise BrokenPromiseError(f"{text!r:.100} where text is due")
        if type(result.score) is not float:
            raise BrokenPromiseError(f"a score of {result.score!r:.100}")
        at = result.occurred_at
        if at is not None and (type(at) is not datetime or at.utcoffset() is None):
            raise BrokenPromiseError(f"a time without a zone: {at!r:.100}")
