"""Ends of a pool: with its loop, with its client, with the process, and two of them at once."""

from __future__ import annotations


async def test_a_pool_that_its_loop_is_closing_can_be_abandoned_by_another_thread(client):
    """At exit, a loop that stands still for a moment between its last two runs looks as if it had ended."""
    await client.search("q")
    (lifetime,) = client._transport._pools.values()
    abandoned = []

    async def close(whole=lifetime.pool.close) -> None:
        lifetime.abandon()
        abandoned.append(True)
        await whole()

    lifetime.pool.close = close
    await lifetime.end()
    assert abandoned == [True]
    assert not client._transport._pools
