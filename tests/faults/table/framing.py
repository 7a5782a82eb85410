"""Answers that are not the HTTP they should be: RFC 9112."""

from __future__ import annotations

import asyncio

from lightfast import NetworkError, ResponseError
from tests.faults.fault import VALUE, family
from tests.faults.plays import GOOD_BODY, JSON_TYPE, echo, flood, head, message, raw, reply
from tests.faults.server import Play, Wire

fault = family("framing")

_SIZE = len(GOOD_BODY)
_CHUNKED = (JSON_TYPE, ("Transfer-Encoding", "chunked"))


def _length(value: object) -> bytes:
    return head(200, [JSON_TYPE, ("Content-Length", str(value))]) + GOOD_BODY


def _chunked(*parts: bytes, headers: tuple[tuple[str, str], ...] = _CHUNKED) -> bytes:
    return head(200, headers) + b"".join(parts)


def _chunk(data: bytes, size: bytes | None = None) -> bytes:
    return (b"%x" % len(data) if size is None else size) + b"\r\n" + data + b"\r\n"


def _line(status_line: bytes) -> bytes:
    return status_line + b"\r\nContent-Length: %d\r\n\r\n" % _SIZE + GOOD_BODY


def _header(line: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + line + b"\r\nContent-Length: %d\r\n\r\n" % _SIZE + GOOD_BODY


def _later(first: bytes, then: bytes, pause: float = 0.05) -> Play:
    """Two packets."""

    async def play(wire: Wire) -> None:
        await wire.send(first)
        await asyncio.sleep(pause)
        await wire.send(then)
        await wire.hang()

    return play


_END = b"0\r\n\r\n"
_BROKEN = ResponseError
_MANY = [(f"X-{number}", "v") for number in range(5_000)]

FAULTS = [
    # lengths
    fault("a length too short", raw(_length(_SIZE - 10)), ResponseError, 1),
    fault("a length too short, kept open", raw(_length(_SIZE - 10), keep=True), ResponseError, 1),
    fault("a length too long, closed", raw(_length(_SIZE + 10)), NetworkError, 3),
    fault("a length too long, closed once", raw(_length(_SIZE + 10)), VALUE, 2, times=1),
    fault("a length of zero", raw(_length(0)), ResponseError, 1),
    fault("a negative length", raw(_length(-5)), _BROKEN, 1, says="not HTTP"),
    fault("a length that is not a number", raw(_length("ten")), _BROKEN, 1, says="not HTTP"),
    fault("a length with a plus", raw(_length(f"+{_SIZE}")), _BROKEN, 1),
    fault("a length in hexadecimal", raw(_length(hex(_SIZE))), _BROKEN, 1),
    fault("a length that no computer has", raw(_length(10**30)), _BROKEN, 1),
    fault("a length beyond the cap", raw(_length(10**12)), ResponseError, 1, says="larger than"),
    fault("two lengths that differ", raw(_header(b"Content-Length: 5")), _BROKEN, 1),
    fault("no length, closed at the end", raw(head() + GOOD_BODY), VALUE, 1),
    fault(
        "a length and chunks",
        raw(_chunked(_chunk(GOOD_BODY), _END, headers=(*_CHUNKED, ("Content-Length", "5")))),
        _BROKEN,
        1,
    ),
    # chunks
    fault(
        "chunks",
        raw(_chunked(_chunk(GOOD_BODY[:99]), _chunk(GOOD_BODY[99:]), _END), keep=True),
        VALUE,
        1,
    ),
    fault(
        "chunks of one byte",
        raw(_chunked(*(_chunk(bytes([b])) for b in GOOD_BODY), _END), keep=True),
        VALUE,
        1,
    ),
    fault(
        "chunks with extensions",
        raw(_chunked(_chunk(GOOD_BODY, b"%x;a=b" % _SIZE), _END), keep=True),
        VALUE,
        1,
    ),
    fault(
        "chunks with trailers",
        raw(_chunked(_chunk(GOOD_BODY), b"0\r\nX-Sum: 1\r\n\r\n"), keep=True),
        VALUE,
        1,
    ),
    fault(
        "a chunk size in words",
        raw(_chunked(_chunk(GOOD_BODY, b"ten"), _END)),
        _BROKEN,
        1,
        says="not HTTP",
    ),
    fault(
        "a negative chunk size",
        raw(_chunked(_chunk(GOOD_BODY, b"-5"), _END)),
        _BROKEN,
        1,
        says="not HTTP",
    ),
    fault(
        "a chunk size too large",
        raw(_chunked(_chunk(GOOD_BODY, b"f" * 20), _END)),
        _BROKEN,
        1,
        says="not HTTP",
    ),
    fault(
        "a chunk size too short",
        raw(_chunked(_chunk(GOOD_BODY, b"%x" % (_SIZE - 5)), _END)),
        _BROKEN,
        1,
        says="not HTTP",
    ),
    fault(
        "a chunk without its end",
        raw(_chunked(b"%x\r\n" % _SIZE + GOOD_BODY, _END)),
        _BROKEN,
        1,
        says="not HTTP",
    ),
    fault("a chunk size of 1 MB", flood(_chunked(), b"0" * 1000, 1000), NetworkError, 3),
    fault("a chunk extension of 1 MB", flood(_chunked(b"5;"), b"a" * 1000, 1000), NetworkError, 3),
    fault(
        "trailers that never end",
        flood(_chunked(_chunk(GOOD_BODY), b"0\r\n"), b"X-A: b\r\n" * 100, 1000),
        _BROKEN,
        1,
        says="not HTTP",
    ),
    *(
        fault(
            f"{what}, a moment later",
            broken,
            _BROKEN,
            1,
            says="not HTTP",
            options={"attempt_timeout": None, "timeout": 15},
        )
        for what, broken in {
            "a chunk size in words": _later(_chunked(_chunk(GOOD_BODY)), b"ten\r\n"),
            "a negative chunk size": _later(_chunked(_chunk(GOOD_BODY)), b"-5\r\n"),
            "a chunk without its end": _later(_chunked(b"5\r\n"), b"too long\r\n"),
            "a first chunk size in words": _later(_chunked(), b"ten\r\n"),
            "headers that are none": _later(b"HTTP/1.1 200 OK\r\n", b"no header\r\n\r\n"),
        }.items()
    ),
    fault(
        "an error's broken chunk, a moment later",
        _later(head(404, _CHUNKED), b"ten\r\n", 0.5),
        "NotFoundError",
        1,
    ),
    fault(
        "chunks that never end",
        flood(_chunked(), _chunk(b" " * 1000), 5000),
        ResponseError,
        1,
        says="larger than",
        options={"max_response_bytes": 100_000},
    ),
    fault(
        "gzip as a transfer coding",
        raw(
            _chunked(
                _chunk(GOOD_BODY), _END, headers=(JSON_TYPE, ("Transfer-Encoding", "gzip, chunked"))
            )
        ),
        VALUE,
        None,
    ),
    fault(
        "an unknown transfer coding",
        raw(_chunked(GOOD_BODY, headers=(JSON_TYPE, ("Transfer-Encoding", "cow")))),
        VALUE,
        None,
    ),
    # status lines
    fault("HTTP/1.0", raw(message(version="HTTP/1.0")), VALUE, 1),
    fault("HTTP/1.0 without a length", raw(head(version="HTTP/1.0") + GOOD_BODY), VALUE, 1),
    fault("HTTP/0.9", raw(GOOD_BODY), _BROKEN, 1, says="not HTTP"),
    fault("HTTP/2 in the status line", raw(_line(b"HTTP/2 200 OK")), _BROKEN, 1),
    fault("HTTP/3.7 in the status line", raw(_line(b"HTTP/3.7 200 OK")), _BROKEN, 1),
    fault("the preface of HTTP/2", raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), _BROKEN, 1),
    fault("frames of HTTP/2", raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)), _BROKEN, 1),
    fault("no reason phrase", raw(_line(b"HTTP/1.1 200")), VALUE, 1),
    fault("a reason phrase in Latin-1", raw(_line(b"HTTP/1.1 200 Tr\xe8s bien")), VALUE, 1),
    fault("a reason phrase of 100 kB", raw(_line(b"HTTP/1.1 200 " + b"x" * 100_000)), _BROKEN, 1),
    fault("status 0", raw(_line(b"HTTP/1.1 0 Zero")), _BROKEN, 1),
    fault("status 000", raw(_line(b"HTTP/1.1 000 Zero")), ResponseError, None),
    fault("status 99", raw(_line(b"HTTP/1.1 99 Low")), _BROKEN, 1),
    fault("status 600", raw(_line(b"HTTP/1.1 600 High")), ResponseError, 1, says="600"),
    fault("status 999", raw(_line(b"HTTP/1.1 999 Linked")), ResponseError, 1, says="999"),
    fault("status 2000", raw(_line(b"HTTP/1.1 2000 Many")), _BROKEN, 1),
    fault("status -1", raw(_line(b"HTTP/1.1 -1 Less")), _BROKEN, 1),
    fault("a status in words", raw(_line(b"HTTP/1.1 OK 200")), _BROKEN, 1),
    fault("another protocol's banner", raw(b"SSH-2.0-OpenSSH_9.6\r\n"), _BROKEN, 1),
    # If aiohttp sees the banner before it has written, it is the writing that fails.
    fault(
        "a mail server's banner",
        None,
        "ResponseError or NetworkError",
        None,
        greet=raw(b"220 mail.example ESMTP\r\n", keep=True),
    ),
    fault("random bytes", raw(bytes(range(256)) * 4), _BROKEN, 1),
    fault("zeros", raw(bytes(10_000)), _BROKEN, 1),
    fault(
        "our own request back",
        echo(
            lambda key: (
                b"POST /api/v1/search HTTP/1.1\r\nAuthorization: Bearer " + key + b"\r\n\r\n"
            )
        ),
        _BROKEN,
        1,
    ),
    fault("an empty line before the status line", raw(b"\r\n" + message(), keep=True), VALUE, 1),
    fault("spaces before the status line", raw(b"   " + message()), _BROKEN, 1),
    fault("lines that end in LF alone", raw(message().replace(b"\r\n", b"\n")), VALUE, None),
    # headers
    fault("no headers at all", raw(b"HTTP/1.1 200 OK\r\n\r\n" + GOOD_BODY), VALUE, 1),
    fault("a header without a colon", raw(_header(b"Broken header")), _BROKEN, 1),
    fault("a header without a name", raw(_header(b": value")), _BROKEN, 1),
    fault("a space before the colon", raw(_header(b"X-A : b")), _BROKEN, 1),
    fault("a folded header", raw(_header(b"X-A: b\r\n c")), VALUE, None),
    fault("NUL in a header", raw(_header(b"X-A: b\x00c")), _BROKEN, 1),
    fault("a bare CR in a header", raw(_header(b"X-A: b\rX-C: d")), _BROKEN, 1),
    fault("a header in UTF-8", raw(_header("X-Request-Id: ☃".encode()), keep=True), VALUE, 1),
    fault("a header in Latin-1", raw(_header(b"X-A: \xff\xfe\xe9"), keep=True), VALUE, 1),
    fault("a header's name in UTF-8", raw(_header("X-☃: a".encode())), _BROKEN, 1),
    fault("a header of 1 MB", raw(_header(b"X-A: " + b"b" * 1_000_000)), _BROKEN, 1),
    fault(
        "a header that never ends",
        flood(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 1000, 10_000),
        _BROKEN,
        1,
    ),
    fault("a header's name of 1 MB", raw(_header(b"X" * 1_000_000 + b": b")), _BROKEN, 1),
    fault("5,000 headers", raw(head(200, _MANY, length=_SIZE) + GOOD_BODY), _BROKEN, 1),
    fault(
        "headers that never end",
        flood(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 100, 10_000),
        _BROKEN,
        1,
    ),
    fault("a type that lies", reply(GOOD_BODY, headers=[("Content-Type", "image/png")]), VALUE, 1),
    fault("no type", raw(head(200, (), length=_SIZE) + GOOD_BODY, keep=True), VALUE, 1),
    fault(
        "two types",
        reply(headers=[("Content-Type", "text/html"), ("Content-Type", "a/b")]),
        VALUE,
        1,
    ),
    fault(
        "Upgrade in a 200", reply(headers=[("Upgrade", "h2c"), ("Connection", "Upgrade")]), VALUE, 1
    ),
    fault("Connection: close that stays", reply(headers=[("Connection", "close")]), VALUE, 1),
    # more or less than one answer
    fault("garbage after the answer", raw(message() + b"garbage", keep=True), _BROKEN, 1),
    fault("a second answer at once", raw(message() + message({"data": []}), keep=True), VALUE, 1),
    fault(
        "an answer before the request", None, VALUE, None, greet=raw(message(), keep=True), times=1
    ),
    fault(
        "100 before the answer",
        raw(b"HTTP/1.1 100 Continue\r\n\r\n" + message(), keep=True),
        VALUE,
        1,
    ),
    fault(
        "103 before the answer",
        raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + message(), keep=True),
        VALUE,
        1,
    ),
    fault(
        "101",
        raw(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
        ResponseError,
        1,
        says="101",
    ),
    fault(
        "101 that was not asked for, and stays",
        raw(b"HTTP/1.1 101 Switching\r\n\r\n", keep=True),
        ResponseError,
        1,
    ),
    # other successes
    fault("201 with results", reply(status=201), VALUE, 1),
    fault("202 and nothing", reply(b"", 202), ResponseError, 1, says="202"),
    fault("204", raw(b"HTTP/1.1 204 No Content\r\n\r\n", keep=True), ResponseError, 1, says="204"),
    fault("204 with a body", raw(message(status=204)), ResponseError, 1),
    fault(
        "205",
        raw(b"HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n", keep=True),
        ResponseError,
        1,
        says="205",
    ),
    fault(
        "206 with half an answer",
        reply(GOOD_BODY[:100], 206, [("Content-Range", f"bytes 0-99/{_SIZE}")]),
        ResponseError,
        1,
        says="206",
    ),
    fault("299 with results", reply(status=299), VALUE, 1),
]
