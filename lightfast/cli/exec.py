"""``lightfast emulator exec``: a command that has an emulator to itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lightfast.cli.commands import Command
from lightfast.cli.output import verbosity
from lightfast.cli.signals import handled

if TYPE_CHECKING:
    from types import FrameType

    from lightfast.emulator import Emulator

__all__ = ["execute"]

NOT_EXECUTABLE = 126  # as shells have it
NOT_FOUND = 127


@click.command(
    "exec",
    cls=Command,
    short_help="Run a command against an emulator of its own",
    examples="lightfast emulator exec -- npm test",
    context_settings={"allow_interspersed_args": False},
)
@click.option(
    "--path",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Search this instead of a small sample; repeatable.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@verbosity
def execute(paths: tuple[Path, ...], *, command: tuple[str, ...]) -> None:
    """Start an emulator, run a command, and stop the emulator.

    The command finds the emulator by LIGHTFAST_BASE_URL and LIGHTFAST_API_KEY. To seed documents,
    script faults or read the requests that came, it sends requests to LIGHTFAST_EMULATOR_URL with
    LIGHTFAST_EMULATOR_TOKEN as bearer token; openapi.json below that address describes them.

    Exits with the command's exit code.
    """
    from lightfast.emulator import SAMPLE, Emulator  # 170 ms, not for --help

    # By words alone: what a test finds must not depend on how far embedding has come.
    with Emulator(paths or [SAMPLE], embedder=None) as emulator:
        code = _run(command, emulator)
    sys.exit(code)


_IS_WINDOWS = os.name == "nt"


def _found(command: tuple[str, ...]) -> tuple[str, ...]:
    """Return a command with its program's path on Windows, which would look for ``npm.exe`` and not for ``npm.cmd``."""
    program = shutil.which(command[0]) if _IS_WINDOWS else None
    return (program or command[0], *command[1:])


def _run(command: tuple[str, ...], emulator: Emulator) -> int:
    environment = {
        **os.environ,
        "LIGHTFAST_API_KEY": emulator.create_api_key("exec"),
        "LIGHTFAST_BASE_URL": emulator.base_url,
        "LIGHTFAST_EMULATOR_URL": emulator.control_url,
        "LIGHTFAST_EMULATOR_TOKEN": emulator.control_token,
    }
    forwarding = _Forwarding()
    # A terminal sends Ctrl-C to the command as well, which decides what to do about it.
    with handled(signal.SIGINT, lambda *_: None), handled(signal.SIGTERM, forwarding.forward):
        try:
            process = subprocess.Popen(_found(command), env=environment)  # noqa: S603 - what the user asked for
        except FileNotFoundError:
            click.echo(f"{command[0]}: command not found", err=True)
            return NOT_FOUND
        except OSError as error:
            click.echo(f"{command[0]}: {error.strerror}", err=True)
            return NOT_EXECUTABLE
        forwarding.to(process)
        code = process.wait()
    return code if code >= 0 else 128 - code


class _Forwarding:
    """Forwarding of signals to a command, of those that come before it is made, too."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def to(self, process: subprocess.Popen[bytes]) -> None:
        """Send them to a process, first those that came before it."""
        self._process = process
        for number in self._early:
            process.send_signal(number)

    def forward(self, number: int, _: FrameType | None) -> None:
        """Send a signal that this process got, now or when the command is there."""
        if self._process is None:
            self._early.append(number)
        else:
            self._process.send_signal(number)
