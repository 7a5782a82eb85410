"""``lightfast emulator keys``: the API keys of an emulator."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lightfast.cli.commands import Group
from lightfast.cli.database import day, in_database, of_organization, open_database, print_known
from lightfast.cli.output import note, verbosity
from lightfast.cli.timestamps import timestamp

if TYPE_CHECKING:
    from lightfast.emulator import ApiKey

__all__ = ["keys"]


@click.group(cls=Group)
def keys() -> None:
    """Create, list and revoke the API keys of an emulator.

    Without --database they are those of `lightfast emulator serve` in this directory.
    """


@keys.command(examples="lightfast emulator keys create --name laptop --expires 30d")
@click.option("--name", default="default", metavar="TEXT", help="The key's name.")
@click.option(
    "--expires",
    callback=timestamp(future=True),
    metavar="TIME",
    help="Expiry: an ISO 8601 date or time, or a span such as 30d.",
)
@of_organization("The organization.")
@in_database
@verbosity
def create(name: str, expires: datetime | None, database: Path, organization: str) -> None:
    """Create a key and print it, alone, on stdout. It cannot be shown again."""
    with open_database(database, make=True) as emulator:
        click.echo(
            emulator.accounts.create_api_key(name, organization=organization, expires_at=expires)
        )
    until = f"until {expires:%Y-%m-%d %H:%M} UTC" if expires else "until it is revoked"
    note(f"Valid for {organization!r} {until}. It cannot be shown again.")


@keys.command(name="list", examples="lightfast emulator keys list --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@of_organization("The organization.")
@in_database
@verbosity
def list_(*, as_json: bool, database: Path, organization: str) -> None:
    """List keys, oldest first, without the keys themselves."""
    with open_database(database) as emulator:
        known = emulator.accounts.list_api_keys(organization=organization)
    heads = ("id", "key", "name", "state", "created", "last used")
    rows = [_row(key) for key in known]
    print_known(known, heads, rows, as_json=as_json, nothing=f"No keys for {organization!r}.")


@keys.command(examples="lightfast emulator keys revoke sk-lf-...AbC1")
@click.argument("which", metavar="ID_OR_MASK")
@of_organization("The organization.")
@in_database
@verbosity
def revoke(which: str, database: Path, organization: str) -> None:
    """Revoke a key, by its ID or its masked form such as sk-lf-...AbC1."""
    with open_database(database) as emulator:
        key = emulator.accounts.revoke_api_key(which, organization=organization)
    note(f"Revoked {key.masked} ({key.name}).")


def _row(key: ApiKey) -> tuple[str, ...]:
    return (key.id, key.masked, key.name, _state(key), day(key.created_at), day(key.last_used_at))


def _state(key: ApiKey) -> str:
    if not key.active:
        return "revoked"
    if key.expires_at is None:
        return "active"
    if key.expires_at <= datetime.now(key.expires_at.tzinfo):
        return "expired"
    return f"until {day(key.expires_at)}"
