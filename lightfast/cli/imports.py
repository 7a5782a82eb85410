"""``lightfast emulator import``: what a tracker knows, into a file that the emulator indexes."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from lightfast._loopback import is_loopback
from lightfast.cli.commands import Group
from lightfast.cli.output import note, verbosity

__all__ = ["imports"]

_API = "https://api.github.com"


@click.group("import", cls=Group, short_help="Fetch a tracker's issues and more, for the index.")
def imports() -> None:
    """Fetch a tracker's issues and more into a file that the emulator indexes."""


@imports.command(
    short_help="Fetch issues, pull requests, releases and comments.",
    examples="""
lightfast emulator import github pallets/flask
lightfast search --local pallets-flask.json "async views"
""",
)
@click.argument("repository", metavar="OWNER/NAME")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The file to write.  [default: OWNER-NAME.json]",
)
@click.option(
    "--api", metavar="URL", default=_API, help="The API's address, for GitHub Enterprise."
)
@verbosity
def github(repository: str, *, output: Path | None, api: str) -> None:
    """Fetch the issues, pull requests, releases and comments of a repository on GitHub.

    The next run fetches only what has changed. The token comes from GITHUB_TOKEN, GH_TOKEN or
    `gh auth token`; without one, public repositories can be read slowly. Search the file with
    `lightfast search --local FILE`, or index it with the repository:
    `lightfast emulator index . FILE`.
    """
    from lightfast.emulator.sources.github_api import import_github  # 170 ms, not for --help

    _check(api)
    path = output or Path(f"{repository.replace('/', '-')}.json")
    token = _token(api)
    if token is None:
        note(
            "Without a token GitHub answers 60 requests an hour; set GITHUB_TOKEN or run `gh auth login`."
        )
    done = asyncio.run(import_github(repository, path, token=token, api=api))
    note(f"{done.fetched:,} new or changed, {done.total:,} in {done.path}")
    if done.limited_until is not None:
        until = datetime.fromtimestamp(done.limited_until, UTC).strftime("%H:%M UTC")
        raise click.ClickException(
            f"GitHub's rate limit is reached until {until}; run this again then."
        )


def _check(api: str) -> None:
    parts = urlsplit(api)
    is_local = parts.scheme == "http" and is_loopback(parts.hostname, subdomains=False)
    if parts.scheme == "https" or is_local:
        return
    raise click.UsageError("--api must begin with https://: the token is sent there.")


def _token(api: str) -> str | None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        if token := os.environ.get(name, "").strip():
            return token
    program = shutil.which("gh")
    if program is None or not Path(program).is_absolute():
        return None
    host = "github.com" if api == _API else urlsplit(api).hostname or ""
    try:
        done = subprocess.run(  # noqa: S603 - an argument list, and no shell
            [program, "auth", "token", "--hostname", host],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
