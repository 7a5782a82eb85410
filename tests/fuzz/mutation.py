"""Inputs made from others: seeds out of the contract, and documents changed as JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from tests.fuzz.target import SECRET, STATUSES, input_of
from tests.servers import CONTRACT, contract

_NAMES = (
    "data results meta total limit offset took mode paths context clusters topic summary keywords latency requestId"
    " id title source type url occurredAt snippet score latestAction totalEvents significanceScore entities key"
    " category references label error code message details formErrors fieldErrors status defined"
)
NAMES = _NAMES.split()
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, -0.0, 57.0, 1e308, 2**53, 2**63, 2**64 - 1, 10**400),
    *(
        "",
        "x",
        "\0",
        "\x1b[31m",
        "é",
        "🙂",
        "\u202e",
        "\x85",
        "a" * 3000,
        SECRET,
        "fast",
        "CONFIG_ERROR",
    ),
    *(
        "2026-01-01Z",
        "2026-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ),
    *("2026-W01-1", "2026-01-01T00:00:00.123456789Z", "Z", "2026-01-01T00:00:60Z"),
    *([], {}, [[]], [None], {"": None}, ["x"], [{"key": "k"}]),
)
HEADERS = (
    b"",
    b"retry-after: 3",
    b"retry-after: Fri, 03 Apr 2026 12:00:05 GMT",
    b"retry-after: nan\nx-request-id: req_\x1b[0m",
    b"retry-after: 1e999",
    b"retry-after: 99999999999999999999999999",
    b"retry-after: Fri, 31 Dec 9999 23:59:59 -2359",
    b"x-vercel-error: FUNCTION_INVOCATION_TIMEOUT\nx-vercel-id: fra1::\xff",
    b"location: https://elsewhere.example/\xc3",
    b"x-request-id: " + SECRET.encode(),
)


def seeds() -> Iterator[bytes]:
    """Return inputs from the contract's literal documents."""
    for path in sorted(CONTRACT.glob("response_*.json")):
        yield input_of(200, path.read_bytes())
    for error in contract("errors.json"):
        body = error["body"]
        text = body if isinstance(body, str) else json.dumps(body)
        if error["status"] in STATUSES:
            yield input_of(error["status"], text.encode())
    for headers in HEADERS:
        for status in (200, 302, 429, 500):
            yield input_of(status, b"{}", headers)
    yield input_of(200, b"[" * 2000)
    yield input_of(200, b'{"data": ' + b"[" * 500 + b"]" * 500 + b"}")


def mutated(data: bytes, draw: random.Random) -> bytes:
    """Return an input with one change to its JSON, or to its status or headers."""
    head, separator, body = data[1:].partition(b"\0")
    status = data[:1] or b"\0"
    what = draw.random()
    if what < 0.05:
        return bytes([draw.randrange(256)]) + head + separator + body
    if what < 0.10:
        return status + draw.choice(HEADERS) + b"\0" + body
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = draw.choice(ODD)
    for _ in range(draw.randint(1, 3)):
        document = _changed(document, draw)
    text = json.dumps(document, ensure_ascii=draw.random() < 0.5)
    return status + head + b"\0" + text.encode("utf-8", "surrogatepass")


def _changed(value: Any, draw: random.Random) -> Any:
    """Return a document with a value somewhere in it replaced, dropped or added."""
    if isinstance(value, dict) and value and draw.random() < 0.85:
        name, how = draw.choice(list(value)), draw.random()
        if how < 0.1:
            return {key: item for key, item in value.items() if key != name}
        if how < 0.2:
            return value | {draw.choice(NAMES): draw.choice(ODD)}
        return value | {name: _changed(value[name], draw)}
    if isinstance(value, list) and value and draw.random() < 0.85:
        place = draw.randrange(len(value))
        if draw.random() < 0.1:
            return value[:place] + value[place + 1 :]
        return [*value[:place], _changed(value[place], draw), *value[place + 1 :]]
    return draw.choice(ODD)
