"""``.env.local`` and ``.env``: read without expanding, following or waiting for anything unexpected.

The files may come from a repository that somebody only looks into. They are therefore data: no
``${NAME}`` is expanded from the environment, a link that leads out of the directory is not
followed, and neither a huge file nor a pipe that stays silent holds up the command.
"""

from __future__ import annotations

import io
import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from lightfast import ConfigurationError
from lightfast.cli.output import note

__all__ = ["ENV_FILES", "read_env_files"]

ENV_FILES = (".env.local", ".env")

MAX_BYTES = 64 * 1024
# Seconds. A password manager fills its pipe only after its user has agreed.
PIPE_TIMEOUT = 30.0
_PATIENCE = 1.0
_POLL_INTERVAL = 0.01


def read_env_files(directory: Path) -> dict[str, Mapping[str, str | None]]:
    """Read the variables of each file that lies in the directory.

    Args:
        directory: The directory to look in.

    Returns:
        The variables by file name. A file that does not exist, or that is a link out of the
        directory, is left out.

    Raises:
        ConfigurationError: A file cannot be read.
    """
    found = {}
    for name in ENV_FILES:
        path = directory / name
        if not os.path.lexists(path) or path.is_dir():  # commonly a virtual environment
            continue
        if not _is_inside(path, directory):
            note(f"{name} was not read: it is a link that leads out of this directory.")
            continue
        found[name] = _variables(path)
    return found


def _is_inside(path: Path, directory: Path) -> bool:
    try:
        inside = path.resolve().is_relative_to(directory.resolve())
        path.stat()
    except FileNotFoundError:  # a link to nothing
        return inside
    except (OSError, RuntimeError):  # links in a circle; RuntimeError before Python 3.13
        return False
    return inside


def _variables(path: Path) -> Mapping[str, str | None]:
    from dotenv.parser import parse_stream  # 30 ms, and most directories have no such file

    try:
        text = _read(path).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"Cannot read {path.name}: {error}.") from None
    # The parser and not dotenv_values: it never expands ${NAME}, and logs no line per bad line.
    parsed = list(parse_stream(io.StringIO(text)))
    bad = [binding.original.line for binding in parsed if binding.error]
    if bad:
        note(f"{path.name}: line {bad[0]} is not NAME=value and was ignored.")
    return {binding.key: binding.value for binding in parsed if binding.key}


def _read(path: Path) -> bytes:
    # Without O_NONBLOCK, opening a pipe waits until somebody opens its other end.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISFIFO(mode):
            content = _read_pipe(path.name, descriptor, time.monotonic)
        elif stat.S_ISREG(mode):
            content = file.read(MAX_BYTES + 1) or b""
        else:
            raise ConfigurationError(f"Cannot read {path.name}: it is not a file.")
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"Cannot read {path.name}: it is larger than {MAX_BYTES:,} bytes.")
    return content


def _read_pipe(name: str, descriptor: int, clock: Callable[[], float]) -> bytes:
    """Read a pipe until its writer closes it, for a bounded time."""
    content, started, announced = b"", clock(), False
    while len(content) <= MAX_BYTES:
        try:
            chunk = os.read(descriptor, MAX_BYTES)
        except BlockingIOError:  # a writer is there, and has nothing to say yet
            chunk = None
        if chunk:
            content += chunk
            continue
        if chunk == b"" and content:
            break
        elapsed = clock() - started
        if elapsed > PIPE_TIMEOUT:
            raise ConfigurationError(
                f"Cannot read {name}: nothing was written to this pipe for {PIPE_TIMEOUT:.0f} s."
            )
        if elapsed > _PATIENCE and not announced:
            announced = True
            note(f"Waiting for {name}, which is a pipe; Ctrl-C stops.")
        time.sleep(_POLL_INTERVAL)
    return content
