"""``lightfast emulator organizations``: the organizations of an emulator."""

from __future__ import annotations

from pathlib import Path

import click

from lightfast.cli.commands import Group
from lightfast.cli.database import day, in_database, open_database, print_known
from lightfast.cli.output import note, verbosity

__all__ = ["organizations"]


@click.group(cls=Group)
def organizations() -> None:
    """Create and list the organizations of an emulator.

    Without --database they are those of `lightfast emulator serve` in this directory.
    """


@organizations.command(examples="lightfast emulator organizations create acme")
@click.argument("name")
@in_database
@verbosity
def create(name: str, database: Path) -> None:
    """Create an organization and print its ID, alone, on stdout."""
    with open_database(database, make=True) as emulator:
        organization = emulator.accounts.create_organization(name)
    click.echo(organization.id)
    note(f"{organization.name!r} has no data and no members yet.")


@organizations.command(name="list", examples="lightfast emulator organizations list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@in_database
@verbosity
def list_(*, as_json: bool, database: Path) -> None:
    """List organizations, oldest first."""
    with open_database(database) as emulator:
        known = emulator.accounts.list_organizations()
    rows = [(o.id, day(o.created_at), o.name) for o in known]
    nothing = "No organizations yet."
    print_known(known, ("id", "created", "name"), rows, as_json=as_json, nothing=nothing)
