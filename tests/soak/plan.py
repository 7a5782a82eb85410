"""Plan of the faults: which call meets which, and what must come of it. Pure, the same in both processes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from enum import StrEnum

import attrs

from lightfast import LightfastError, NetworkError, RateLimitError, ResponseError, ServerError

FAULTY = 0.05  # of first attempts
AGAIN = 0.3  # of further ones: faults seldom come alone, and retries are to be used up, too
RETRIES = 2


class Fault(StrEnum):
    """Fault: what the server may do instead of answering at once."""

    INTERNAL = "500"
    EDGE = "503"
    LIMITED = "429"
    SILENT = "disconnect before the answer"
    BROKEN = "disconnect in the middle"
    CUT = "truncated JSON"
    SURPLUS = "Content-Length too short"
    DRIP = "slow drip"


MEETS: dict[Fault, type[LightfastError] | None] = {
    Fault.INTERNAL: ServerError,
    Fault.EDGE: ServerError,
    Fault.LIMITED: RateLimitError,
    Fault.SILENT: NetworkError,
    Fault.BROKEN: NetworkError,
    Fault.CUT: ResponseError,
    Fault.SURPLUS: ResponseError,
    Fault.DRIP: None,  # slow, but whole
}
FINAL = frozenset({Fault.CUT, Fault.SURPLUS, Fault.DRIP})  # another attempt is not made
HANGS_UP = frozenset({Fault.SILENT, Fault.BROKEN, Fault.SURPLUS})  # a connection is lost


@attrs.frozen
class Outcome:
    """Outcome that a call must have.

    Args:
        error: The class of the error; None for an answer.
        attempts: How many requests it takes.
    """

    error: type[LightfastError] | None
    attempts: int


def fault(seed: int, number: int, attempt: int) -> Fault | None:
    """Return the fault of an attempt, counted from 0; None for a plain answer."""
    digest = hashlib.blake2b(b"%d %d %d" % (seed, number, attempt), digest_size=8).digest()
    share, choice = int.from_bytes(digest[:4], "big") / 2**32, digest[4]
    return list(Fault)[choice % len(Fault)] if share < (AGAIN if attempt else FAULTY) else None


def met(seed: int, number: int) -> Iterator[Fault | None]:
    """Return the fault of each attempt of a call."""
    for attempt in range(RETRIES + 1):
        here = fault(seed, number, attempt)
        yield here
        if here is None or here in FINAL:
            return


def outcome(seed: int, number: int) -> Outcome:
    """Return the outcome that a call must have."""
    *_, last = attempts = list(met(seed, number))
    return Outcome(MEETS[last] if last else None, len(attempts))
