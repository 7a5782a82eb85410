"""How far a command is, once it takes long enough to wonder."""

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

    from lightfast.emulator import EmbeddingProgress

__all__ = ["Embedding", "Indexing", "searchable"]

PATIENCE = 1.0  # seconds
EVERY = 10.0  # seconds; a log needs no more


class _Bar:
    """A bar on stderr from a second after its making on; without a terminal or with ``--quiet`` there is none.

    Args:
        label: What goes on.
        clock: Says what time it is, in seconds.
    """

    def __init__(self, label: str, clock: Callable[[], float]) -> None:
        self.is_wanted = sys.stderr.isatty() and not click.get_current_context().meta.get(QUIET)
        self._label = label
        self._clock = clock
        self._started = clock()
        self._shown: Progress | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since it was made."""
        return self._clock() - self._started

    def show(self, done: int, total: int | None) -> None:
        """Show that so much is done."""
        if self._shown is not None:
            self._shown.update(self._shown.task_ids[0], completed=done, total=total)
        elif self.is_wanted and self.elapsed > PATIENCE:
            self._shown = _rich()
            self._shown.start()
            self._shown.add_task(self._label, completed=done, total=total)

    def vanish(self) -> None:
        """Leave the terminal as it was."""
        if self._shown is not None:
            self._shown.stop()


class Indexing:
    """Told how many things were read, shows a bar, and says how long it all took.

    Args:
        clock: Says what time it is, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._bar = _Bar("Indexing", clock)
        self._done = 0

    def __call__(self, done: int, total: int | None) -> None:
        """Take note of the progress."""
        self._done = done
        self._bar.show(done, total)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.vanish()
        if kind is None and self._done and self._bar.elapsed > PATIENCE:
            note(f"Indexed {self._done:,} items in {self._bar.elapsed:.1f} s.")


class Embedding:
    """Told how many documents are embedded, shows a bar, or without a terminal says it now and then.

    Args:
        clock: Says what time it is, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bar = _Bar("Embedding", clock)
        self._said = clock()

    def __call__(self, progress: EmbeddingProgress) -> None:
        """Take note of the progress."""
        self._bar.show(progress.embedded, progress.documents)
        if not self._bar.is_wanted and self._clock() - self._said >= EVERY:
            self._said = self._clock()
            note(f"{searchable(progress)}.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.vanish()


def searchable(progress: EmbeddingProgress) -> str:
    """How far search by meaning is, in words."""
    return f"{progress.embedded:,} of {progress.documents:,} documents can be searched by meaning"


def _rich() -> Progress:
    from rich.console import Console  # 60 ms, and most runs index nothing
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,  # rich would print on stderr what was meant for stdout
    )
