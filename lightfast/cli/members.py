"""``lightfast emulator members``: who sees an organization's data when they sign in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lightfast.cli.commands import Group
from lightfast.cli.database import day, in_database, of_organization, opened, print_known
from lightfast.cli.output import note, verbosity

if TYPE_CHECKING:
    from lightfast.emulator import Emulator, Member

__all__ = ["members"]


@click.group(cls=Group)
def members() -> None:
    """Make, add, list and remove the members of an organization, and sign them in.

    Without --database they are those of `lightfast emulator serve` in this directory.
    """


@members.command()
@click.argument("name")
@of_organization("What they become a member of.")
@in_database
@verbosity
def create(name: str, database: Path | None, organization: str) -> None:
    """Make a user who is a member, and print their id, alone, on stdout."""
    with opened(database, make=True) as emulator:
        user = emulator.accounts.create_user(name, organization=organization)
    click.echo(user.id)
    note(f"{user.name} sees the data of {organization!r}.")


@members.command()
@click.argument("user_id")
@of_organization("What they become a member of.")
@in_database
@verbosity
def add(user_id: str, database: Path | None, organization: str) -> None:
    """Let a user see the organization's data who has been made already."""
    with opened(database) as emulator:
        emulator.accounts.add_member(user_id, organization)
        member = _member(emulator, user_id, organization)
    note(f"{member.name} sees the data of {organization!r}.")


@members.command()
@click.argument("user_id")
@of_organization("What they are a member of.")
@in_database
@verbosity
def remove(user_id: str, database: Path | None, organization: str) -> None:
    """Let a member see the organization's data no more."""
    with opened(database) as emulator:
        member = _member(emulator, user_id, organization)
        emulator.accounts.remove_member(member, organization)
    note(f"{member.name} ({member.id}) sees the data of {organization!r} no more.")


@members.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@of_organization("Whose members.")
@in_database
@verbosity
def list_(*, as_json: bool, database: Path | None, organization: str) -> None:
    """List members, by when they became it."""
    with opened(database) as emulator:
        known = emulator.accounts.list_members(organization=organization)
    rows = [(one.id, day(one.since), one.name) for one in known]
    nothing = f"No members of {organization!r}."
    print_known(known, ("id", "since", "name"), rows, as_json=as_json, nothing=nothing)


@members.command()
@click.argument("user_id")
@click.option(
    "--lifetime",
    type=click.IntRange(1, 7 * 24 * 3600),
    metavar="SECONDS",
    default=60,
    show_default=True,
    help="How long it is good.",
)
@of_organization("What they are a member of.")
@in_database
@verbosity
def token(user_id: str, *, lifetime: int, database: Path | None, organization: str) -> None:
    """Print a session token for a member, alone, on stdout.

    It is what `SessionAuth(token, org_id=...)` takes.
    """
    with opened(database, session_lifetime=lifetime) as emulator:
        member = _member(emulator, user_id, organization)
        click.echo(emulator.accounts.create_session_token(member))
        org_id = _organization_id(emulator, organization)
    note(f"{member.name} is signed in for {lifetime} s; the organization's id is {org_id}.")


def _member(emulator: Emulator, user_id: str, organization: str) -> Member:
    from lightfast.emulator import EmulatorError  # 170 ms, not for --help

    for member in emulator.accounts.list_members(organization=organization):
        if member.id == user_id:
            return member
    raise EmulatorError(
        f"{user_id!r} is no member of {organization!r};"
        " `lightfast emulator members list` tells who is."
    )


def _organization_id(emulator: Emulator, organization: str) -> str:
    known = emulator.accounts.list_organizations()
    return next(one.id for one in known if organization in (one.id, one.name))
