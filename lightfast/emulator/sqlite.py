"""SQLite as the emulator needs it: which releases will do, how a connection is set up, what its errors mean."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

from lightfast.emulator.errors import DamagedError, EmulatorError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BUSY_TIMEOUT", "check_release", "connect", "dialect", "is_busy", "translate"]

BUSY_TIMEOUT = 60.0  # seconds; another process may be in the middle of indexing a large history
OLDEST = (3, 34, 0)  # RHEL 9, Debian 11
HAS_STRICT = (3, 37, 0)  # https://www.sqlite.org/stricttables.html

_STRICT = re.compile(r"\) STRICT\b,?")
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# The version number of the schema is right, and the schema is not.
_OTHER_SCHEMA = re.compile(r"no such (table|column)|has no column named")


def check_release(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Raise EmulatorError when this Python's SQLite is too old, or was built without full-text search."""
    found = ".".join(map(str, version))
    if version < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise EmulatorError(
            f"The emulator needs SQLite {needed} or newer, and this Python has {found}; use a newer Python build."
        )
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE probe USING fts5 (text)")
        connection.execute("SELECT 1 FROM json_each('[]')")
    except sqlite3.OperationalError as error:
        raise EmulatorError(
            f"The emulator needs SQLite with FTS5 and JSON, and this Python's SQLite {found} was built without"
            f" ({error}); use another Python build, such as one from python.org, conda or uv."
        ) from error
    finally:
        connection.close()


def dialect(statement: str, version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """Return a statement of the schema as this SQLite understands it."""
    if version >= HAS_STRICT:
        return statement
    # STRICT only adds checks: a table without it holds the same.
    return _STRICT.sub(")", statement)


def connect(path: Path) -> sqlite3.Connection:
    """Open a connection that any thread may use, one at a time."""
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        # With WAL this loses at most the last commits on power loss, never consistency.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -32000")
    except BaseException:
        connection.close()
        raise
    return connection


def translate(error: sqlite3.Error, path: Path) -> EmulatorError | None:
    """Return what an error of SQLite means for the emulator; None for a programming error."""
    code = _code(error)
    if code in _FULL:
        return EmulatorError(
            f"Cannot write to {path}: {error}; make room, or use another `database`."
        )
    if is_busy(error):
        return EmulatorError(
            f"Cannot write to {path}: {error}; wait until the other process that uses it is done."
        )
    if code in _DAMAGED or _OTHER_SCHEMA.search(str(error)):
        return DamagedError(
            f"{path} is damaged ({error})",
            "to keep its keys and members and build its index again, stop what uses it and run:"
            f" lightfast emulator index --rebuild --database {path} PATHS",
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        return EmulatorError(f"Cannot open {path}: {error}; use another `database`.")
    return None


def is_busy(error: sqlite3.Error) -> bool:
    """Return whether another connection keeps the database locked."""
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _code(error: sqlite3.Error) -> int:
    # The low byte is the primary code (https://www.sqlite.org/rescode.html#pve); errors of the module have none.
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
