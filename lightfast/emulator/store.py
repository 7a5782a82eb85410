"""The database: its connections for readers and writers.

Readers take a connection each from a pool and see one snapshot; writers take turns, across threads through a
lock and across processes through BEGIN IMMEDIATE. In WAL mode neither waits for the other:
https://www.sqlite.org/wal.html
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
from collections import deque
from time import monotonic, sleep
from typing import TYPE_CHECKING

from lightfast.emulator.errors import DamagedError, EmulatorError
from lightfast.emulator.salvage import rebuild
from lightfast.emulator.schema import migrate
from lightfast.emulator.sqlite import BUSY_TIMEOUT, check_release, connect, is_busy, translate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Store"]

_POLL_INTERVAL = 0.01  # seconds
_log = logging.getLogger("lightfast.emulator.store")


class Store:
    """Database file, created or migrated when it is opened.

    Args:
        path: Where the file is, or will be.
        rebuild: Whether a file that is damaged, or has a newer schema, is rebuilt without its index; else it is
            refused.

    Raises:
        DamagedError: The file is damaged, or was written by a newer version.
        EmulatorError: The file belongs to another program, or cannot be opened.
    """

    def __init__(self, path: Path, *, rebuild: bool = False) -> None:
        self.path = path
        self._rebuilds = rebuild
        self._write_lock = threading.RLock()
        self._idle: deque[tuple[int, sqlite3.Connection]] = deque()
        self._closed = False
        self.generation = 0
        check_release()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Private code is indexed here: other users of the machine must not read it.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._writer = self._open()
        except (OSError, ValueError, sqlite3.Error) as error:
            raise EmulatorError(
                f"Cannot use {path} as the emulator's database: {error}; use another `database`."
            ) from error

    def _open(self) -> sqlite3.Connection:
        try:
            return _prepared(self.path)
        except DamagedError as error:
            if not self._rebuilds:
                raise
            _log.warning("rebuilding the index: %s", error.reason)
            self._replace_file()
            return _prepared(self.path)

    # --- damage -------------------------------------------------------------------------------

    def rebuild(self, generation: int) -> None:
        """Replace the damaged file by a new one without an index.

        Args:
            generation: The `generation` that was found damaged; nothing happens if it was already replaced.

        Raises:
            DamagedError: The file must not be rebuilt.
        """
        with self._write_lock:
            self.check_open()
            if generation != self.generation:
                return
            self._writer.close()
            self._drain()  # Windows replaces no file that is open
            self._replace_file()
            self.generation += 1
            self._drain()
            self._writer = _prepared(self.path)

    @property
    def can_rebuild(self) -> bool:
        """True if a damaged file may be rebuilt."""
        return self._rebuilds

    def _replace_file(self) -> None:
        try:
            kept = rebuild(self.path, lambda path: _prepared(path).close())
        except (OSError, sqlite3.Error) as error:
            raise EmulatorError(
                f"Cannot rebuild {self.path}: {error}; use another `database`."
            ) from error
        if kept:
            _log.warning(
                "some accounts could not be read; the damaged database is kept as %s", kept
            )

    # --- connections --------------------------------------------------------------------------

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees one unchanging state of the database.

        Raises:
            DamagedError: What is read is damaged.
        """
        self.check_open()
        with _translated(self.path):
            generation, connection = self._take()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                connection.rollback()
                self._give_back(generation, connection)

    def _take(self) -> tuple[int, sqlite3.Connection]:
        with contextlib.suppress(IndexError):
            while True:
                generation, connection = self._idle.pop()
                if generation == self.generation:
                    return generation, connection
                connection.close()  # given back while the file was being replaced
        return self.generation, connect(self.path)

    def _give_back(self, generation: int, connection: sqlite3.Connection) -> None:
        if generation != self.generation:
            connection.close()
            return
        self._idle.append((generation, connection))
        if self._closed:
            self._drain()

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for a transaction that is kept whole, or not at all when the block raises.

        Raises:
            DamagedError: What is read or written is damaged.
            EmulatorError: Another process writes for too long, or the disk is full.
        """
        with self._write_lock, _translated(self.path):
            self.check_open()
            # IMMEDIATE: what is read inside is still true when it is written.
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.commit()
            except BaseException:
                self._writer.rollback()
                raise

    def check_open(self) -> None:
        """Raise EmulatorError when `close` was called."""
        if self._closed:
            raise EmulatorError("This emulator is closed; create a new one.")

    def close(self) -> None:
        """Close every connection; reads that are under way are finished first, writes are undone."""
        # Before taking the lock: a long write sees it and gives up.
        self._closed = True
        with self._write_lock:
            self._writer.close()
        self._drain()

    def _drain(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop()[1].close()


def _prepared(path: Path) -> sqlite3.Connection:
    """Return a connection to a database with the current schema.

    Raises:
        DamagedError: It is damaged, or was written by a newer version.
        EmulatorError: It belongs to another program, or cannot be opened.
    """
    end = monotonic() + BUSY_TIMEOUT
    with _translated(path):
        while True:
            try:
                return _migrated(path)
            except sqlite3.OperationalError as error:
                # While another process sets WAL mode, SQLite does not always wait by itself.
                if not is_busy(error) or monotonic() >= end:
                    raise
            sleep(_POLL_INTERVAL)


def _migrated(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    try:
        connection.execute("BEGIN IMMEDIATE")
        migrate(connection, path)
        connection.commit()
        connection.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Raise SQLite's errors as ours."""
    try:
        yield
    except sqlite3.Error as error:
        if translated := translate(error, path):
            raise translated from error
        raise
