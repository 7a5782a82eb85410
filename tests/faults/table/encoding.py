"""Content-Encoding: right, wrong, corrupt, and bombs."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

from lightfast import ResponseError, ServerError, ValidationError
from tests.faults.fault import VALUE, family
from tests.faults.plays import GOOD_BODY, message, raw, reply
from tests.faults.server import Play

fault = family("encoding")

_GZIP = gzip.compress(GOOD_BODY)
_RAW_DEFLATE = zlib.compress(GOOD_BODY)[2:-4]
_ZEROS = bytes(20_000_000)
_BOMB = gzip.compress(_ZEROS)
_ERROR = b'{"error": "VALIDATION_ERROR", "message": "limit is too large"}'
_SMALL: dict[str, Any] = {"options": {"max_response_bytes": 100_000}}


def _coded(coding: str, body: bytes, status: int = 200) -> Play:
    return reply(body, status, [("Content-Encoding", coding)])


def _nested(body: bytes, layers: int) -> bytes:
    for _ in range(layers):
        body = gzip.compress(body)
    return body


FAULTS = [
    fault("gzip", _coded("gzip", _GZIP), VALUE),
    fault("x-gzip", _coded("x-gzip", _GZIP), VALUE),
    fault("GZIP in capitals", _coded("GZIP", _GZIP), VALUE),
    fault(
        "gzip in chunks",
        raw(
            message(_GZIP, headers=[("Content-Encoding", "gzip")])
            .replace(b"Content-Length: %d" % len(_GZIP), b"Transfer-Encoding: chunked")
            .replace(_GZIP, b"%x\r\n" % len(_GZIP) + _GZIP + b"\r\n0\r\n\r\n"),
            keep=True,
        ),
        VALUE,
    ),
    fault(
        "gzip in two members",
        _coded("gzip", gzip.compress(GOOD_BODY[:50]) + gzip.compress(GOOD_BODY[50:])),
        VALUE,
    ),
    fault("deflate", _coded("deflate", zlib.compress(GOOD_BODY)), VALUE),
    fault("deflate without its wrapper", _coded("deflate", _RAW_DEFLATE), VALUE),
    fault("identity", _coded("identity", GOOD_BODY), VALUE),
    fault("an empty coding", _coded("", GOOD_BODY), VALUE),
    fault("gzip in gzip", _coded("gzip, gzip", _nested(GOOD_BODY, 2)), VALUE),
    fault(
        "two headers that say gzip",
        reply(
            _nested(GOOD_BODY, 2),
            headers=[("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")],
        ),
        ResponseError,
        says="cannot be read",
    ),
    fault(
        "gzip 500 times over",
        _coded(", ".join(["gzip"] * 500), _nested(GOOD_BODY, 500)),
        ResponseError,
        says="more than 4 Content-Encodings",
    ),
    fault("br", _coded("br", b"\x8b\x02\x80ok\x03"), ResponseError, says="'br' was not asked for"),
    fault(
        "zstd",
        _coded("zstd", b"(\xb5/\xfd \x02\x11\x00\x00{}"),
        ResponseError,
        says="'zstd' was not asked for",
    ),
    fault("compress", _coded("compress", b"\x1f\x9d"), ResponseError, says="was not asked for"),
    fault("an unknown coding", _coded("cow", GOOD_BODY), ResponseError, says="was not asked for"),
    fault(
        "a coding's name of 5 kB",
        _coded("c" * 5_000, GOOD_BODY),
        ResponseError,
        says="was not asked for",
    ),
    fault(
        "a coding's name that is not ASCII",
        _coded("gzïp☃", GOOD_BODY),
        ResponseError,
        says="was not asked for",
    ),
    fault("plain text that says gzip", _coded("gzip", GOOD_BODY), ResponseError, says="corrupt"),
    fault(
        "plain text that says deflate", _coded("deflate", GOOD_BODY), ResponseError, says="corrupt"
    ),
    fault("gzip that says deflate", _coded("deflate", _GZIP), ResponseError, says="cannot be read"),
    fault("gzip that says nothing", reply(_GZIP), ResponseError, says="not JSON"),
    fault(
        "gzip, corrupt in the middle",
        _coded("gzip", _GZIP[:60] + b"\x00\xff\x00" + _GZIP[63:]),
        ResponseError,
        says="corrupt",
    ),
    fault(
        "gzip with a wrong checksum",
        _coded("gzip", _GZIP[:-8] + bytes(4) + _GZIP[-4:]),
        ResponseError,
        says="corrupt",
    ),
    fault("gzip, cut off", _coded("gzip", _GZIP[:-20]), ResponseError, says="cut off"),
    fault("gzip's header alone", _coded("gzip", _GZIP[:10]), ResponseError, says="cut off"),
    fault("gzip and garbage", _coded("gzip", _GZIP + b"garbage"), ResponseError, says="corrupt"),
    fault("gzip of nothing", _coded("gzip", gzip.compress(b"")), ResponseError, says="not JSON"),
    fault("nothing that says gzip", _coded("gzip", b""), ResponseError, says="not JSON"),
    fault(
        "a bomb", _coded("gzip", _BOMB), ResponseError, says="larger than 100,000 bytes", **_SMALL
    ),
    fault(
        "a bomb of deflate",
        _coded("deflate", zlib.compress(_ZEROS)),
        ResponseError,
        says="larger than",
        **_SMALL,
    ),
    fault(
        "a bomb in a bomb",
        _coded("gzip, gzip", gzip.compress(_BOMB)),
        ResponseError,
        says="larger than",
        **_SMALL,
    ),
    fault(
        "a bomb of 50,000 members",
        _coded("gzip", gzip.compress(b"") * 50_000),
        ResponseError,
        says="100 parts or more",
    ),
    fault(
        "a bomb behind a 400",
        _coded("gzip", _BOMB, 400),
        ValidationError,
        **_SMALL,
        facts={"status": 400},
    ),
    fault("a bomb behind a 503", _coded("gzip", _BOMB, 503), ServerError, 3, **_SMALL),
    fault(
        "a bomb behind a redirect", _coded("gzip", _BOMB, 302), ResponseError, says="302", **_SMALL
    ),
    fault(
        "a 400 in gzip",
        _coded("gzip", gzip.compress(_ERROR), 400),
        ValidationError,
        says="limit is too large",
    ),
    fault(
        "a 400 in corrupt gzip", _coded("gzip", _ERROR, 400), ValidationError, facts={"status": 400}
    ),
    fault("a 503 in br", _coded("br", _ERROR, 503), ServerError, 3, facts={"status": 503}),
    fault("a 503 in br, once", _coded("br", _ERROR, 503), VALUE, 2, times=1),
    fault("a 302 in corrupt gzip", _coded("gzip", b"x", 302), ResponseError, says="302"),
]
