"""The fuzzer's work, without its guidance, in a second; `nox -s fuzz` does it for a minute."""

from __future__ import annotations

import random

import pytest

from lightfast import ResponseError
from lightfast._wire.responses import read_search
from tests.fuzz import target
from tests.fuzz.mutation import mutated, seeds
from tests.fuzz.target import BrokenPromiseError, check, input_of, response_of


def test_the_seeds_are_read_as_promised() -> None:
    """Every literal document of the contract, and headers of every kind."""
    for seed in seeds():
        check(seed)


def test_mutants_are_read_as_promised() -> None:
    """2,000 changed documents give a value or a LightfastError each."""
    draw, pool = random.Random(4), list(seeds())
    for _ in range(2_000):
        pool.append(mutated(draw.choice(pool), draw))
        check(pool[-1])


def test_an_input_stands_for_a_response() -> None:
    """Status, headers and body are found again."""
    response = response_of(input_of(429, b"a\0b", b"Retry-After: 3\nx: y"))
    assert (response.status, response.body) == (429, b"a\0b")
    assert response.headers == ((b"Retry-After", b"3"), (b"x", b"y"))


def test_a_broken_promise_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that lets a foreign error or an unsound value out does not pass."""
    data = input_of(200, b"{}")
    with pytest.raises(ResponseError):
        read_search(response_of(data))
    monkeypatch.setattr(target, "read_search", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        check(data)
    wrong = ResponseError("a\x1b[0m")

    def failing(_: object) -> None:
        raise wrong

    monkeypatch.setattr(target, "read_search", failing)
    with pytest.raises(BrokenPromiseError, match="cannot be printed"):
        check(data)
