"""Tenacity, told our decisions.

Imported with the rest of the transport at the first call, not at the first failure: by then the
file may be gone, or file descriptors may have run out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from lightfast._retry import OnRetry, RetryBudget, RetryPolicy, retry_delay, should_retry
from lightfast.exceptions import APIError, LightfastError


def retrying(
    policy: RetryPolicy,
    budget: RetryBudget,
    *,
    remaining: Callable[[], float],
    before_sleep: OnRetry,
    sleep: Callable[[float], Awaitable[None]],
) -> AsyncRetrying:
    """Return a tenacity controller that raises the last error as it is.

    Args:
        policy: How often and how long.
        budget: The client's budget.
        remaining: Returns the seconds left of the whole call.
        before_sleep: Called before each wait.
        sleep: Waits.
    """

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
    """Return why there is no further retry, in words; None when one was granted and paid for."""
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
