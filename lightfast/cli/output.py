"""Text for terminals and programs: notes and logs on stderr, JSON on stdout, both made harmless."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = [
    "QUIET",
    "VERBOSE",
    "as_json_text",
    "note",
    "note_left_out",
    "print_json",
    "printable",
    "replace_unencodable",
    "silence_stdout",
    "verbosity",
]

_F = TypeVar("_F", bound=Callable[..., Any])

QUIET = "lightfast.cli.quiet"
VERBOSE = "lightfast.cli.verbose"

# C0 and C1 controls and DEL can rewrite what the terminal shows; so can the bidirectional
# embeddings, overrides and isolates (UAX #9 §2); tags are invisible (Unicode §23.9).
_CONTROLS = r"\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f"
_UNSAFE = re.compile(f"[{_CONTROLS}]")
# In JSON also what spoils a line (U+2028, U+2029) or cannot be encoded (lone surrogates).
_UNSAFE_IN_JSON = re.compile(f"[{_CONTROLS}\\u2028\\u2029\\ud800-\\udfff]")
_SPACE = re.compile(r"[ \t\r\n\v\f\u0085\u2028\u2029]+")


# --- how much is said -------------------------------------------------------------------------


def verbosity(command: _F) -> _F:
    """Add ``--quiet`` and ``--verbose`` to a command."""
    options = (
        ("-v", "--verbose", VERBOSE, "Log each call and retry on stderr."),
        ("-q", "--quiet", QUIET, "Print errors only, no notes and no progress."),
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
    # That an index is built again explains why a command takes long: a note, unless `--quiet`.
    logging.getLogger("lightfast.emulator.store").setLevel(min(level, logging.WARNING))
    ctx.call_on_close(lambda: logger.removeHandler(handler))
    ctx.call_on_close(lambda: logger.setLevel(before))


class _Lines(logging.Handler):
    """Log records as lines on stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        meta = click.get_current_context().meta if click.get_current_context(silent=True) else {}
        if record.levelno < logging.ERROR and meta.get(QUIET) and not meta.get(VERBOSE):
            return
        click.echo(f"lightfast: {printable(self.format(record))}", err=True)


def note(text: str) -> None:
    """Print a line on stderr, unless ``--quiet``."""
    context = click.get_current_context(silent=True)
    if not (context and context.meta.get(QUIET)):
        click.echo(printable(text), err=True)


def note_left_out(parts: Sequence[object]) -> None:
    """Print a line about what indexing passed over, if there is anything.

    Args:
        parts: What `Emulator.left_out` gives.
    """
    if parts:
        note(f"Left out: {', '.join(map(str, parts))}")


# --- made harmless ----------------------------------------------------------------------------


def printable(text: str) -> str:
    """Return the text as one line without anything that a terminal would obey."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", _SPACE.sub(" ", text).strip())


def as_json_text(text: str) -> str:
    """Escape what a terminal would obey in a JSON document, where it can only be in strings."""
    return _UNSAFE_IN_JSON.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    if match[0] == "\n":  # between the lines of an indented document
        return "\n"
    return "\\u007f" if match[0] == "\x7f" else json.dumps(match[0])[1:-1]


def print_json(document: Any, *, indent: int | None = 2) -> None:
    """Print one JSON document on stdout."""
    # An encoding that lacks a character would spoil the document; escapes fit every encoding.
    unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf8")
    click.echo(as_json_text(json.dumps(document, ensure_ascii=not unicode, indent=indent)))


def replace_unencodable() -> None:
    """Have stdout replace what its encoding lacks: a Windows pipe takes the 256 characters of a code page."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def silence_stdout() -> None:
    """Discard what Python still holds for stdout, so that it cannot fail again at exit."""
    # docs.python.org/3/library/signal.html#note-on-sigpipe
    with contextlib.suppress(AttributeError, OSError, ValueError), Path(os.devnull).open("wb") as f:
        os.dup2(f.fileno(), sys.stdout.fileno())
