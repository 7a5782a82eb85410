"""Exit codes by kind of error, and the line that says what went wrong."""

from __future__ import annotations

import json
import sys
import traceback
from typing import Any, Final

import attrs
import click

import lightfast
from lightfast._install import install_command
from lightfast.cli.output import as_json_text, printable, silence_stdout

__all__ = [
    "BATCH",
    "EXITS",
    "INTERRUPTED",
    "READER_GONE",
    "Exit",
    "Failure",
    "exit_code",
    "failure",
]


@attrs.frozen
class Exit:
    """One exit code.

    Args:
        code: The process's exit code.
        meaning: Its meaning, for the help.
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
BATCH: Final = 10
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
READER_GONE: Final = 141  # 128 + SIGPIPE

EXITS: Final = (
    Exit(OK, "Success, also when nothing was found."),
    Exit(UNEXPECTED, "Unexpected error, or a missing extra."),
    Exit(USAGE, "Wrong arguments or settings; nothing was sent."),
    Exit(CREDENTIAL, "The API key was not accepted (401, 403)."),
    Exit(REFUSED, "The API refused the request (400, 404, other 4xx)."),
    Exit(LIMITED, "Rate limited (429)."),
    Exit(SERVER, "The server failed (5xx)."),
    Exit(NETWORK, "No answer: network failure or timeout."),
    Exit(UNREADABLE, "The answer could not be read."),
    Exit(EMULATOR, "The local emulator or its index failed."),
    Exit(BATCH, "A batch is complete, and some of its rows are errors."),
    Exit(INTERRUPTED, "Interrupted (Ctrl-C)."),
    Exit(READER_GONE, "The output pipe was closed."),
)

_FACTS = ("code", "status", "request_id", "attempts", "retry_after")


def exit_code(error: Exception) -> int:
    """Return the exit code for this kind of error."""
    match error:
        case click.ClickException() | lightfast.ConfigurationError():
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
    # A module that was never imported raised nothing; its extra may not even be installed.
    emulator = sys.modules.get("lightfast.emulator")
    return EMULATOR if emulator and isinstance(error, emulator.EmulatorError) else UNEXPECTED


class Failure(click.ClickException):
    """End of a command, with one line or one JSON document on stderr.

    Args:
        message: What happened, where, and what to do next.
        code: The exit code.
        facts: The error as JSON; None for a line.
    """

    def __init__(self, message: str, code: int, facts: dict[str, Any] | None = None) -> None:
        super().__init__(printable(message))
        self.exit_code = code  # type: ignore[misc]  # click reads the instance's
        self._facts = facts

    def show(self, file: Any = None) -> None:
        """Print the line or the document."""
        if self._facts is None:
            click.echo(f"lightfast: {self.message}", file=file, err=True)
            return
        document = {"error": {**self._facts, "message": self.message, "exit_code": self.exit_code}}
        click.echo(as_json_text(json.dumps(document)), file=file, err=True)


def failure(error: Exception, *, verbose: bool, as_json: bool) -> click.ClickException:
    """Return the end of a command for what it raised.

    Args:
        error: What was raised.
        verbose: Whether to print the traceback of an unexpected error.
        as_json: Whether the error is printed as JSON.
    """
    if isinstance(error, click.ClickException) and not as_json:
        return error
    code = exit_code(error)
    if code == UNEXPECTED and isinstance(error, OSError):  # such as a full disk behind stdout
        silence_stdout()
    if verbose and code == UNEXPECTED and not isinstance(error, ModuleNotFoundError):
        traceback.print_exception(error)
    facts = None
    if as_json:
        usage = isinstance(error, click.ClickException)
        kind = "UsageError" if usage else type(error).__name__
        given = {name: getattr(error, name, None) for name in _FACTS}
        facts = {"type": kind} | {name: value for name, value in given.items() if value}
    return Failure(_message(error, code, verbose=verbose), code, facts)


def _message(error: Exception, code: int, *, verbose: bool) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, ModuleNotFoundError):
        extras = (
            ("mcp",) if (error.name or "").partition(".")[0] in _OF_MCP else ("cli", "emulator")
        )
        return f"this command needs {error.name}; run: {install_command(*extras)}"
    if code != UNEXPECTED:
        return f"{error}{_hint(error)}"
    more = "" if verbose else "; --verbose shows where"
    return f"unexpected {type(error).__name__}: {error}{more}"


_OF_MCP = frozenset({"mcp", "mcp_types", "starlette", "uvicorn"})


def _hint(error: Exception) -> str:
    """Return what to do next, where the error itself does not say it."""
    match error:
        case lightfast.AuthenticationError() | lightfast.PermissionDeniedError():
            return " Check LIGHTFAST_API_KEY."
        case lightfast.APIError(retry_after=float(seconds)):
            return f" Try again in {seconds:.0f} s."
    return ""
