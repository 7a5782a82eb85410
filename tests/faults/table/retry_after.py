"""Retry-After in every form: obeyed when it fits, told when it does not, never a crash."""

from __future__ import annotations

from lightfast import RateLimitError, ServerError
from tests.faults.fault import VALUE, Fault, family
from tests.faults.plays import reply
from tests.faults.server import Play

fault = family("retry-after")

_BODY = {"error": "RATE_LIMITED", "message": "Slow down", "requestId": "req_1"}


def _answer(*values: str, status: int = 429) -> Play:
    return reply(_BODY, status, [("Retry-After", value) for value in values])


def _heals(name: str, *values: str, status: int = 429) -> Fault:
    """Read as a short wait, or not at all: the next attempt comes and is answered."""
    return fault(name, _answer(*values, status=status), VALUE, 2, times=1)


def _too_long(name: str, value: str, seconds: float | None = None, status: int = 429) -> Fault:
    """Beyond the deadline: fails at once, and says why."""
    cls = RateLimitError if status == 429 else ServerError
    facts = {} if seconds is None else {"retry_after": seconds}
    return fault(name, _answer(value, status=status), cls, 1, says="does not fit", facts=facts)


FAULTS = [
    _heals("0", "0"),
    _heals("0.05", "0.05"),
    _heals("1", "1"),
    _heals("0 behind a 503", "0", status=503),
    _heals("0 behind a 500", "0", status=500),
    _heals("empty", ""),
    _heals("spaces", "   "),
    _heals("negative", "-1"),
    _heals("very negative", "-1e9"),
    _heals("garbage", "soon"),
    _heals("nan", "nan"),
    _heals("inf", "inf"),
    _heals("-inf", "-inf"),
    _heals("1e9", "1e9"),
    _heals("a plus", "+1000"),
    _heals("hexadecimal", "0x1000"),
    _heals("with a unit", "1000 s"),
    _heals("digits of another script", "١٢٠"),
    _heals("two values", "1000, 2000"),
    _heals("two headers", "1000", "2000"),
    _heals("a comma for a point", "1000,5"),
    _heals("two points", "1.2.3"),
    _heals("underscores", "1_000"),
    _heals("JSON", '{"seconds": 1000}'),
    _heals("a date in the past", "Wed, 21 Oct 2015 07:28:00 GMT"),
    _heals("a date in the past, RFC 850", "Wednesday, 21-Oct-15 07:28:00 GMT"),
    _heals("a date in the past, asctime", "Wed Oct 21 07:28:00 2015"),
    _heals("a date without a zone", "Wed, 21 Oct 2015 07:28:00"),
    _heals("a date that does not exist", "Wed, 31 Feb 2099 07:28:00 GMT"),
    _heals("a date in the year 0", "Wed, 21 Oct 0000 07:28:00 GMT"),
    _heals("a date with a wild zone", "Wed, 21 Oct 2015 07:28:00 +9999"),
    _heals("a date with an unspeakable zone", "Wed, 21 Oct 2099 07:28:00 +99999999999"),
    _heals("a date in ISO 8601", "2099-10-21T07:28:00Z"),
    _heals("8 kB of digits and letters", "9" * 4_000 + "x"),
    _too_long("60", "60", 60.0),
    _too_long("60 behind a 503", "60", 60.0, status=503),
    _too_long("60 behind a 500", "60", 60.0, status=500),
    _too_long("1000000000", "1000000000", 1e9),
    _too_long("7 kB of digits", "9" * 7_000),
    _too_long("a date in 2099", "Wed, 21 Oct 2099 07:28:00 GMT"),
    _too_long("a date in the year 9999", "Fri, 31 Dec 9999 23:59:59 GMT"),
    fault("0, for ever", _answer("0"), RateLimitError, 3, facts={"retry_after": 0.0}),
    fault(
        "behind a 400",
        reply(_BODY, 400, [("Retry-After", "5")]),
        "ValidationError",
        1,
        facts={"retry_after": 5.0},
    ),
    fault(
        "behind a 402",
        reply(_BODY, 402, [("Retry-After", "5")]),
        "APIError",
        1,
        facts={"retry_after": 5.0},
    ),
]
