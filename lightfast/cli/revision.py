"""``lightfast emulator revision``: the revision that a running emulator speaks."""

from __future__ import annotations

import json
import os
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import click

from lightfast import API_REVISIONS, ConfigurationError, NetworkError
from lightfast._loopback import is_loopback
from lightfast.cli.commands import Command
from lightfast.cli.output import print_json, verbosity
from lightfast.cli.suggestions import Choice

__all__ = ["revision"]

URL: Final = "LIGHTFAST_EMULATOR_URL"
TOKEN: Final = "LIGHTFAST_EMULATOR_TOKEN"  # noqa: S105 - the variable's name
_DEFAULT_URL = "http://127.0.0.1:8765/_emulator"
_TIMEOUT = 10.0  # seconds


@click.command(
    cls=Command,
    short_help="Show or switch the revision that an emulator speaks",
    examples="""
lightfast emulator revision
lightfast emulator revision 2026-04-04
lightfast emulator revision 2026-04-03 --behavior observed
""",
)
@click.argument("api_revision", metavar="[REVISION]", required=False, type=Choice(API_REVISIONS))
@click.option(
    "--behavior",
    type=Choice(["documented", "observed"]),
    help="Speak the pinned revision as documented, or as the service was observed to.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verbosity
def revision(api_revision: str | None, *, behavior: str | None, as_json: bool) -> None:
    """Show the revision that a running emulator speaks, or switch it while it serves.

    The emulator is that of LIGHTFAST_EMULATOR_URL, or else of `lightfast emulator serve`.
    LIGHTFAST_EMULATOR_TOKEN must be what it was when that was started; for a command of
    `lightfast emulator exec`, both are set.
    """
    wanted = {"apiRevision": api_revision, "behavior": behavior}
    change = {name: value for name, value in wanted.items() if value is not None}
    spoken = _control(change)
    if as_json:
        print_json({name: spoken[name] for name in wanted})
    else:
        click.echo(f"{spoken['apiRevision']}, {spoken['behavior']}")


def _control(change: dict[str, str]) -> dict[str, Any]:
    """Ask an emulator what it speaks, after changing it.

    Raises:
        ConfigurationError: The token is missing or wrong, or the address is another machine's.
        NetworkError: The emulator does not answer.
    """
    request = Request(  # noqa: S310 - it goes to this machine only
        f"{_address()}/revision",
        data=json.dumps(change).encode() if change else None,
        headers={"Authorization": f"Bearer {_token()}"},
        method="PUT" if change else "GET",
    )
    try:
        # No proxy comes between this machine and itself.
        with build_opener(ProxyHandler({})).open(request, timeout=_TIMEOUT) as response:
            spoken: dict[str, Any] = json.load(response)
    except HTTPError as error:
        error.close()
        refused = f"The emulator refused: {error.code}. Does it have the same {TOKEN}?"
        raise ConfigurationError(refused) from None
    except (OSError, ValueError) as error:
        raise NetworkError(f"No emulator answers at {request.host}: {error}.") from None
    return spoken


def _address() -> str:
    url = os.environ.get(URL, "").strip() or _DEFAULT_URL
    try:
        host = urlsplit(url).hostname if url.startswith("http://") else None
    except ValueError:
        host = None
    if not is_loopback(host, subdomains=False):
        raise ConfigurationError(f"{URL} must be an address of this machine, not {url!r:.100}.")
    return url.rstrip("/")


def _token() -> str:
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise ConfigurationError(
            f"Set {TOKEN}, for this command and for the emulator when it is started."
        )
    return token
