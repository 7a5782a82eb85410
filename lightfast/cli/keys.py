"""``lightfast emulator keys``: who may ask an emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import click

from lightfast.cli.moments import moment
from lightfast.cli.output import note, print_json, verbosity
from lightfast.cli.tables import print_table

if TYPE_CHECKING:
    from lightfast.emulator import ApiKey, Emulator

__all__ = ["keys"]

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group()
def keys() -> None:
    """Make, list and revoke the API keys of an emulator.

    Without --database they are those of `lightfast emulator serve` in this directory.
    """


def _of_database(command: _F) -> _F:
    command = click.option(
        "--organization", metavar="NAME", default="local", help="Whose keys.", show_default=True
    )(command)
    return click.option(
        "--database",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="The emulator's database.",
    )(command)


@keys.command()
@click.option("--name", default="default", metavar="TEXT", help="What it is for.")
@click.option(
    "--expires",
    callback=moment(ahead=True),
    metavar="TIME",
    help="When it stops working: an ISO date or time, or a span such as 30d.",
)
@_of_database
@verbosity
def create(name: str, expires: datetime | None, database: Path | None, organization: str) -> None:
    """Make a key and print it, alone, on stdout. It cannot be shown again."""
    with _emulator(database, make=True) as emulator:
        click.echo(emulator.create_api_key(name, organization=organization, expires_at=expires))
    until = f"until {expires:%Y-%m-%d %H:%M} UTC" if expires else "until it is revoked"
    note(f"It opens the data of {organization!r} {until}, and cannot be shown again.")


@keys.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_of_database
@verbosity
def list_(*, as_json: bool, database: Path | None, organization: str) -> None:
    """List keys, oldest first, without the keys themselves."""
    with _emulator(database) as emulator:
        known = emulator.list_api_keys(organization=organization)
    if as_json:
        print_json([attrs.asdict(key, value_serializer=_plain) for key in known])
    elif known:
        heads = ("id", "key", "name", "state", "made", "last used")
        print_table(heads, [_row(key) for key in known])
    else:
        note(f"No keys for {organization!r}.")


@keys.command()
@click.argument("which", metavar="ID_OR_MASK")
@_of_database
@verbosity
def revoke(which: str, database: Path | None, organization: str) -> None:
    """Let a key in no more, by its id or its masked form such as sk-lf-...AbC1."""
    with _emulator(database) as emulator:
        key = emulator.revoke_api_key(which, organization=organization)
    note(f"Revoked {key.masked} ({key.name}).")


@contextmanager
def _emulator(database: Path | None, *, make: bool = False) -> Iterator[Emulator]:
    from lightfast.cli.local import cached_database, open_emulator  # 170 ms, not for --help
    from lightfast.emulator import EmulatorError

    database = database or cached_database([Path.cwd()])
    if not make and not database.exists():
        raise EmulatorError(f"There is no database at {database}; give --database.")
    emulator = open_emulator([], database, embedder=None)
    try:
        yield emulator
    finally:
        emulator.close()


def _row(key: ApiKey) -> tuple[str, ...]:
    return (key.id, key.masked, key.name, _state(key), _day(key.created_at), _day(key.last_used_at))


def _state(key: ApiKey) -> str:
    if not key.active:
        return "revoked"
    if key.expires_at is None:
        return "active"
    if key.expires_at <= datetime.now(key.expires_at.tzinfo):
        return "expired"
    return f"until {_day(key.expires_at)}"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "-"


def _plain(_: type, __: Any, value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
