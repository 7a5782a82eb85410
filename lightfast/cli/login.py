"""``lightfast login``, ``logout`` and ``whoami``: the key in the keyring, and the one in use."""

from __future__ import annotations

import os
import sys

import click

from lightfast.cli.commands import Command
from lightfast.cli.connection import working_directory
from lightfast.cli.output import note, print_json, verbosity
from lightfast.cli.settings import (
    ADDRESS,
    DEFAULT_ADDRESS,
    KEY,
    check_option,
    masked_key,
    read_settings,
)
from lightfast.cli.stored_keys import delete_key, store_key

__all__ = ["login", "logout", "whoami"]

_address = click.option(
    "--base-url",
    metavar="URL",
    help="The API's address, if it is not the public one.",
)


@click.command(
    cls=Command,
    short_help="Store an API key in the system's keyring",
    examples="lightfast login\nlightfast login < key.txt",
)
@_address
@verbosity
def login(base_url: str | None) -> None:
    """Store an API key in the keyring of your operating system.

    Asks for the key without showing it, or reads it from standard input.

    The key is stored for one address and is never sent to another. A key in
    LIGHTFAST_API_KEY, .env.local or .env takes precedence.
    """
    from lightfast import ApiKeyAuth  # it checks the key

    address = _stored_for(base_url)
    key = _read_key().strip()
    ApiKeyAuth(key)
    store_key(address, key)
    note(f"Stored {masked_key(key)} for {address}.")
    if os.environ.get(KEY, "").strip():
        note(f"The environment's {KEY} takes precedence over it.")


@click.command(cls=Command, short_help="Delete the stored API key", examples="lightfast logout")
@_address
@verbosity
def logout(base_url: str | None) -> None:
    """Delete the key that `lightfast login` stored.

    The key stays valid; revoke it in the Lightfast Console.
    """
    address = _stored_for(base_url)
    was_stored = delete_key(address)
    note(f"Deleted the key for {address}." if was_stored else f"No key was stored for {address}.")


@click.command(
    cls=Command,
    short_help="Show which API key and address are used",
    examples="lightfast whoami --json",
)
@_address
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--allow-env-file-address", is_flag=True, hidden=True)
@verbosity
def whoami(base_url: str | None, *, as_json: bool, allow_env_file_address: bool) -> None:
    """Show which API key and address a search in this directory would use.

    Nothing is sent.
    """
    settings = read_settings(
        base_url, directory=working_directory(), allow_file_address=allow_env_file_address
    )
    address, masked = settings.base_url or DEFAULT_ADDRESS, masked_key(settings.api_key)
    if as_json:
        print_json(
            {
                "key": masked,
                "key_from": settings.key_from,
                "address": address,
                "address_from": settings.address_from,
            }
        )
        return
    click.echo(f"Key:      {masked} (from {settings.key_from})")
    click.echo(f"Address:  {address} (from {settings.address_from})")


def _read_key() -> str:
    if sys.stdin is not None and not sys.stdin.isatty():
        return sys.stdin.readline(4096)
    return str(click.prompt("API key", hide_input=True, err=True))


def _stored_for(base_url: str | None) -> str:
    # Not from a file: a repository has no say in where a key may go later.
    given = os.environ.get(ADDRESS, "").strip() if base_url is None else check_option(base_url)
    return (given or DEFAULT_ADDRESS).rstrip("/")
