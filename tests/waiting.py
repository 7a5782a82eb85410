"""Waiting until something is so, for as long as a busy machine may need."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds: what takes longer does not come any more
_POLL_INTERVAL = 0.01


def wait_until(condition: Callable[[], object]) -> None:
    """Return as soon as a condition is true.

    Raises:
        AssertionError: It is not true after a minute.
    """
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(_POLL_INTERVAL)


async def eventually(condition: Callable[[], object]) -> None:
    """Do as `wait_until` does, without blocking the event loop."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(_POLL_INTERVAL)
