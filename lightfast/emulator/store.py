"""One SQLite file: its schema, and who may read or write it when.

Readers take a connection each from a pool and see one snapshot; writers take turns, across threads through a
lock and across processes through BEGIN IMMEDIATE. In WAL mode neither waits for the other:
https://www.sqlite.org/wal.html
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections import deque
from typing import TYPE_CHECKING

from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Store"]

APPLICATION_ID = 0x6C66656D  # "lfem": https://www.sqlite.org/pragma.html#pragma_application_id
BUSY_TIMEOUT = 60.0  # seconds; another process may be in the middle of indexing a large history

# What every match is asked for stands in `document`, whose rows are narrow for that; what is shown of the few on
# the page stands in `document_text`. Step N takes a file from version N to N + 1; a step that was released is never edited.
MIGRATIONS = (
    """
    CREATE TABLE organization (
        id TEXT PRIMARY KEY,
        created_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE api_key (
        id TEXT PRIMARY KEY,
        organization_id TEXT NOT NULL REFERENCES organization (id),
        digest TEXT NOT NULL UNIQUE,
        prefix TEXT NOT NULL,
        last_four TEXT NOT NULL,
        name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        created_by TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        active INTEGER NOT NULL DEFAULT 1,
        expires_at INTEGER,
        last_used_at INTEGER,
        last_used_ip TEXT
    ) STRICT;

    CREATE TABLE corpus (
        id INTEGER PRIMARY KEY,
        organization_id TEXT NOT NULL REFERENCES organization (id),
        kind TEXT NOT NULL,
        location TEXT NOT NULL,
        state TEXT NOT NULL,
        UNIQUE (organization_id, kind, location)
    ) STRICT;

    CREATE TABLE document (
        rowid INTEGER PRIMARY KEY,
        organization_id TEXT NOT NULL REFERENCES organization (id),
        corpus_id INTEGER NOT NULL REFERENCES corpus (id),
        part TEXT NOT NULL,
        id TEXT NOT NULL,
        source TEXT NOT NULL,
        type TEXT NOT NULL,
        observation_type TEXT NOT NULL,
        occurred_at INTEGER,
        weight REAL NOT NULL,
        UNIQUE (organization_id, id)
    ) STRICT;
    CREATE INDEX document_part ON document (corpus_id, part);

    CREATE TABLE facet (
        document INTEGER NOT NULL REFERENCES document (rowid) ON DELETE CASCADE,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (document, name, value)
    ) STRICT, WITHOUT ROWID;

    CREATE VIRTUAL TABLE document_text USING fts5 (
        title, body, identifiers, url UNINDEXED, details UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2'
    );
    """,
    """
    ALTER TABLE organization ADD COLUMN public_id TEXT;
    UPDATE organization SET public_id = 'org_' || lower(hex(randomblob(12)));
    CREATE UNIQUE INDEX organization_public_id ON organization (public_id);

    CREATE TABLE user (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        created_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE member (
        organization_id TEXT NOT NULL REFERENCES organization (id),
        user_id TEXT NOT NULL REFERENCES user (id),
        created_at INTEGER NOT NULL,
        PRIMARY KEY (organization_id, user_id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE sign_in (
        id TEXT PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES user (id),
        digest TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE signing_key (
        id TEXT PRIMARY KEY,
        pem BLOB NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT;
    """,
    # Sequence numbers are never used twice: whoever knows one knows what is new.
    """
    CREATE TABLE embedder (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    ) STRICT;

    CREATE TABLE vector (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        embedder INTEGER NOT NULL REFERENCES embedder (id),
        document INTEGER NOT NULL REFERENCES document (rowid) ON DELETE CASCADE,
        value BLOB NOT NULL,
        UNIQUE (document, embedder)
    ) STRICT;

    CREATE TABLE removal (
        organization_id TEXT PRIMARY KEY,
        count INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX facet_value ON facet (value, name, document) WHERE name <> 'entity';
    """,
    # The index is made anew from what it was made of; accounts stay. A document has a row for each of its passages:
    # `head` is the first one's, whose facets are the document's. Rows with the same `fold` are one result. Numbers of
    # rows are never used twice. A vector belongs to a text, by its hash: it outlives the document that had the text.
    """
    DROP TABLE vector;
    DROP TABLE removal;
    DROP TABLE facet;
    DROP TABLE document_text;
    DROP TABLE document;
    UPDATE corpus SET state = '{}';

    CREATE TABLE document (
        rowid INTEGER PRIMARY KEY AUTOINCREMENT,
        organization_id TEXT NOT NULL REFERENCES organization (id),
        corpus_id INTEGER NOT NULL REFERENCES corpus (id),
        part TEXT NOT NULL,
        id TEXT NOT NULL,
        position INTEGER NOT NULL,
        head INTEGER NOT NULL,
        fold INTEGER,
        family INTEGER NOT NULL,
        source TEXT NOT NULL,
        type TEXT NOT NULL,
        occurred_at INTEGER,
        weight REAL NOT NULL,
        penalty REAL NOT NULL,
        UNIQUE (organization_id, id, position)
    ) STRICT;
    CREATE INDEX document_part ON document (corpus_id, part);
    CREATE INDEX document_fold ON document (fold, position) WHERE fold IS NOT NULL;

    CREATE VIRTUAL TABLE document_text USING fts5 (
        title, body, identifiers, forms, url UNINDEXED, details UNINDEXED,
        tokenize = 'porter unicode61 remove_diacritics 2'
    );

    CREATE TABLE facet (
        document INTEGER NOT NULL REFERENCES document (rowid) ON DELETE CASCADE,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (document, name, value)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX facet_value ON facet (value, name, document) WHERE name <> 'entity';

    CREATE TABLE language (
        organization_id TEXT NOT NULL REFERENCES organization (id),
        name TEXT NOT NULL,
        PRIMARY KEY (organization_id, name)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE meaning (
        document INTEGER NOT NULL REFERENCES document (rowid) ON DELETE CASCADE,
        is_title INTEGER NOT NULL,
        hash BLOB NOT NULL,
        PRIMARY KEY (document, is_title)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX meaning_hash ON meaning (hash);

    CREATE TABLE vector (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        embedder INTEGER NOT NULL REFERENCES embedder (id),
        hash BLOB NOT NULL,
        value BLOB NOT NULL,
        UNIQUE (embedder, hash)
    ) STRICT;

    CREATE TABLE removal (
        organization_id TEXT PRIMARY KEY,
        count INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
)


class Store:
    """The database file, made or brought up to date when it is opened.

    Args:
        path: Where the file is, or shall be.

    Raises:
        EmulatorError: The file is not the emulator's, is newer than this version, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._write_lock = threading.RLock()
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Private code is indexed here: nobody else's business on a shared machine.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._writer = self._connect()
            self._prepare()
        except (OSError, ValueError, sqlite3.Error) as error:
            raise EmulatorError(
                f"Cannot use {path} as the emulator's database: {error}; give another `database`."
            ) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
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

    def _prepare(self) -> None:
        try:
            with self.write() as db:
                self._migrate(db)
            self._writer.execute("PRAGMA journal_mode = WAL")
        except BaseException:
            self._writer.close()
            raise

    def _migrate(self, db: sqlite3.Connection) -> None:
        version = _pragma(db, "user_version")
        if _pragma(db, "application_id") != APPLICATION_ID and (version or _tables(db)):
            raise EmulatorError(
                f"{self.path} is a database of another program; give another `database`."
            )
        if version > len(MIGRATIONS):
            raise EmulatorError(
                f"{self.path} was written by a newer lightfast (schema {version}, this one knows"
                f" {len(MIGRATIONS)}); update lightfast or give another `database`."
            )
        for step in MIGRATIONS[version:]:
            for statement in step.split(";\n"):
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one unchanging state of the database."""
        self.check_open()
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.rollback()
            self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        self._idle.append(connection)
        if self._closed:
            self._drain()

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is kept whole, or not at all when the block raises.

        Raises:
            EmulatorError: Another process writes for too long, or the disk has no room.
        """
        with self._write_lock:
            self.check_open()
            self._begin()
            try:
                yield self._writer
                self._writer.commit()
            except BaseException as error:
                self._writer.rollback()
                if isinstance(error, sqlite3.Error) and _is_out_of_room(error):
                    raise EmulatorError(
                        f"Cannot write to {self.path}: {error}; make room, or give another `database`."
                    ) from error
                raise

    def _begin(self) -> None:
        # IMMEDIATE: what is read inside is still true when it is written.
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise EmulatorError(
                f"Cannot write to {self.path}: {error}; wait until the other process that uses it is done."
            ) from error

    def check_open(self) -> None:
        """Raise EmulatorError when `close` was called."""
        if self._closed:
            raise EmulatorError("This emulator is closed; make a new one.")

    def close(self) -> None:
        """Close every connection; what is being read is finished first, what is being written is undone."""
        # Before the lock is asked for: whoever writes at length sees it and gives up.
        self._closed = True
        with self._write_lock:
            self._writer.close()
        self._drain()

    def _drain(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()


def _is_out_of_room(error: sqlite3.Error) -> bool:
    # The low byte tells the kind: https://www.sqlite.org/rescode.html#pve
    kind = (
        getattr(error, "sqlite_errorcode", 0) & 0xFF
    )  # errors of the Python module itself have none
    return kind in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _tables(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
