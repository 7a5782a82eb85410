"""``lightfast batch``: searches from a file into a file."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO, TYPE_CHECKING, Any

import click

from lightfast.cli.commands import Command
from lightfast.cli.connection import Connection, connection_options, open_client
from lightfast.cli.exit_codes import BATCH, INTERRUPTED
from lightfast.cli.filters import filter_options
from lightfast.cli.output import note, verbosity
from lightfast.cli.progress import Searching
from lightfast.cli.signals import handled
from lightfast.cli.suggestions import Choice

if TYPE_CHECKING:
    from lightfast import Lightfast, SearchFilters
    from lightfast.batch import BatchSummary

__all__ = ["batch"]

_FORMATS = ("jsonl", "csv")
_EXAMPLES = """
lightfast batch questions.csv -o answers.jsonl
lightfast batch questions.jsonl -o answers.csv --limit 1 --concurrency 16
lightfast batch questions.csv -o answers.jsonl --resume
lightfast batch questions.csv -o answers.jsonl --retry-failed
"""


@click.command(cls=Command, short_help="Search for every row of a file", examples=_EXAMPLES)
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write.",
)
@click.option("--resume", is_flag=True, help="Add the rows that FILE lacks.")
@click.option("--retry-failed", is_flag=True, help="Resume, and search again for rows that failed.")
@click.option("--overwrite", is_flag=True, help="Replace FILE.")
@click.option("--ordered", is_flag=True, help="Write rows in the order of the input.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    default=8,
    metavar="N",
    show_default=True,
    help="Searches at once, 1 to 1000.",
)
@click.option("--input-format", type=Choice(_FORMATS), metavar="FORMAT", help="jsonl or csv.")
@click.option("--output-format", type=Choice(_FORMATS), metavar="FORMAT", help="jsonl or csv.")
@click.option("--limit", type=int, metavar="N", help="Results of each row, 1 to 100.")
@filter_options
@connection_options
@verbosity
def batch(
    source: Path,
    *,
    target: Path,
    resume: bool,
    retry_failed: bool,
    overwrite: bool,
    ordered: bool,
    concurrency: int,
    input_format: Any,
    output_format: Any,
    limit: int | None,
    mode: str | None,
    filters: SearchFilters | None,
    connection: Connection,
) -> None:
    """Search for every row of INPUT, and write one row for each to FILE.

    INPUT is JSON lines or CSV, or - for standard input. Each row needs a
    `query` and may have limit, offset, mode, sources, types, actor_names,
    since and until, which take precedence over the options. All its columns
    are copied to the output.

    A row that fails is written with its error. Ctrl-C finishes the searches
    under way and stops; --resume continues, also after a crash. It keeps the
    rows that failed; --retry-failed searches for them again.
    """
    from lightfast import SearchRequest
    from lightfast.batch.rows import format_of

    if overwrite and (resume or retry_failed):
        kept = "--resume" if resume else "--retry-failed"
        raise click.UsageError(f"{kept} and --overwrite cannot be used together.")
    given = {"limit": limit, "mode": mode, "filters": filters}
    defaults: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    is_stdin = str(source) == "-"
    options = {
        "source_format": input_format or format_of(sys.stdin.buffer if is_stdin else source),
        "target_format": output_format or format_of(target),
        "concurrency": concurrency,
        "ordered": ordered,
        "resume": resume,
        "retry_failed": retry_failed,
        "overwrite": overwrite,
        "defaults": SearchRequest("any", **defaults),
    }
    with contextlib.ExitStack() as stack:
        file = sys.stdin.buffer if is_stdin else stack.enter_context(_opened(source))
        _end(_run(stack.enter_context(open_client(connection)), file, target, options))


def _opened(source: Path) -> IO[bytes]:
    try:
        return source.open("rb")
    except OSError as error:
        raise click.UsageError(f"Cannot read {source}: {error.strerror}.") from None


def _run(client: Lightfast, file: IO[bytes], target: Path, options: dict[str, Any]) -> BatchSummary:
    from lightfast.batch import search_file
    from lightfast.batch.rows import count_rows

    with Searching() as searching, _first_interrupt() as interrupted:
        if searching.is_shown and file.seekable():
            searching.total = count_rows(file, options["source_format"])
        return search_file(
            client,
            file,
            target,
            on_progress=searching,
            should_stop=lambda: bool(interrupted),
            **options,
        )


def _end(summary: BatchSummary) -> None:
    facts = [f"{summary.answered:,} answered", f"{summary.failed:,} failed"]
    if summary.resumed:
        facts.append(f"{summary.resumed:,} were there before")
    if summary.stopped:
        note(f"Interrupted: {', '.join(facts)}; --resume continues.")
        click.get_current_context().exit(INTERRUPTED)
    note(f"{summary.rows:,} rows: {', '.join(facts)}.")
    if summary.failed:
        click.get_current_context().exit(BATCH)


@contextlib.contextmanager
def _first_interrupt() -> Iterator[list[int]]:
    """Note the first Ctrl-C instead of raising; the next one is raised as usual."""
    interrupted: list[int] = []

    def handle(number: int, _: FrameType | None) -> None:
        interrupted.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with contextlib.suppress(OSError):  # not through a stream: a handler may interrupt one
            os.write(2, b"\nFinishing the searches under way; Ctrl-C again stops at once.\n")

    with handled(signal.SIGINT, handle):
        yield interrupted
