"""The soak in small, and its plan; `nox -s soak` makes fifty times as many calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from lightfast import ResponseError
from tests.soak.plan import FAULTY, RETRIES, Fault, Outcome, fault, met, outcome
from tests.soak.running import Server, soak

pytestmark = pytest.mark.slow

SEED = 20_260_403


@pytest.fixture(scope="module")
def soaked() -> Iterator[Server]:
    with Server(SEED) as server:
        yield server


@pytest.mark.parametrize(("face", "numbers"), [("async", range(1000)), ("sync", range(1000, 2000))])
def test_every_call_ends_as_planned(face: str, numbers: range, soaked: Server) -> None:
    """Right answers, documented errors, as many attempts and connections as are due, and nothing left over."""
    soak(face, soaked, SEED, range(10_000 + numbers[0], 10_100 + numbers[0]))  # imports, pools
    assert soak(face, soaked, SEED, numbers).problems() == []


def test_as_many_calls_are_faulted_as_is_said() -> None:
    """One in twenty, and each kind of fault as often as another."""
    found = Counter(fault(SEED, number, 0) for number in range(40_000))
    plain = found.pop(None)
    assert 1 - plain / 40_000 == pytest.approx(FAULTY, rel=0.05)
    assert all(found[kind] == pytest.approx(40_000 * FAULTY / 8, rel=0.25) for kind in Fault)


def test_the_whole_soak_uses_up_retries_too() -> None:
    """Of its 100,000 calls some use up all retries, and one in a hundred meets a final fault."""
    outcomes = Counter(outcome(SEED, number) for number in range(100_000))
    exhausted = sum(n for o, n in outcomes.items() if o.error and o.attempts == RETRIES + 1)
    assert exhausted > 50
    assert outcomes[Outcome(ResponseError, 1)] > 1_000


def test_a_plan_is_a_function_of_the_seed() -> None:
    """The same numbers meet the same faults; another seed brings others."""
    plans = [[list(met(seed, number)) for number in range(1000)] for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]
