"""Deadlines: many of them under one timer, and other people's cancellations left alone."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

from lightfast._transport.deadline import DeadlineTimer


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_what_takes_too_long_ends_with_a_timeout():
    with pytest.raises(TimeoutError) as caught, DeadlineTimer().until(soon(0.01)):
        await asyncio.sleep(30)
    assert caught.value.__cause__ is None
    assert asyncio.current_task().cancelling() == 0


async def test_what_ends_in_time_is_left_alone():
    watch = DeadlineTimer()
    with watch.until(soon(0.02)):
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)
    with watch.until(math.inf):
        await asyncio.sleep(0)


async def test_a_deadline_in_the_past_ends_the_first_wait():
    with pytest.raises(TimeoutError), DeadlineTimer().until(soon(-1)):
        await asyncio.sleep(30)


async def test_many_deadlines_end_the_earliest_first_even_when_all_are_late():
    watch = DeadlineTimer()
    now = watch.loop.time()
    order = []

    async def wait(seconds):
        with pytest.raises(TimeoutError), watch.until(now + seconds):
            await asyncio.sleep(30)
        order.append(seconds)

    waits = [asyncio.create_task(wait(seconds)) for seconds in (0.03, 0.01, 0.04, 0.02)]
    await asyncio.sleep(0)
    watch.loop.call_soon(time.sleep, 0.05)  # the loop stands still until all of them are due
    await asyncio.gather(*waits)
    assert order == [0.01, 0.02, 0.03, 0.04]


async def test_a_later_deadline_is_watched_once_the_earlier_is_over():
    watch = DeadlineTimer()
    for seconds in (0.01, 0.02):
        with pytest.raises(TimeoutError), watch.until(soon(seconds)), watch.until(soon(30)):
            await asyncio.sleep(30)


async def test_a_cancellation_from_outside_stays_one():
    async def wait():
        with DeadlineTimer().until(soon(30)):
            await asyncio.sleep(30)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_from_outside_wins_over_one_of_ours():
    watch = DeadlineTimer()

    async def wait():
        with watch.until(soon(0.01)):
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                asyncio.current_task().cancel()
                raise

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(wait())


async def test_an_outer_timeout_stays_the_outer_ones():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01) as outer:
            with DeadlineTimer().until(soon(30)):
                await asyncio.sleep(30)
    assert outer.expired()


async def test_other_errors_pass_through_even_when_late():
    with pytest.raises(KeyError), DeadlineTimer().until(soon(0.01)):
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            raise KeyError from None
    assert asyncio.current_task().cancelling() == 0
