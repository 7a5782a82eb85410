"""The user's cache directory, and the notes that it remembers for a day."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import click
from platformdirs import user_cache_path

from lightfast.cli.output import QUIET, note
from lightfast.emulator import EmulatorError

__all__ = ["cache_directory", "note_daily"]

DAY = 24 * 3600.0  # seconds


def cache_directory() -> Path:
    """Return the directory that keeps indexes between commands; it may not exist yet.

    Raises:
        EmulatorError: There is none.
    """
    try:
        cache = user_cache_path("lightfast", appauthor=False)
    except RuntimeError:  # there is no HOME, and the user is unknown
        cache = Path("~")
    if not cache.is_absolute():  # what earlier releases of platformdirs return then
        raise EmulatorError("There is no cache directory: set HOME or XDG_CACHE_HOME.")
    return cache


def note_daily(name: str, text: str) -> None:
    """Print a note unless it was printed within the last day.

    Args:
        name: The name of the file that remembers it.
        text: The note.
    """
    context = click.get_current_context(silent=True)
    if context and context.meta.get(QUIET):
        return
    # Without a cache there is no memory, and the note is printed every time.
    with contextlib.suppress(OSError, EmulatorError):
        noted = cache_directory() / f"{name}.noted"
        if noted.exists() and abs(time.time() - noted.stat().st_mtime) < DAY:
            return
        noted.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        noted.touch(mode=0o600)
    note(text)
