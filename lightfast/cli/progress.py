"""How far indexing is, once it takes long enough to wonder."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from lightfast.cli.output import QUIET, note

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Indexing"]

PATIENCE = 1.0  # seconds


class Indexing:
    """Told how many things were read, shows a bar after a second, and says how long it all took.

    The bar needs a terminal on stderr; ``--quiet`` keeps everything away.

    Args:
        clock: Says what time it is, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._done = 0
        self._bar: Progress | None = None
        self._visible = sys.stderr.isatty() and not click.get_current_context().meta.get(QUIET)

    def __call__(self, done: int, total: int | None) -> None:
        """Take note of the progress."""
        self._done = done
        if self._bar is None and self._visible and self._elapsed > PATIENCE:
            self._bar = _bar()
            self._bar.start()
            self._bar.add_task("Indexing", total=total)
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    @property
    def _elapsed(self) -> float:
        return self._clock() - self._started

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if kind is None and self._done and self._elapsed > PATIENCE:
            note(f"Indexed {self._done:,} items in {self._elapsed:.1f} s.")


def _bar() -> Progress:
    from rich.console import Console  # 60 ms, and most runs index nothing
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    )
