"""Many searches: the limit that they keep to, decided without a server."""

from __future__ import annotations

import asyncio

import pytest

from lightfast import SearchMeta, SearchResponse
from lightfast._bulk import AdaptiveLimit, search_many
from tests.waiting import PATIENCE


def rounds(adaptive: AdaptiveLimit, elapsed: float, count: int) -> list[int]:
    """Answer `count` rounds, each answer after `elapsed` seconds; the limits that came of it."""
    limits = []
    for _ in range(count):
        for _ in range(adaptive.limit):
            adaptive.on_answer(elapsed)
        limits.append(adaptive.limit)
    return limits


def test_a_steady_server_is_asked_as_much_as_is_allowed():
    assert rounds(AdaptiveLimit(8), 0.1, 10) == [8] * 10


def test_being_limited_halves_the_limit_and_good_answers_bring_it_back_one_by_one():
    adaptive = AdaptiveLimit(16)
    adaptive.on_limited()
    adaptive.on_limited()
    assert adaptive.limit == 4
    assert rounds(adaptive, 0.1, 3) == [5, 6, 7]
    for _ in range(20):
        adaptive.on_limited()
    assert adaptive.limit == 1
    assert rounds(adaptive, 0.1, 100)[-1] == 16


def test_answers_that_queue_up_lower_the_limit():
    adaptive = AdaptiveLimit(20)
    rounds(adaptive, 0.1, 2)
    assert rounds(adaptive, 0.5, 4) == [16, 12, 10, 8]


def test_a_server_that_stays_slow_is_not_starved():
    adaptive = AdaptiveLimit(20)
    rounds(adaptive, 0.1, 2)
    assert min(rounds(adaptive, 0.15, 50)) == 20  # slower, but nothing queues up
    assert rounds(adaptive, 0.3, 500)[-1] == 20  # the best is forgotten


@pytest.mark.parametrize("capacity", [4, 10, 25])
def test_the_limit_follows_a_server_that_loses_capacity(capacity):
    """Beyond its capacity, a server's answers take longer in proportion."""
    adaptive = AdaptiveLimit(64)
    rounds(adaptive, 0.1, 3)
    limits = []
    for _ in range(40):
        limits += rounds(adaptive, 0.1 * max(1.0, adaptive.limit / capacity), 1)
    assert capacity <= min(limits)
    assert max(limits[-10:]) <= 3 * capacity


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("failing", [0, 7, 19])
@pytest.mark.parametrize("error", [ZeroDivisionError("x"), asyncio.CancelledError(), MemoryError()])
async def test_whatever_a_search_raises_reaches_the_caller(ordered, failing, error):
    """No query is left without an outcome or an exception, and nothing waits for ever."""
    begun = []

    async def search(query, on_retry):
        begun.append(query)
        await asyncio.sleep(0)
        if query == f"q{failing}":
            raise error
        return page_of(query)

    found = []
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(type(error)) as caught:
            async for outcome in search_many(
                [f"q{number}" for number in range(20)], search, concurrency=4, ordered=ordered
            ):
                found.append(outcome.query)
    assert caught.value is error
    assert f"q{failing}" not in found
    assert len(found) == len(set(found))


async def test_a_search_that_always_raises_ends_at_once():
    async def search(query, on_retry):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async for _ in search_many(["q"] * 20, search, concurrency=8, ordered=True):
            pytest.fail("an outcome without a response")


def page_of(query: str) -> SearchResponse:
    """Return a page of no results."""
    return SearchResponse(results=(), meta=SearchMeta(total=0), request_id=query)
