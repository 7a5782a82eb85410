"""``search_file``: rows in, searches side by side, rows out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import attrs

from lightfast import (
    AuthenticationError,
    ConfigurationError,
    Lightfast,
    LightfastError,
    PermissionDeniedError,
    SearchRequest,
)
from lightfast.batch.answers import query_text
from lightfast.batch.output import Output
from lightfast.batch.rows import (
    Format,
    Row,
    decoded,
    format_of,
    raise_cell_limit,
    read_rows,
    request_of,
)

__all__ = ["BatchSummary", "search_file"]


@attrs.define(kw_only=True)
class BatchSummary:
    """Counts of a batch's rows so far.

    Args:
        answered: Rows that were answered.
        failed: Rows that were written with their error.
        resumed: Rows that an earlier run had written.
        stopped: Whether it was stopped before the end of the input.
    """

    answered: int = 0
    failed: int = 0
    resumed: int = 0
    stopped: bool = False

    @property
    def rows(self) -> int:
        """Rows that are in the output."""
        return self.answered + self.failed + self.resumed


def search_file(
    client: Lightfast,
    source: str | Path | IO[bytes],
    target: str | Path,
    *,
    source_format: Format | None = None,
    target_format: Format | None = None,
    concurrency: int = 8,
    ordered: bool = False,
    resume: bool = False,
    retry_failed: bool = False,
    overwrite: bool = False,
    defaults: SearchRequest | None = None,
    on_progress: Callable[[BatchSummary], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> BatchSummary:
    """Search for every row of a file, and write one row for each into another.

    A row fails by itself, and its error is written. A key that is refused ends the batch, and the
    rows that met it are not written: the next run, with another key, searches for them.

    Args:
        client: The client to search with.
        source: The file to read, or one open for reading bytes.
        target: The file to write.
        source_format: The input's format; by default what its name ends in.
        target_format: The output's format, likewise.
        concurrency: Searches under way at once.
        ordered: Whether rows are written in the order of the input.
        resume: Whether to keep the rows that the output has, failed ones too, and add those it lacks.
        retry_failed: Whether to resume, and to search again for the rows that failed. What they find comes last.
        overwrite: Whether to replace an output that exists.
        defaults: Limit, mode and filters of the rows that have none of their own. Its query is
            not used.
        on_progress: Called after each row.
        should_stop: Asked before each row; True ends the input there, and what is under way is
            still finished.

    Returns:
        How many rows were answered, failed, and were there before.

    Raises:
        ConfigurationError: A file cannot be read or written, the output exists, or belongs to
            another input.
        AuthenticationError: The key was refused.
        PermissionDeniedError: Likewise.
    """
    defaults = defaults or SearchRequest("any")
    raise_cell_limit()
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(_opened(source))
        text = stack.enter_context(decoded(file))
        columns, rows = read_rows(text, source_format or format_of(source))
        _check_distinct(file, Path(target))
        as_csv = (target_format or format_of(target)) == "csv"
        output = Output(
            Path(target),
            (columns or ["query", "input"]) if as_csv else None,
            resume=resume,
            retry_failed=retry_failed,
            overwrite=overwrite,
        )
        stack.callback(output.close)
        batch = _Batch(output, defaults, should_stop or _never)
        searches = batch.requests(rows)
        for outcome in client.search_many(searches, concurrency=concurrency, ordered=ordered):
            answer = outcome.response if outcome.error is None else outcome.error
            batch.write(outcome.index, answer)
            if on_progress:
                on_progress(batch.summary)
        if batch.refused:
            raise batch.refused
        return batch.summary


class _Batch:
    """Rows under way, by the number of their search."""

    def __init__(
        self, output: Output, defaults: SearchRequest, should_stop: Callable[[], bool]
    ) -> None:
        self.summary = BatchSummary(resumed=len(output.done))
        self.refused: LightfastError | None = None
        self._output = output
        self._defaults = defaults
        self._should_stop = should_stop
        self._under_way: dict[int, tuple[Row, LightfastError | None]] = {}

    def requests(self, rows: Iterator[Row]) -> Iterator[SearchRequest | str]:
        """Yield the searches that are still to do. Runs on the thread that `search_many` reads on."""
        number = 0
        for row in rows:
            if row.index in self._output.done:
                self._check(row)
                continue
            if self.refused or self._should_stop():
                self.summary.stopped = True
                return
            request: SearchRequest | str
            try:
                request, problem = request_of(row, self._defaults), None
            except LightfastError as error:
                # search_many refuses an empty query without sending it; the row's own error is
                # written in its place.
                request, problem = "", error
            self._under_way[number] = (row, problem)
            number += 1
            yield request

    def write(self, number: int, outcome: Any) -> None:
        """Write what became of a search, unless the key was refused."""
        row, problem = self._under_way.pop(number)
        outcome = problem or outcome
        if isinstance(outcome, AuthenticationError | PermissionDeniedError):
            self.refused = self.refused or outcome
            return
        self._output.write(row, outcome)
        if isinstance(outcome, LightfastError):
            self.summary.failed += 1
        else:
            self.summary.answered += 1

    def _check(self, row: Row) -> None:
        """Refuse to continue the output of another input."""
        if self._output.done.differs(row.index, query_text(row.values)):
            raise ConfigurationError(
                f"The output belongs to another input: the query of its row {row.index} differs."
            )


def _opened(source: str | Path | IO[bytes]) -> contextlib.AbstractContextManager[IO[bytes]]:
    if not isinstance(source, str | Path):
        return contextlib.nullcontext(source)
    try:
        return Path(source).open("rb")
    except OSError as error:
        raise ConfigurationError(f"Cannot read {source}: {error.strerror}.") from None


def _check_distinct(source: IO[bytes], target: Path) -> None:
    with contextlib.suppress(OSError, AttributeError):  # there is no file on one of the sides
        if os.path.samestat(os.fstat(source.fileno()), target.stat()):
            raise ConfigurationError("The output must be another file than the input.")


def _never() -> bool:
    return False
