"""The emulator's database: the one that a command uses, and its contents as JSON or a table."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import click

from lightfast.cli.output import note, print_json
from lightfast.cli.tables import print_table

if TYPE_CHECKING:
    from lightfast.emulator import Emulator

__all__ = ["day", "in_database", "of_organization", "open_database", "print_known"]

_F = TypeVar("_F", bound=Callable[..., Any])


def in_database(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--database`` and ``--no-code`` to a command, which gets the database that they mean as `database`."""

    @functools.wraps(command)
    def in_chosen(*, database: Path | None, no_code: bool, **options: Any) -> Any:
        from lightfast.cli.local import cached_database  # 170 ms, not for --help

        place = database or cached_database([Path()], code=not no_code)
        return command(database=place, **options)

    for option in (
        click.option("--no-code", is_flag=True, help="Use the database of `serve --no-code`."),
        click.option(
            "--database",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="The emulator's database.",
        ),
    ):
        in_chosen = option(in_chosen)
    return in_chosen


def of_organization(text: str) -> Callable[[_F], _F]:
    """Add ``--organization`` to a command, with this help."""
    return click.option(
        "--organization", metavar="NAME", default="local", help=text, show_default=True
    )


@contextmanager
def open_database(database: Path, *, make: bool = False, **options: Any) -> Iterator[Emulator]:
    """Open an emulator on a database.

    Args:
        database: The file.
        make: Whether to create it if it is missing.
        **options: The emulator's.

    Raises:
        EmulatorError: There is no such file.
    """
    from lightfast.cli.local import open_emulator  # 170 ms, not for --help
    from lightfast.emulator import EmulatorError

    if not make and not database.exists():
        raise EmulatorError(f"There is no database at {database}; give --database.")
    emulator = open_emulator([], database, embedder=None, **options)
    try:
        yield emulator
    finally:
        emulator.close()


def print_known(
    known: Sequence[Any],
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    as_json: bool,
    nothing: str,
) -> None:
    """Print what a database knows, as JSON or as a table; a note if that is nothing."""
    if as_json:
        print_json([attrs.asdict(value, value_serializer=_plain) for value in known])
    elif known:
        print_table(heads, rows)
    else:
        note(nothing)


def day(time: datetime | None) -> str:
    """Return the day of a timestamp, as tables show it."""
    return f"{time:%Y-%m-%d}" if time else "-"


def _plain(_: type, __: Any, value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
