"""What is said besides the results: notes and logs on stderr; and JSON on stdout."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["QUIET", "VERBOSE", "note", "print_json", "printable", "verbosity"]

_F = TypeVar("_F", bound=Callable[..., Any])

QUIET = "lightfast.cli.quiet"
VERBOSE = "lightfast.cli.verbose"

# Controls could rewrite what the terminal shows; so could the bidirectional overrides of UAX #9 §2.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SPACE = re.compile(r"[ \t\r\n\v\f\u0085\u2028\u2029]+")


# --- how much is said -------------------------------------------------------------------------


def verbosity(command: _F) -> _F:
    """Give a command ``--quiet`` and ``--verbose``."""
    options = (
        ("-v", "--verbose", VERBOSE, "Log every call and retry on stderr."),
        ("-q", "--quiet", QUIET, "Print no notes and no progress; errors stay."),
    )
    for short, long, name, text in options:
        command = click.option(
            short,
            long,
            is_flag=True,
            expose_value=False,
            callback=lambda ctx, _, value, name=name: _set_level(ctx, name, value=value),
            help=text,
        )(command)
    return command


def _set_level(ctx: click.Context, name: str, *, value: bool) -> None:
    if value:
        ctx.meta[name] = True
    if name == VERBOSE:
        _log_to_stderr(ctx, logging.DEBUG if value else logging.ERROR)


def _log_to_stderr(ctx: click.Context, level: int) -> None:
    logger, handler = logging.getLogger("lightfast"), _Lines()
    before = logger.level
    logger.setLevel(level)
    logger.addHandler(handler)
    ctx.call_on_close(lambda: logger.removeHandler(handler))
    ctx.call_on_close(lambda: logger.setLevel(before))


class _Lines(logging.Handler):
    """Log records as lines on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"lightfast: {printable(self.format(record))}", err=True)


def note(text: str) -> None:
    """Print a line on stderr, unless ``--quiet``."""
    context = click.get_current_context(silent=True)
    if not (context and context.meta.get(QUIET)):
        click.echo(printable(text), err=True)


def printable(text: str) -> str:
    """The text in one line, without anything that a terminal would obey."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", _SPACE.sub(" ", text).strip())


# --- for programs -----------------------------------------------------------------------------


def print_json(document: Any, *, indent: int | None = 2) -> None:
    """One JSON document on stdout."""
    # An encoding that lacks a character would spoil the document; escapes fit every encoding.
    unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf8")
    click.echo(json.dumps(document, ensure_ascii=not unicode, indent=indent))
