"""Paths that users give, and the temporary directory; what Python raises for them becomes an `EmulatorError`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.sources.corpora import corpora_at

if TYPE_CHECKING:
    from lightfast.emulator.sources.corpus import Corpus

__all__ = ["corpora_of", "expand", "make_temporary_directory"]


def corpora_of(path: str | os.PathLike[str], *, code: bool) -> list[Corpus]:
    """Return what can be indexed at a path.

    Args:
        path: The path; a leading ``~`` is expanded.
        code: Whether to index source code besides documents.

    Raises:
        EmulatorError: There is nothing to index, or the path cannot be used.
    """
    try:
        return corpora_at(expand(path), code=code)
    # A name too long, a NUL in it, no permission to look; before Python 3.13, links in a circle.
    except (OSError, RuntimeError, ValueError) as error:
        raise EmulatorError(f"Cannot index {os.fspath(path)!r}: {error}") from error


def expand(path: str | os.PathLike[str]) -> Path:
    """Return a path with its leading ``~`` expanded.

    Raises:
        EmulatorError: There is no such user, or no home directory.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise EmulatorError(f"Cannot use {os.fspath(path)!r}: {error}") from error


def make_temporary_directory() -> Path:
    """Create a directory for the index of one emulator.

    Raises:
        EmulatorError: There is no directory for temporary files.
    """
    try:
        return Path(tempfile.mkdtemp(prefix="lightfast-emulator-"))
    except OSError as error:
        raise EmulatorError(
            f"There is no temporary directory for the index ({error.strerror or error});"
            " set TMPDIR to a directory that can be written, or pass `database`."
        ) from error
