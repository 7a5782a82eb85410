"""Retry policy: which failures are retried, after what delay, and what all retries may cost.

Everything here is pure: it needs no server, and clock and randomness come in as arguments.
`_transport/retrying.py` hands the decisions to tenacity.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import attrs

from lightfast._validate import check_number, check_whole
from lightfast.exceptions import LightfastError

OnRetry: TypeAlias = Callable[[LightfastError, float], None]
"""Called with the error and the delay, before each wait."""


def _not_negative(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_number(attribute.name, value)


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """Policy of one client: how often a failed request is retried, and after what delay.

    The delay is drawn evenly between zero and a bound that doubles with each retry
    (exponential backoff with full jitter), unless the server asks for more.

    Args:
        retries: Maximum number of retries.
        base_delay: First bound of the delay, in seconds.
        max_delay: Largest bound of the delay, in seconds.

    Raises:
        ConfigurationError: A number is negative.
    """

    retries: int = attrs.field(default=2, validator=_not_negative)
    base_delay: float = attrs.field(default=0.5, validator=_not_negative)
    max_delay: float = attrs.field(default=8.0, validator=_not_negative)

    def __attrs_post_init__(self) -> None:
        check_whole("retries", self.retries, 0)


class RetryBudget:
    """Bound on the load that retries add to a server, over all calls of a client.

    Each retry is paid for from a balance of at most `reserve`, which grows with every call
    (`ratio`) and with time (`per_second`). Single failures are always retried; in an outage,
    retries stay near `ratio` of the calls instead of multiplying them.

    Args:
        ratio: Retries earned by one call.
        reserve: Retries that can be made in a burst.
        per_second: Retries earned in one second.
        clock: Monotonic clock in seconds, for tests.

    Raises:
        ConfigurationError: A number is negative.
    """

    def __init__(
        self,
        *,
        ratio: float = 0.2,
        reserve: float = 20.0,
        per_second: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ratio = check_number("ratio", ratio)
        self._reserve = check_number("reserve", reserve)
        self._per_second = check_number("per_second", per_second)
        self._clock = clock
        self._balance = reserve
        self._filled_at = clock()

    def deposit(self) -> None:
        """Credit one call."""
        self._balance += self._ratio

    def withdraw(self) -> bool:
        """Pay for one retry. Returns: whether the balance sufficed."""
        now = self._clock()
        earned = (now - self._filled_at) * self._per_second
        self._filled_at = now
        self._balance = min(self._reserve, self._balance + earned)
        if self._balance < 1:
            return False
        self._balance -= 1
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        # It starts full in another process, where this clock means nothing.
        options = {"ratio": self._ratio, "reserve": self._reserve, "per_second": self._per_second}
        return _new_budget, (options,)

    def __repr__(self) -> str:
        return (
            f"RetryBudget(ratio={self._ratio}, reserve={self._reserve}, "
            f"per_second={self._per_second})"
        )


def _new_budget(options: dict[str, Any]) -> RetryBudget:
    return RetryBudget(**options)


def should_retry(error: BaseException) -> bool:
    """Tell whether the same request may succeed later. Search only reads: repeating is safe."""
    return isinstance(error, LightfastError) and error.retryable


def retry_delay(
    attempt: int,
    policy: RetryPolicy,
    retry_after: float | None = None,
    draw: Callable[[float, float], float] = random.uniform,
) -> float:
    """Return the seconds to wait after a failed attempt.

    Args:
        attempt: Number of the attempt that failed, from 1.
        policy: The bounds.
        retry_after: Seconds that the server asked for; never undercut.
        draw: Draws evenly between two numbers.
    """
    doublings = min(attempt - 1, 60)  # beyond, the bound is max_delay, and 2**n would overflow
    bound = min(policy.max_delay, policy.base_delay * 2.0**doublings)
    # From zero on, not from half: clients that failed together must not come back together.
    return max(draw(0.0, bound), retry_after or 0.0)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Parse a Retry-After header: seconds or an HTTP-date (RFC 9110 §10.2.3).

    Args:
        value: The header's value.
        now: The current time, aware.

    Returns:
        Seconds to wait; None when the header is missing or unreadable.
    """
    if value is None:
        return None
    value = value.strip()
    if value.replace(".", "", 1).isdecimal() and value.isascii():
        return float(value[:20])
    try:
        at = parsedate_to_datetime(value)
        # An HTTP-date is GMT, whether it says so or not.
        seconds = (at.replace(tzinfo=at.tzinfo or now.tzinfo) - now).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(0.0, seconds)
