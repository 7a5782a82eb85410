"""The database's schema, and the migration of a file to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightfast.emulator.errors import DamagedError, EmulatorError
from lightfast.emulator.sqlite import dialect

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

__all__ = ["migrate"]

APPLICATION_ID = 0x6C66656D  # "lfem": https://www.sqlite.org/pragma.html#pragma_application_id

# What every match is asked for stands in `passage`, whose rows are narrow for that; what the candidates are asked for
# stands in `document`, and what is shown of the few on the page in `document_text`.
# Step N takes a file from version N to N + 1; a step that was released is never edited.
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
    # Sequence numbers are never used twice: everything new has a higher one.
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
    # `fold` is the row's own number where `document` has none.
    """
    CREATE TABLE passage (
        rowid INTEGER PRIMARY KEY REFERENCES document (rowid) ON DELETE CASCADE,
        fold INTEGER NOT NULL,
        family INTEGER NOT NULL,
        weight REAL NOT NULL
    ) STRICT;
    INSERT INTO passage SELECT rowid, coalesce(fold, rowid), family, weight FROM document;
    """,
)


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Bring a database to the current schema, inside the caller's transaction.

    Args:
        db: A connection to the database; an empty one gets the whole schema.
        path: The database's file, for messages.

    Raises:
        DamagedError: It was written by a newer version.
        EmulatorError: It belongs to another program.
    """
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
