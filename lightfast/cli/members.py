"""``lightfast emulator members``: the members of an organization."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lightfast.cli.commands import Group
from lightfast.cli.database import day, in_database, of_organization, open_database, print_known
from lightfast.cli.output import note, verbosity

if TYPE_CHECKING:
    from lightfast.emulator import Emulator, Member

__all__ = ["members"]


@click.group(cls=Group)
def members() -> None:
    """Create, add, list, remove and sign in members of an organization.

    Without --database they are those of `lightfast emulator serve` in this directory.
    """


@members.command(examples='lightfast emulator members create "Ada Lovelace" --organization acme')
@click.argument("name")
@of_organization("The organization.")
@in_database
@verbosity
def create(name: str, database: Path, organization: str) -> None:
    """Create a user who is a member, and print their ID, alone, on stdout."""
    with open_database(database, make=True) as emulator:
        user = emulator.accounts.create_user(name, organization=organization)
    click.echo(user.id)
    note(f"{user.name} is a member of {organization!r}.")


@members.command(examples="lightfast emulator members add user_c489f92e --organization acme")
@click.argument("user_id")
@of_organization("The organization.")
@in_database
@verbosity
def add(user_id: str, database: Path, organization: str) -> None:
    """Add an existing user to an organization."""
    with open_database(database) as emulator:
        emulator.accounts.add_member(user_id, organization)
        member = _member(emulator, user_id, organization)
    note(f"{member.name} is a member of {organization!r}.")


@members.command(examples="lightfast emulator members remove user_c489f92e")
@click.argument("user_id")
@of_organization("The organization.")
@in_database
@verbosity
def remove(user_id: str, database: Path, organization: str) -> None:
    """Remove a member from an organization."""
    with open_database(database) as emulator:
        member = _member(emulator, user_id, organization)
        emulator.accounts.remove_member(member, organization)
    note(f"{member.name} ({member.id}) is no longer a member of {organization!r}.")


@members.command(name="list", examples="lightfast emulator members list --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@of_organization("The organization.")
@in_database
@verbosity
def list_(*, as_json: bool, database: Path, organization: str) -> None:
    """List members, oldest first."""
    with open_database(database) as emulator:
        known = emulator.accounts.list_members(organization=organization)
    rows = [(member.id, day(member.since), member.name) for member in known]
    nothing = f"No members of {organization!r}."
    print_known(known, ("id", "since", "name"), rows, as_json=as_json, nothing=nothing)


@members.command(examples="lightfast emulator members token user_c489f92e --lifetime 3600")
@click.argument("user_id")
@click.option(
    "--lifetime",
    type=click.IntRange(1, 7 * 24 * 3600),
    metavar="SECONDS",
    default=60,
    show_default=True,
    help="Lifetime of the token.",
)
@of_organization("The organization.")
@in_database
@verbosity
def token(user_id: str, *, lifetime: int, database: Path, organization: str) -> None:
    """Print a session token for a member, alone, on stdout.

    `SessionAuth(token, org_id=...)` takes it.
    """
    with open_database(database, session_lifetime=lifetime) as emulator:
        member = _member(emulator, user_id, organization)
        click.echo(emulator.accounts.create_session_token(member))
        org_id = _organization_id(emulator, organization)
    note(f"{member.name} is signed in for {lifetime} s; the organization's ID is {org_id}.")


def _member(emulator: Emulator, user_id: str, organization: str) -> Member:
    from lightfast.emulator import EmulatorError  # 170 ms, not for --help

    for member in emulator.accounts.list_members(organization=organization):
        if member.id == user_id:
            return member
    raise EmulatorError(
        f"{user_id!r} is not a member of {organization!r};"
        " `lightfast emulator members list` lists the members."
    )


def _organization_id(emulator: Emulator, organization: str) -> str:
    known = emulator.accounts.list_organizations()
    return next(o.id for o in known if organization in (o.id, o.name))
