"""Exit codes by kind of error, and the line that says what went wrong."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any, Final

import attrs
import click

import lightfast
from lightfast._install import install_command
from lightfast.cli.output import VERBOSE, printable

__all__ = ["EXITS", "Commands", "Exit", "Failure", "exit_code"]


@attrs.frozen
class Exit:
    """One way to end.

    Args:
        code: The process's exit code.
        meaning: What it means, for the help.
    """

    code: int
    meaning: str


OK: Final = 0
UNEXPECTED: Final = 1
USAGE: Final = 2
CREDENTIAL: Final = 3
REFUSED: Final = 4
LIMITED: Final = 5
SERVER: Final = 6
NETWORK: Final = 7
UNREADABLE: Final = 8
EMULATOR: Final = 9
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
READER_GONE: Final = 141  # 128 + SIGPIPE

EXITS: Final = (
    Exit(OK, "Done, also when nothing was found."),
    Exit(UNEXPECTED, "Unexpected: a bug, or an extra is not installed."),
    Exit(USAGE, "Wrong arguments or settings; nothing was sent."),
    Exit(CREDENTIAL, "The API key was not accepted (401, 403)."),
    Exit(REFUSED, "The API refused the request (400, 404, other 4xx)."),
    Exit(LIMITED, "Rate limited (429)."),
    Exit(SERVER, "The server failed (5xx)."),
    Exit(NETWORK, "No answer: network failure or timeout."),
    Exit(UNREADABLE, "An answer that cannot be read."),
    Exit(EMULATOR, "The local emulator or its index failed."),
    Exit(INTERRUPTED, "Interrupted (Ctrl-C)."),
    Exit(READER_GONE, "Whoever read the output went away (a closed pipe)."),
)


def exit_code(error: Exception) -> int:
    """The exit code that tells this error's kind."""
    match error:
        case lightfast.ConfigurationError():
            return USAGE
        case lightfast.AuthenticationError() | lightfast.PermissionDeniedError():
            return CREDENTIAL
        case lightfast.RateLimitError():
            return LIMITED
        case lightfast.ServerError():
            return SERVER
        case lightfast.APIError():
            return SERVER if error.status >= 500 else REFUSED
        case lightfast.NetworkError():
            return NETWORK
        case lightfast.ResponseError():
            return UNREADABLE
    # What was never imported raised nothing; its extra may not even be installed.
    emulator = sys.modules.get("lightfast.emulator")
    return EMULATOR if emulator and isinstance(error, emulator.EmulatorError) else UNEXPECTED


class Failure(click.ClickException):
    """Ends the command with one line on stderr.

    Args:
        message: What happened, where, and what to do next.
        code: The exit code.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(printable(message))
        self.exit_code = code  # type: ignore[misc]  # click reads the instance's

    def show(self, file: Any = None) -> None:
        """Print the line."""
        click.echo(f"lightfast: {self.message}", file=file, err=True)


class Commands(click.Group):
    """The group of all commands; whatever goes wrong in one ends as an exit code and a line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            result = super().invoke(ctx)
            # Now, and not at exit, where a closed pipe could not be silenced any more.
            if sys.stdout is not None:  # closed by the shell: >&-
                sys.stdout.flush()
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            _silence_stdout()
            ctx.exit(READER_GONE)
        except KeyboardInterrupt:
            if sys.stderr.isatty():
                click.echo(err=True)  # after the terminal's ^C
            ctx.exit(INTERRUPTED)
        except Exception as error:  # noqa: BLE001  # told apart by `exit_code`
            raise _failure(error, verbose=bool(ctx.meta.get(VERBOSE))) from None
        return result


def _failure(error: Exception, *, verbose: bool) -> Failure:
    if isinstance(error, ModuleNotFoundError):
        install = install_command("cli", "emulator")
        return Failure(f"this command needs {error.name}; run: {install}", UNEXPECTED)
    code = exit_code(error)
    if code != UNEXPECTED:
        return Failure(f"{error}{_hint(error)}", code)
    if verbose:
        traceback.print_exception(error)
    more = "" if verbose else "; --verbose shows where"
    return Failure(f"unexpected {type(error).__name__}: {error}{more}", code)


def _hint(error: Exception) -> str:
    """What to do next, where the error itself does not say it."""
    match error:
        case lightfast.AuthenticationError() | lightfast.PermissionDeniedError():
            return " Check LIGHTFAST_API_KEY."
        case lightfast.APIError(retry_after=float(seconds)):
            return f" Try again in {seconds:.0f} s."
    return ""


def _silence_stdout() -> None:
    # What Python still holds in its buffer goes nowhere: docs.python.org/3/library/signal.html#note-on-sigpipe
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
