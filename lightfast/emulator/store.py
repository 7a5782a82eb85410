"""The database: its schema, and its connections for readers and writers.

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
from typing import TYPE_CHECKING

from lightfast.emulator.errors import DamagedError, EmulatorError
from lightfast.emulator.salvage import rebuild
from lightfast.emulator.sqlite import check_release, connect, dialect, translate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Store"]

APPLICATION_ID = 0x6C66656D  # "lfem": https://www.sqlite.org/pragma.html#pragma_application_id

_log = logging.getLogger("lightfast.emulator.store")

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
            self._replace_file()
            self.generation += 1
            self._drain()
            self._writer = _prepared(self.path)

    @property
    def can_rebuild(self) -> bool:
        """Whether a damaged file may be rebuilt."""
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
            return self._idle.pop()
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
    with _translated(path):
        connection = connect(path)
        try:
            connection.execute("BEGIN IMMEDIATE")
            _migrate(connection, path)
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
        if meant := translate(error, path):
            raise meant from error
        raise


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    version = _pragma(db, "user_version")
    if _pragma(db, "application_id") != APPLICATION_ID and (version or _tables(db)):
        raise EmulatorError(f"{path} is a database of another program; use another `database`.")
    if version > len(MIGRATIONS):
        raise DamagedError(
            f"{path} was written by a newer lightfast (schema {version}; this one knows {len(MIGRATIONS)})",
            "update lightfast, or use another `database`.",
        )
    if version == len(MIGRATIONS):
        return
    for step in MIGRATIONS[version:]:
        for statement in dialect(step).split(";\n"):
            db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _tables(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
