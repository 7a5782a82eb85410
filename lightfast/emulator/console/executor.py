"""Who asks the database for the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Executor"]

T = TypeVar("T")


class Executor(Protocol):
    """Does work that waits for the database, elsewhere than on the event loop."""

    async def read(self, work: Callable[..., T], *values: object) -> T:
        """What the work gives, which only reads."""

    async def write(self, work: Callable[..., T], *values: object) -> T:
        """What the work gives, which may also write."""
