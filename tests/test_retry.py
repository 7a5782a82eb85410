"""Again, and when: pure decisions, without a clock, a server or a sleep."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightfast import (
    ConfigurationError,
    LightfastError,
    NetworkError,
    RateLimitError,
    RetryBudget,
    RetryPolicy,
    ServerError,
    ValidationError,
)
from lightfast._retry import parse_retry_after, retry_delay, should_retry
from lightfast._transport.retrying import retrying

NOW = datetime(2026, 4, 3, 12, 0, tzinfo=UTC)


def highest(_low: float, high: float) -> float:
    return high


def test_only_what_may_pass_later_is_repeated():
    assert should_retry(NetworkError("reset"))
    assert should_retry(ServerError("down", status=503, retryable=True))
    assert not should_retry(NetworkError("bad certificate", retryable=False))
    assert not should_retry(ValidationError("no", status=400))
    assert not should_retry(KeyError("foreign"))


def test_the_bound_of_the_wait_doubles_up_to_a_limit():
    policy = RetryPolicy(retries=9, base_delay=0.5, max_delay=3.0)
    bounds = [retry_delay(attempt, policy, draw=highest) for attempt in (1, 2, 3, 4, 5, 5000)]
    assert bounds == [0.5, 1.0, 2.0, 3.0, 3.0, 3.0]


def test_the_wait_is_drawn_from_nothing_up_to_the_bound():
    assert retry_delay(3, RetryPolicy(), draw=lambda low, high: low) == 0.0


def test_a_wait_that_the_server_names_is_never_undercut():
    assert retry_delay(1, RetryPolicy(), 20.0, draw=highest) == 20.0
    assert retry_delay(1, RetryPolicy(), 0.0, draw=highest) == 0.5


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0.5", 0.5),
        ("Fri, 03 Apr 2026 12:00:30 GMT", 30.0),
        ("Friday, 03-Apr-26 12:00:30 GMT", 30.0),
        ("Fri Apr  3 12:00:30 2026", 30.0),
        ("Fri, 03 Apr 2026 14:00:30 +0200", 30.0),
        ("Fri, 03 Apr 2020 12:00:30 GMT", 0.0),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
        ("١٢", None),
        ("soon", None),
        ("", None),
        (".", None),
        (None, None),
        ("Fri, 99 Apr 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert parse_retry_after(value, NOW) == seconds


@given(st.text())
def test_retry_after_is_read_whatever_stands_there(value):
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or 0 <= seconds < math.inf


@pytest.mark.parametrize(
    "arguments",
    [
        {"retries": -1},
        {"retries": True},
        {"retries": 1.5},
        {"retries": "2"},
        {"base_delay": math.nan},
        {"max_delay": math.inf},
    ],
)
def test_a_policy_refuses_what_is_no_number_of_its_kind(arguments):
    with pytest.raises(ConfigurationError, match=next(iter(arguments))):
        RetryPolicy(**arguments)


def test_a_budget_refuses_what_is_no_number():
    with pytest.raises(ConfigurationError, match="ratio"):
        RetryBudget(ratio=-1)


def test_a_budget_keeps_retries_near_its_ratio_in_an_outage():
    time = 0.0
    budget = RetryBudget(ratio=0.2, reserve=10, per_second=0, clock=lambda: time)
    granted = 0
    for _ in range(1000):
        budget.deposit()
        granted += budget.withdraw() + budget.withdraw()
    assert 10 <= granted <= 10 + 0.2 * 1000


def test_a_budget_is_filled_by_time_but_never_over_its_reserve():
    time = 0.0
    budget = RetryBudget(ratio=0, reserve=2, per_second=1, clock=lambda: time)
    assert [budget.withdraw() for _ in range(3)] == [True, True, False]
    time = 1.0
    assert [budget.withdraw() for _ in range(2)] == [True, False]
    time = 1000.0
    assert [budget.withdraw() for _ in range(3)] == [True, True, False]


class Adapter:
    """Runs `retrying` over a list of errors, and notes what it was told."""

    def __init__(
        self,
        *errors: LightfastError,
        remaining: float = math.inf,
        budget: RetryBudget | None = None,
        retries: int = 2,
    ) -> None:
        self.errors = list(errors)
        self.waits: list[float] = []
        self.told: list[tuple[LightfastError, float]] = []
        self.retrying = retrying(
            RetryPolicy(retries=retries, base_delay=0.0),
            budget or RetryBudget(),
            remaining=lambda: remaining - sum(self.waits),
            before_sleep=lambda error, delay: self.told.append((error, delay)),
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def attempt(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "answer"

    async def run(self) -> str:
        return await self.retrying(self.attempt)


def limited(seconds: float | None) -> RateLimitError:
    return RateLimitError("slow down", status=429, retry_after=seconds, retryable=True)


async def test_tenacity_waits_as_told_and_tells_of_each_wait():
    adapter = Adapter(limited(3.0), limited(5.0))
    assert await adapter.run() == "answer"
    assert adapter.waits == [3.0, 5.0]
    assert [delay for _, delay in adapter.told] == [3.0, 5.0]


async def test_the_last_error_is_raised_as_it_is_with_the_reason_for_stopping():
    errors = [limited(0.0) for _ in range(3)]
    with pytest.raises(RateLimitError) as caught:
        await Adapter(*errors).run()
    assert caught.value is errors[-1]
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert caught.value.__notes__ == ["Not retried: all 2 retries are used up."]


async def test_a_wait_that_does_not_fit_fails_at_once():
    adapter = Adapter(limited(60.0), remaining=29.5)
    with pytest.raises(RateLimitError) as caught:
        await adapter.run()
    assert adapter.waits == []
    assert caught.value.retry_after == 60.0
    assert "a wait of 60 s does not fit into the 29.5 s left" in caught.value.__notes__[0]


async def test_an_empty_budget_stops_retries_and_says_so():
    budget = RetryBudget(ratio=0, reserve=0, per_second=0)
    with pytest.raises(RateLimitError) as caught:
        await Adapter(limited(0.0), budget=budget).run()
    assert "RetryBudget" in caught.value.__notes__[0]


async def test_no_retries_are_made_when_they_are_off():
    with pytest.raises(RateLimitError) as caught:
        await Adapter(limited(0.0), retries=0).run()
    assert "retries are off" in caught.value.__notes__[0]


async def test_what_cannot_pass_later_is_raised_at_once():
    with pytest.raises(LightfastError, match="no"):
        await Adapter(ValidationError("no", status=400)).run()
