"""A 200 whose body is not what the contract says; and strange ones that are."""

from __future__ import annotations

import json
from typing import Any

from lightfast import ResponseError
from tests.faults.fault import VALUE, Fault, family
from tests.faults.plays import GOOD, GOOD_BODY, reply
from tests.servers import contract

fault = family("json")

_ONE = GOOD["data"][0]
_MISSING = object()


def _with(place: str, value: Any) -> dict[str, Any]:
    """Return the good document with one place changed: ``meta.total``, ``data.0.title``."""
    document: dict[str, Any] = json.loads(GOOD_BODY)
    *path, last = [int(step) if step.isdigit() else step for step in place.split(".")]
    inner: Any = document
    for step in path:
        inner = inner[step]
    if value is _MISSING:
        del inner[last]
    else:
        inner[last] = value
    return document


def _text(old: str, new: str) -> bytes:
    """Return the good document with one piece of its text changed."""
    assert old in GOOD_BODY.decode()
    return GOOD_BODY.decode().replace(old, new, 1).encode("utf-8", "surrogatepass")


def _bad(name: str, body: Any, says: str, **headers: str) -> Fault:
    return fault(name, reply(body, headers=headers.items()), ResponseError, 1, says=says)


def _good(name: str, body: Any, **options: Any) -> Fault:
    return fault(name, reply(body), VALUE, 1, **options)


def _all_wrong(place: str, *values: Any) -> list[Fault]:
    return [_wrong(place, value) for value in values]


def _wrong(place: str, value: Any, wire: str = "") -> Fault:
    path = "$" + "".join(f"[{s}]" if s.isdigit() else f".{s}" for s in place.split("."))
    what = "missing" if value is _MISSING else f"{value!r:.30}"
    return _bad(f"{place}: {what}", _with(place, value), wire or path)


_REQUIRED = ("id", "title", "source", "type", "snippet", "score")
_NESTED = "[" * 100_000 + "]" * 100_000

FAULTS = [
    # not JSON
    _bad("empty", b"", "not JSON"),
    _bad("spaces", b"   \n", "not JSON"),
    _bad(
        "HTML",
        b"<!doctype html><title>Sign in</title>",
        "not JSON",
        **{"Content-Type": "text/html"},
    ),
    _bad("plain text", b"OK", "not JSON", **{"Content-Type": "text/plain"}),
    _bad("cut off", GOOD_BODY[:-1], "not JSON"),
    _bad("two documents", GOOD_BODY * 2, "not JSON"),
    _bad("a document and garbage", GOOD_BODY + b";", "not JSON"),
    _bad("JSONP", b"callback(" + GOOD_BODY + b")", "not JSON"),
    _bad("a prefix against hijacking", b")]}',\n" + GOOD_BODY, "not JSON"),
    _bad("single quotes", GOOD_BODY.replace(b'"', b"'"), "not JSON"),
    _bad("a comma at the end", b"[1,]", "not JSON"),
    _bad("comments", b"/* hi */" + GOOD_BODY, "not JSON"),
    _bad("NaN", _text("0.92", "NaN"), "not JSON"),
    _bad("Infinity", _text("0.92", "Infinity"), "not JSON"),
    _bad("a control character in a string", _text("Deployment", "De\x01ployment"), "not JSON"),
    _bad("NUL bytes", GOOD_BODY + bytes(10), "not JSON"),
    _bad("invalid UTF-8", _text("Deployment", "X").replace(b"X", b"\xff\xfe", 1), "not JSON"),
    _bad("overlong UTF-8", GOOD_BODY.replace(b"Deployment", b"\xc0\xaf"), "not JSON"),
    _bad("a surrogate in UTF-8", _text("Deployment", "\ud800"), "not JSON"),
    _bad("a lone surrogate as an escape", _text("Deployment", "\\ud800"), "not JSON"),
    _bad(
        "Latin-1 with its charset",
        GOOD_BODY.replace(b"Deployment", b"D\xe9ploiement"),
        "not JSON",
        **{"Content-Type": "application/json; charset=latin-1"},
    ),
    _bad(
        "UTF-16 with its charset",
        GOOD_BODY.decode().encode("utf-16"),
        "not JSON",
        **{"Content-Type": "application/json; charset=utf-16"},
    ),
    _bad("UTF-32", GOOD_BODY.decode().encode("utf-32"), "not JSON"),
    _bad("100,000 levels deep", _NESTED.encode(), "not JSON"),
    _bad("100,000 levels deep in a field", _text("0.92", _NESTED), "not JSON"),
    # not the shape
    _bad("null", None, "$: expected an object, got null"),
    _bad("true", True, "$: expected an object"),
    _bad("a number", 5, "$: expected an object, got 5"),
    _bad("a string", "hello", "$: expected an object"),
    _bad("a list", [GOOD], "$: expected an object, got an array"),
    _bad("an empty object", {}, "$.data: missing"),
    _bad("another API's answer", {"object": "list", "items": []}, "$.data: missing"),
    _bad(
        "an error under 200",
        {"error": "INTERNAL_ERROR", "message": "it broke", "requestId": "req_1"},
        "it broke",
    ),
    _bad(
        "an error of the second revision under 200",
        {"defined": True, "code": "BAD_REQUEST", "status": 400, "message": "it broke"},
        "it broke",
    ),
    *(_wrong(f"data.0.{name}", _MISSING) for name in _REQUIRED),
    *(_wrong(f"data.0.{name}", None) for name in _REQUIRED),
    *(_wrong(f"data.0.{name}", 5) for name in _REQUIRED if name != "score"),
    *_all_wrong("data.0.score", "0.9", True, [], {}),
    *_all_wrong("data", _MISSING, None, {}, "x", 5),
    *_all_wrong("data.1", None, [], "x", 5),
    *_all_wrong("meta", _MISSING, None, [], "x"),
    *_all_wrong("meta.total", _MISSING, None, "57", True),
    *_all_wrong(
        "data.0.occurredAt", "yesterday", 5, "2026-02-30T00:00:00Z", "", "0001-01-01T00:00:00+14:00"
    ),
    *_all_wrong("data.0.url", 5, {}),
    *_all_wrong("data.0.entities", "x", {}, ["x"], [None], [{"key": "a"}]),
    *_all_wrong("data.0.references", 5, [[]], [{"type": "a", "id": 5}]),
    *_all_wrong("context", [], "x"),
    *_all_wrong("context.clusters", {}, [1], [{"keywords": [5]}]),
    *_all_wrong("latency", [], {"total": "fast"}),
    *_all_wrong("meta.paths", [], {"vector": 1, "entity": True, "cluster": True}),
    _wrong("requestId", 5),
    _bad("the second revision with a wrong total", {"results": [], "total": "many"}, "total"),
    _bad("the second revision with wrong results", {"results": {}, "total": 1}, "$.results"),
    # strange, and all right
    _good("a byte order mark", b"\xef\xbb\xbf" + GOOD_BODY),
    _good("spaces around", b"\r\n\t " + GOOD_BODY + b" \n"),
    _good("the second revision", contract("response_2026_04_04.json"), value="obs_9"),
    _good(
        "unknown fields",
        contract("response_unknown_fields.json"),
        value=contract("response_unknown_fields.json")["data"][0]["id"],
    ),
    _good(
        "null for all that is optional",
        contract("response_nulls.json"),
        value=contract("response_nulls.json")["data"][0]["id"],
    ),
    _good("a whole number as 57.0", _with("meta.total", 57.0)),
    _good("a negative total", _with("meta.total", -1)),
    _bad("a number of 400 digits", _text("0.92", "1" * 400), "not JSON"),
    _good("a total of 30 digits", _text('"total": 57', '"total": ' + "1" * 30)),
    _good("a number beyond a float", _text("0.92", "1e308")),
    _good("duplicate keys", _text('"score": 0.92', '"score": "x", "score": 0.92')),
    _good("an unknown mode", _with("meta.mode", "psychic")),
    _good(
        "500 levels deep in an unknown field",
        _text('"meta"', '"new": ' + "[" * 500 + "]" * 500 + ', "meta"'),
    ),
    _good("100,000 unknown fields", GOOD | {f"new{number}": number for number in range(100_000)}),
    _good("a title with control characters", _with("data.0.title", "a\x00\x1b[31m")),
    _good("a time without a zone", _with("data.0.occurredAt", "2026-04-03T12:00:00")),
    _good("a time with nanoseconds", _with("data.0.occurredAt", "2026-04-03T12:00:00.123456789Z")),
]
