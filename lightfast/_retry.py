"""Again, and when?

What decides is pure: `should_retry`, `retry_delay` and `parse_retry_after` need no clock,
no randomness of their own, and no server. `retrying` hands the decisions to tenacity.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from lightfast.exceptions import APIError, ConfigurationError, LightfastError

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState

OnRetry: TypeAlias = Callable[[LightfastError, float], None]
"""Told the error and the wait, before each wait."""


def _not_negative(instance: object, attribute: Any, value: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value < math.inf:  # type: ignore[operator]
        raise ConfigurationError(f"`{attribute.name}` must be 0 or more, not {value!r:.40}.")


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often to repeat a failed request, and how long to wait before.

    The wait is drawn evenly between nothing and a bound that doubles with each retry
    (exponential backoff with full jitter), unless the server names one.

    Args:
        retries: How many times to repeat at the most.
        base_delay: The first bound, in seconds.
        max_delay: The largest bound, in seconds.

    Raises:
        ConfigurationError: A number is negative.
    """

    retries: int = attrs.field(default=2, validator=_not_negative)
    base_delay: float = attrs.field(default=0.5, validator=_not_negative)
    max_delay: float = attrs.field(default=8.0, validator=_not_negative)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.retries, int):
            raise ConfigurationError(f"`retries` must be a whole number, not {self.retries!r:.40}.")


class RetryBudget:
    """How much a client may add to a server's load by retrying, over all its calls.

    Retries are paid for from a purse that holds at most `reserve`. It is filled by every
    call (`ratio`) and by time (`per_second`). Single failures are always repeated; in an
    outage, retries stay near `ratio` of the calls instead of multiplying them.

    Args:
        ratio: Retries earned by one call.
        reserve: Retries that may be made at once.
        per_second: Retries earned by one second.
        clock: Tells the time in seconds, for tests.

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
        for name, value in (("ratio", ratio), ("reserve", reserve), ("per_second", per_second)):
            if not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise ConfigurationError(f"`{name}` must be 0 or more, not {value!r:.40}.")
        self._ratio = ratio
        self._reserve = reserve
        self._per_second = per_second
        self._clock = clock
        self._balance = reserve
        self._filled_at = clock()

    def deposit(self) -> None:
        """Note that a call was begun."""
        self._balance += self._ratio

    def withdraw(self) -> bool:
        """Whether one more retry can be paid for; if so, it is."""
        now = self._clock()
        earned = (now - self._filled_at) * self._per_second
        self._filled_at = now
        self._balance = min(self._reserve, self._balance + earned)
        if self._balance < 1:
            return False
        self._balance -= 1
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        # Elsewhere, it starts full: another process's clock means nothing here.
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
    """Whether the same request may succeed later. Search only reads: repeating is safe."""
    return isinstance(error, LightfastError) and error.retryable


def retry_delay(
    attempt: int,
    policy: RetryPolicy,
    retry_after: float | None = None,
    draw: Callable[[float, float], float] = random.uniform,
) -> float:
    """Seconds to wait after a failed attempt.

    Args:
        attempt: Which attempt failed, from 1.
        policy: The bounds.
        retry_after: Seconds that the server asked for; never undercut.
        draw: Draws evenly between two numbers.
    """
    doublings = min(attempt - 1, 60)  # beyond, the bound is max_delay, and 2**n would overflow
    bound = min(policy.max_delay, policy.base_delay * 2.0**doublings)
    return max(draw(0.0, bound), retry_after or 0.0)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from seconds or an HTTP-date: RFC 9110 §10.2.3; None when unreadable.

    Args:
        value: The header.
        now: The current time, aware.
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


def retrying(
    policy: RetryPolicy,
    budget: RetryBudget,
    *,
    remaining: Callable[[], float],
    before_sleep: OnRetry,
    sleep: Callable[[float], Awaitable[None]],
) -> AsyncRetrying:
    """Tenacity, told our decisions. It raises the last error as it is.

    Args:
        policy: How often and how long.
        budget: The client's purse.
        remaining: Seconds left of the whole call.
        before_sleep: Told of each wait.
        sleep: Waits.
    """
    # Here, not on top: 29 ms that only a call which failed has to pay.
    from tenacity import AsyncRetrying, retry_if_exception

    def wait(state: RetryCallState) -> float:
        return retry_delay(state.attempt_number, policy, _retry_after(_error(state)))

    def stop(state: RetryCallState) -> bool:
        reason = _reason_to_stop(state, policy, budget, remaining())
        if reason:
            _error(state).add_note(f"Not retried: {reason}.")
        return reason is not None

    return AsyncRetrying(
        retry=retry_if_exception(should_retry),
        wait=wait,
        stop=stop,
        before_sleep=lambda state: before_sleep(_error(state), state.upcoming_sleep),
        sleep=sleep,
        reraise=True,
    )


def _reason_to_stop(
    state: RetryCallState, policy: RetryPolicy, budget: RetryBudget, remaining: float
) -> str | None:
    """Why there is no further retry, in words; None when there is one, and it is paid for."""
    if state.attempt_number > policy.retries:
        spent = {0: "retries are off", 1: "the one retry is used up"}
        return spent.get(policy.retries, f"all {policy.retries} retries are used up")
    if state.upcoming_sleep >= remaining:
        return (
            f"a wait of {state.upcoming_sleep:.3g} s does not fit "
            f"into the {max(remaining, 0):.3g} s left of `timeout`"
        )
    if not budget.withdraw():
        return "too many of this client's calls are failing (see RetryBudget)"
    return None


def _error(state: RetryCallState) -> LightfastError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, LightfastError):  # retry_if_exception lets nothing else through
        raise TypeError("only a LightfastError is retried") from error
    return error


def _retry_after(error: LightfastError) -> float | None:
    return error.retry_after if isinstance(error, APIError) else None
