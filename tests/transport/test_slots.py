"""Slots: as many as there are, first come first served, and none lost to a cancellation."""

from __future__ import annotations

import asyncio

import pytest

from lightfast._transport.slots import Slots


async def take(slots: Slots, order: list[str], name: str) -> None:
    """Take a slot in one way or the other, and put the name down."""
    if not slots.take():
        await slots.wait()
    order.append(name)


async def step() -> None:
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_slot_is_free_until_all_are_taken():
    slots = Slots(2)
    assert [slots.take() for _ in range(3)] == [True, True, False]
    slots.release()
    assert [slots.take() for _ in range(2)] == [True, False]


async def test_those_who_wait_are_served_in_the_order_in_which_they_came():
    slots, order = Slots(1), []
    await take(slots, order, "first")
    waiting = [asyncio.create_task(take(slots, order, name)) for name in ("second", "third")]
    await step()
    assert order == ["first"]
    slots.release()
    assert not slots.take()  # it is the second's, who has not run yet
    slots.release()
    await asyncio.gather(*waiting)
    assert order == ["first", "second", "third"]
    assert not slots.take()


@pytest.mark.parametrize("given", [False, True], ids=["while it waits", "once it was given one"])
async def test_a_cancelled_wait_takes_no_slot(given):
    slots, order = Slots(1), []
    await take(slots, order, "first")
    waiting = asyncio.create_task(slots.wait())
    await step()
    if given:
        slots.release()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    if not given:
        slots.release()
    async with asyncio.timeout(10):
        await take(slots, order, "next")
    assert order == ["first", "next"]
    assert not slots.take()
    slots.release()
    assert slots.take()
