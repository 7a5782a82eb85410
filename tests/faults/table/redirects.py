"""Redirects are never followed: the key and the query would travel."""

from __future__ import annotations

import itertools

from lightfast import ResponseError
from tests.faults.fault import family
from tests.faults.plays import GOOD, echo, message, reply
from tests.faults.server import Play

fault = family("redirects")

_PLACES = {
    "same origin": "/api/v2/search",
    "itself": "/api/v1/search",
    "another origin": "https://evil.example/collect",
    "plain http": "http://127.0.0.1/api/v1/search",
    "another port": "http://127.0.0.1:1/",
}
_STATUSES = (301, 302, 303, 307, 308)


def _to(status: int, location: str) -> Play:
    return reply(GOOD, status, [("Location", location)])


FAULTS = [
    *(
        fault(
            f"{status} to {where}",
            _to(status, place),
            ResponseError,
            says="never followed",
            facts={"status": status},
        )
        for status, (where, place) in itertools.product(_STATUSES, _PLACES.items())
    ),
    fault("300 with choices", reply(GOOD, 300), ResponseError, says="300"),
    fault("304", reply(b"", 304), ResponseError, says="304"),
    fault("305 to a proxy", _to(305, "http://127.0.0.1:1/"), ResponseError, says="305"),
    fault("399", reply(GOOD, 399), ResponseError, says="399"),
    fault("302 to nowhere", reply(b"", 302), ResponseError, says="302"),
    fault("302 to an empty place", _to(302, ""), ResponseError, says="302"),
    fault("302 to javascript", _to(302, "javascript:alert(1)"), ResponseError, says="302"),
    fault("302 to a broken URL", _to(302, "http://[::1"), ResponseError, says="302"),
    fault("302 to a URL of 7 kB", _to(302, "/" + "a" * 7_000), ResponseError, says="302"),
    fault("302 to a place in Latin-1", _to(302, "/\udce9\udcff"), ResponseError, says="302"),
    fault(
        "302 to two places",
        reply(b"", 302, [("Location", "/a"), ("Location", "/b")]),
        ResponseError,
        says="302",
    ),
    fault(
        "302 to a place with the key",
        echo(lambda key: message(b"", 302, [("Location", "/?key=" + key.decode())]), keep=True),
        ResponseError,
        says="302",
    ),
    fault(
        "307 with a Set-Cookie",
        reply(b"", 307, [("Location", "/"), ("Set-Cookie", "a=b")]),
        ResponseError,
        says="307",
    ),
]
