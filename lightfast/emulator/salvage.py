"""Rebuilding of a damaged database: accounts are copied as far as they can be read; the index is made anew."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["rebuild"]

# In the order of their references. Everything else is made again from what was indexed.
ACCOUNTS = ("organization", "user", "member", "signing_key", "sign_in", "api_key")


def rebuild(path: Path, create: Callable[[Path], None]) -> Path | None:
    """Put a new database in the place of a damaged one.

    Args:
        path: The damaged file. Connections to it that are still open keep reading the old file.
        create: Makes an empty database.

    Returns:
        Where the old file is kept; None if everything was copied that cannot be made again, so that it is not.
    """
    fresh = path.with_name(f"{path.name}.new-{os.getpid()}")
    _remove(fresh)
    try:
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL, 0o600))  # as private as the old one
        create(fresh)
        complete = _copy_accounts(path, fresh)
        kept = path.with_name(f"{path.name}.damaged")
        path.replace(kept)
        _remove_logs(path)
        fresh.replace(path)
    finally:
        _remove(fresh)
    if not complete:
        return kept
    kept.unlink()
    return None


def _copy_accounts(damaged: Path, fresh: Path) -> bool:
    """Copy accounts into a new database; return whether all were read."""
    complete = True
    source = sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)
    target = sqlite3.connect(fresh, isolation_level=None)
    try:
        target.execute("PRAGMA foreign_keys = ON")
        target.execute("BEGIN")
        for table in ACCOUNTS:
            complete &= _copy(source, target, table)
        # Tells every process that the vectors it holds in memory are of the old index. It counts for
        # all organizations, also for those that could not be read.
        target.execute("INSERT INTO removal VALUES ('', ?)", (time.time_ns(),))
        target.execute("COMMIT")
    finally:
        source.close()
        target.close()
    return complete


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> bool:
    try:
        columns = [c for c in _columns(target, table) if c in set(_columns(source, table))]
        names = ", ".join(columns)
        rows = source.execute(f"SELECT {names} FROM {table}")  # noqa: S608 - ours
        marks = ", ".join("?" * len(columns))
        for row in rows:
            # A row that refers to one that could not be read is left out.
            with contextlib.suppress(sqlite3.IntegrityError):
                target.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)  # noqa: S608
    except sqlite3.Error:
        return False
    return True


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [str(row[1]) for row in db.execute(f"PRAGMA table_info({table})")]


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _remove_logs(path)


def _remove_logs(path: Path) -> None:
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
