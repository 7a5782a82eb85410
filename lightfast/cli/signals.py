"""Signals that a command handles in its own way, for as long as it runs."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

__all__ = ["handled"]


@contextlib.contextmanager
def handled(
    number: signal.Signals, handler: Callable[[int, FrameType | None], object] | signal.Handlers
) -> Iterator[None]:
    """Handle a signal in another way within a block, or within a function that this decorates.

    Args:
        number: The signal.
        handler: What is called, or one of Python's two ways not to call anything.
    """
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        # None stands for a handler that Python did not set, and cannot set again.
        signal.signal(number, signal.SIG_DFL if before is None else before)
