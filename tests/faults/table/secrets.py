"""Servers that say too much: the key, control characters, a hundred kilobytes."""

from __future__ import annotations

import gzip
import json
from typing import Any

from lightfast import AuthenticationError, ResponseError, ServerError, ValidationError
from tests.faults.fault import VALUE, family
from tests.faults.plays import GOOD, echo, head, message, reply
from tests.faults.server import Play, Wire

fault = family("secrets")

_ONE = GOOD["data"][0]


def _echo(build: Any, status: int = 401, headers: Any = ()) -> Play:
    """Answers with a document built from the key."""
    return echo(lambda key: message(build(key.decode()), status, headers), keep=True)


def _header(name: str, status: int = 401) -> Play:
    return echo(lambda key: message(b"", status, [(name, "it was " + key.decode())]), keep=True)


def _says(text: str, status: int = 400) -> Play:
    return reply({"error": "BAD", "message": text, "requestId": "req_1"}, status)


def _escaped(key: str) -> bytes:
    inner = "".join(f"\\u{ord(char):04x}" for char in key)
    return f'{{"error": "NO", "message": "not {inner}", "requestId": "{inner}", "details": {{"{inner}": ["{inner}"]}}}}'.encode()


async def _cut_in_the_key(wire: Wire) -> None:
    """Return an error whose body breaks off within the key."""
    await wire.send(head(500, length=1_000) + b"your key is " + wire.request.credential[:30])


FAULTS = [
    fault(
        "the key in the reason phrase",
        echo(lambda key: message(b"", 401, reason="No " + key.decode()), keep=True),
        AuthenticationError,
    ),
    fault(
        "the key in a broken status line",
        echo(lambda key: b"NO/9 " + key + b"\r\n\r\n"),
        ResponseError,
    ),
    fault(
        "the key in a broken header",
        echo(lambda key: b"HTTP/1.1 200 OK\r\n" + key + b"\r\n\r\n"),
        ResponseError,
    ),
    fault(
        "the key in a bad length",
        echo(lambda key: b"HTTP/1.1 200 OK\r\nContent-Length: " + key + b"\r\n\r\n"),
        ResponseError,
    ),
    fault(
        "the key in a chunk size",
        echo(lambda key: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + key + b"\r\n"),
        ResponseError,
    ),
    *(
        fault(f"the key in {name}", _header(name), AuthenticationError)
        for name in (
            "X-Request-Id",
            "x-vercel-id",
            "x-vercel-error",
            "Retry-After",
            "WWW-Authenticate",
            "Set-Cookie",
            "Content-Type",
        )
    ),
    fault("the key in Content-Encoding", _header("Content-Encoding", 200), ResponseError),
    fault("the key in Location", _header("Location", 302), ResponseError),
    fault(
        "the key in the message",
        _echo(lambda key: {"error": "UNAUTHORIZED", "message": f"{key} is no key"}),
        AuthenticationError,
        says="is no key",
    ),
    fault(
        "the key in the code",
        _echo(lambda key: {"error": key, "message": "no"}),
        AuthenticationError,
    ),
    fault(
        "the key in the request id",
        _echo(lambda key: {"error": "NO", "requestId": key}),
        AuthenticationError,
    ),
    fault(
        "the key in the details",
        _echo(lambda key: {"error": "NO", "details": {"formErrors": [key], key: {"a": [key]}}}),
        AuthenticationError,
    ),
    fault(
        "the key in the second revision's data",
        _echo(
            lambda key: {
                "code": "BAD_REQUEST",
                "message": "no",
                "data": {"field": key, "reason": key},
            }
        ),
        AuthenticationError,
    ),
    fault(
        "the key in HTML",
        _echo(lambda key: f"<h1>401</h1><pre>Authorization: Bearer {key}</pre>".encode()),
        AuthenticationError,
    ),
    fault(
        "the key a thousand times", _echo(lambda key: (key * 1000).encode()), AuthenticationError
    ),
    fault(
        "the key around the excerpt's end",
        _echo(lambda key: b"x" * 480 + key.encode()),
        AuthenticationError,
    ),
    fault(
        "the key around the message's end",
        _echo(lambda key: {"error": "NO", "message": "x" * 980 + key}),
        AuthenticationError,
    ),
    fault("the key in JSON's escapes", _echo(_escaped), AuthenticationError),
    fault(
        "the key in gzip",
        echo(
            lambda key: message(
                gzip.compress(b'{"error": "NO", "message": "' + key + b'"}'),
                401,
                [("Content-Encoding", "gzip")],
            )
        ),
        AuthenticationError,
    ),
    fault(
        "the key in UTF-16", _echo(lambda key: f"no {key}".encode("utf-16")), AuthenticationError
    ),
    fault("the key, cut off", _cut_in_the_key, ServerError, 3),
    fault(
        "the key in a 200 that is not JSON",
        _echo(lambda key: f"you sent {key}".encode(), 200),
        ResponseError,
    ),
    fault(
        "the key in a 200 of the wrong type",
        _echo(lambda key: GOOD | {"data": key}, 200),
        ResponseError,
        says="$.data",
    ),
    fault(
        "the key in a 200's field",
        _echo(lambda key: GOOD | {"data": [_ONE | {"score": key}]}, 200),
        ResponseError,
        says="$.data[0].score",
    ),
    fault(
        "the key in an error under 200",
        _echo(lambda key: {"error": key, "message": key, "requestId": key}, 200),
        ResponseError,
    ),
    fault(
        "the key in escapes in a 200's field",
        echo(
            lambda key: message(
                json.dumps(GOOD)
                .replace("0.92", '"' + "".join(f"\\u{byte:04x}" for byte in key) + '"')
                .encode()
            ),
            keep=True,
        ),
        ResponseError,
        says="$.data[0].score",
    ),
    fault(
        "the key echoed in a good answer's headers",
        echo(lambda key: message(GOOD, 200, [("X-Key", key.decode())]), keep=True),
        VALUE,
    ),
    fault(
        "control characters in a message",
        _says("a\x00b\x1b[31mc\x07d\r\ne\x7ff\x9bg"),
        ValidationError,
        says="b [31mc",
    ),
    fault(
        "bidirectional overrides in a message",
        _says("a\u202eb\u2066c\u200fd\ufeffe"),
        ValidationError,
    ),
    fault(
        "lone surrogates in a message",
        reply(b'{"error": "BAD", "message": "a\\ud800b"}', 400),
        ValidationError,
    ),
    fault(
        "line and paragraph separators in a message",
        _says("a\u2028b\u2029c\x85d"),
        ValidationError,
        says="a b c d",
    ),
    fault("a message of 100 kB", _says("m" * 100_000), ValidationError, says="mmm"),
    fault("a message of 100 kB of spaces", _says(" " * 100_000 + "x"), ValidationError),
    fault("a message of combining marks", _says("e" + "\u0301" * 50_000), ValidationError),
    fault(
        "a code of 100 kB", reply({"error": "C" * 100_000, "message": "no"}, 400), ValidationError
    ),
    fault(
        "a request id of 100 kB",
        reply({"error": "NO", "requestId": "R" * 100_000}, 400),
        ValidationError,
    ),
    fault(
        "a request id with line breaks",
        reply({"error": "NO", "requestId": "a\r\nSet-Cookie: b"}, 400),
        ValidationError,
    ),
    fault(
        "a hundred thousand problems",
        reply({"error": "NO", "details": {"formErrors": ["no"] * 40_000}}, 400),
        ValidationError,
    ),
    fault(
        "details 500 levels deep",
        reply(b'{"error": "NO", "details": ' + b'{"a":' * 500 + b"1" + b"}" * 501, 400),
        ValidationError,
    ),
    fault(
        "details of the wrong types",
        reply(
            {"error": ["NO"], "message": {"a": 1}, "requestId": 5, "details": [1], "data": "x"}, 400
        ),
        ValidationError,
    ),
    fault(
        "field errors of the wrong types",
        reply({"error": "NO", "details": {"formErrors": {"a": 1}, "fieldErrors": ["x"]}}, 400),
        ValidationError,
    ),
    fault("an empty message", _says(""), ValidationError, says="400"),
    fault(
        "a message of control characters alone", _says("\x00\x01\x02"), ValidationError, says="400"
    ),
    fault(
        "a message that formats",
        _says("%s %d {0} {error!r} \\N{BEL}"),
        ValidationError,
        says="%s %d {0}",
    ),
]
