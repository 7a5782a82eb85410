"""Checks of numbers: one rule, wherever a number is taken."""

from __future__ import annotations

import math

import pytest

from lightfast import ConfigurationError, RetryBudget, RetryPolicy
from lightfast._validate import check_number, check_seconds, check_whole


@pytest.mark.parametrize("value", [True, False, -1, math.nan, math.inf, "1", None, [1]])
@pytest.mark.parametrize(
    "make",
    [
        lambda value: check_number("n", value),
        lambda value: RetryBudget(ratio=value),
        lambda value: RetryBudget(reserve=value),
        lambda value: RetryBudget(per_second=value),
        lambda value: RetryPolicy(base_delay=value),
        lambda value: RetryPolicy(max_delay=value),
        lambda value: RetryPolicy(retries=value),
    ],
)
def test_what_is_not_a_number_of_0_or_more_is_refused_everywhere(make, value):
    with pytest.raises(ConfigurationError):
        make(value)


def test_numbers_are_bounded_and_seconds_may_have_no_limit():
    assert check_whole("n", 5, 1, 5) == 5
    for value in (0, 6, 1.0, True):
        with pytest.raises(ConfigurationError, match="from 1 to 5"):
            check_whole("n", value, 1, 5)
    with pytest.raises(ConfigurationError, match="of 1 or more"):
        check_whole("n", 0, 1)
    assert check_seconds("s", None) is check_seconds("s", math.inf) is None
    assert check_seconds("s", 2) == 2.0
