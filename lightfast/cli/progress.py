"""Progress of a command that takes more than a moment: a bar on a terminal, else a line."""

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

    from lightfast.batch import BatchSummary
    from lightfast.emulator import EmbeddingProgress

__all__ = ["Embedding", "Indexing", "Searching", "searchable"]

PATIENCE = 1.0  # seconds
EVERY = 10.0  # seconds; a log needs no more
_REFRESH = 0.1  # seconds


class _Bar:
    """Bar on stderr, shown after a second; never with ``--quiet`` or without a terminal.

    Args:
        label: What is under way.
        clock: Returns the time in seconds.
    """

    def __init__(self, label: str, clock: Callable[[], float]) -> None:
        context = click.get_current_context()
        is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self.is_wanted = is_terminal and not context.meta.get(QUIET)
        self._label = label
        self._clock = clock
        self._started = clock()
        self._shown: Progress | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started

    def show(self, done: int, total: int | None, facts: str = "") -> None:
        """Show how much is done."""
        if self._shown is not None:
            task = self._shown.task_ids[0]
            self._shown.update(task, completed=done, total=total, facts=facts)
        elif self.is_wanted and self.elapsed > PATIENCE:
            self._shown = _rich()
            self._shown.start()
            self._shown.add_task(self._label, completed=done, total=total, facts=facts)

    def vanish(self) -> None:
        """Leave the terminal as it was."""
        if self._shown is not None:
            self._shown.stop()


class _Reported:
    """Context in which progress is shown; the bar vanishes at its end.

    Args:
        label: What is under way.
        clock: Returns the time in seconds.
    """

    def __init__(self, label: str, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._bar = _Bar(label, clock)
        self._said = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.vanish()

    def _say_now_and_then(self, text: str) -> None:
        """Print a line in place of the bar, every ten seconds."""
        if not self._bar.is_wanted and self._clock() - self._said >= EVERY:
            self._said = self._clock()
            note(text)


class Indexing(_Reported):
    """Progress of indexing, and one line at its end that says how long it took.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__("Indexing", clock)
        self._done = 0

    def __call__(self, done: int, total: int | None) -> None:
        """Show how many items were read, of how many."""
        self._done = done
        self._bar.show(done, total)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        if kind is None and self._done and self._bar.elapsed > PATIENCE:
            note(f"Indexed {self._done:,} items in {self._bar.elapsed:.1f} s.")


class Embedding(_Reported):
    """Progress of embedding.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__("Embedding", clock)

    def __call__(self, progress: EmbeddingProgress) -> None:
        """Show how many documents are embedded, of how many."""
        self._bar.show(progress.embedded, progress.documents)
        self._say_now_and_then(f"{searchable(progress)}.")


class Searching(_Reported):
    """Progress of a batch: rows, failures, rate and the time that is left.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__("Searching", clock)
        self.total: int | None = None
        self._drawn = clock()

    @property
    def is_shown(self) -> bool:
        """True if a bar is shown; then the total is worth counting."""
        return self._bar.is_wanted

    def __call__(self, summary: BatchSummary) -> None:
        """Show how many rows are written."""
        if self._clock() - self._drawn < _REFRESH:
            return
        self._drawn = self._clock()
        rate = (summary.answered + summary.failed) / max(self._bar.elapsed, 1e-6)
        facts = f"{summary.failed:,} failed, {rate:,.0f}/s"
        self._bar.show(summary.rows, self.total, facts)
        self._say_now_and_then(f"{summary.rows:,} rows, {facts}.")


def searchable(progress: EmbeddingProgress) -> str:
    """Return how many documents can be searched by meaning, in words."""
    return f"{progress.embedded:,} of {progress.documents:,} documents can be searched by meaning"


def _rich() -> Progress:
    from rich.console import Console  # 60 ms, and most runs show no bar
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
        TextColumn("{task.fields[facts]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,  # rich would print on stderr what was meant for stdout
    )
