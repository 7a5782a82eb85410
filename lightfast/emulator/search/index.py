"""Indexing: brings the database up to date with what it was made from."""

from __future__ import annotations

import contextlib
import logging
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from lightfast.emulator import timestamps
from lightfast.emulator.accounts.people import ensure_organization
from lightfast.emulator.search.entities import facets
from lightfast.emulator.search.rows import rows_of
from lightfast.emulator.sources.left_out import LeftOut, added_up, left_out, passed_over, summary

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from lightfast.emulator.sources.corpus import Changes, Corpus
    from lightfast.emulator.sources.documents import Document
    from lightfast.emulator.store import Store

__all__ = ["CorpusInfo", "Index"]

_BATCH = 500
_log = logging.getLogger("lightfast.emulator")


@attrs.frozen(kw_only=True)
class CorpusInfo:
    """Summary of an indexed corpus.

    Args:
        kind: ``commits``, ``documents``, ``observations`` or ``github``.
        location: Where it is.
        documents: How many documents came from it.
        left_out: What was passed over, by reason.
    """

    kind: str
    location: str
    documents: int
    left_out: tuple[LeftOut, ...] = ()


class Index:
    """Index of an organization's documents in a database.

    Args:
        store: The database.
        organization: Whose.
    """

    def __init__(self, store: Store, organization: str) -> None:
        self._store = store
        self._organization = organization

    def refresh(
        self,
        corpora: Iterable[Corpus],
        on_progress: Callable[[int, int | None], None] | None = None,
    ) -> int:
        """Index every corpus that has changed, and return the number of documents indexed.

        Each corpus is one transaction: its index is whole, or what it was before.

        Args:
            corpora: What to look at.
            on_progress: Told now and then how many things were read, and of how many.
        """
        tally = _Tally(on_progress)
        for corpus in corpora:
            self._refresh(corpus, tally)
        return tally.documents

    def _refresh(self, corpus: Corpus, tally: _Tally) -> None:
        with self._store.read() as db:
            last = self._state(db, corpus)
        if _changes(corpus, last) is None:
            return  # without having kept other writers waiting
        with self._store.write() as db:
            # Asked again: another process may have done the same work meanwhile.
            last = self._state(db, corpus)
            changes = _changes(corpus, last)
            if changes is not None:
                if last is None and self._is_known(db, corpus):
                    _log.warning("indexing %s again: its stored state is damaged", corpus.location)
                _log.info("indexing %s of %s", corpus.kind, corpus.location)
                self._apply(db, corpus, changes, tally)

    def _state(self, db: sqlite3.Connection, corpus: Corpus) -> dict[str, Any] | None:
        row = db.execute(
            f"SELECT state FROM corpus WHERE {_CORPUS}",  # noqa: S608 - ours
            (self._organization, corpus.kind, corpus.location),
        ).fetchone()
        return _parsed(row["state"]) if row else None

    def _is_known(self, db: sqlite3.Connection, corpus: Corpus) -> bool:
        row = (self._organization, corpus.kind, corpus.location)
        return bool(db.execute(f"SELECT 1 FROM corpus WHERE {_CORPUS}", row).fetchone())  # noqa: S608

    def _apply(
        self, db: sqlite3.Connection, corpus: Corpus, changes: Changes, tally: _Tally
    ) -> None:
        ensure_organization(db, self._organization, timestamps.now())
        corpus_id = self._remember(db, corpus, changes)
        removed = _remove(db, "corpus_id = ?", corpus_id) if changes.rebuild else 0
        for part in changes.gone:
            removed += _remove(db, "corpus_id = ? AND part = ?", corpus_id, part)
        if removed:
            db.execute(_COUNT_REMOVAL, (self._organization,))
        tally.expect(changes.total)
        items = iter(changes.items)
        while batch := list(islice(items, _BATCH)):
            self._store.check_open()
            self._insert(db, corpus_id, [document for item in batch for document in item], tally)
            tally.read(len(batch))
        if note := summary(left_out(passed_over(changes.state))):
            # Some turned out only when they were read.
            self._remember(db, corpus, changes)
            _log.warning("%s: %s", corpus.location, note)

    def _remember(self, db: sqlite3.Connection, corpus: Corpus, changes: Changes) -> int:
        state = orjson.dumps(changes.state).decode()
        key = (self._organization, corpus.kind, corpus.location)
        db.execute(
            "INSERT INTO corpus (organization_id, kind, location, state) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (organization_id, kind, location) DO UPDATE SET state = excluded.state",
            (*key, state),
        )
        row = db.execute(f"SELECT id FROM corpus WHERE {_CORPUS}", key).fetchone()  # noqa: S608 - ours
        return int(row["id"])

    def _insert(
        self, db: sqlite3.Connection, corpus_id: int, documents: list[Document], tally: _Tally
    ) -> None:
        fresh = self._fresh(db, documents)
        rows = [row for d in fresh for row in rows_of(d)]
        known = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'document'").fetchone()
        numbered = list(enumerate(rows, 1 + (known[0] if known else 0)))
        owner = (self._organization, corpus_id)
        db.executemany(_INSERT_DOCUMENT, ((n, *owner, *row.columns(n)) for n, row in numbered))
        db.executemany(_INSERT_PASSAGE, ((n, *row.ranking(n)) for n, row in numbered))
        db.executemany(_INSERT_TEXT, ((n, *row.texts()) for n, row in numbered))
        db.executemany(
            _INSERT_MEANING, ((n, *hashed) for n, row in numbered for hashed in row.hashes())
        )
        heads = [(n, row.document) for n, row in numbered if row.position == 0]
        db.executemany(_INSERT_FACET, ((n, *facet) for n, d in heads for facet in facets(d)))
        languages = {row.language for row in rows if row.language}
        db.executemany(_INSERT_LANGUAGE, ((self._organization, name) for name in languages))
        tally.documents += len(fresh)

    def _fresh(self, db: sqlite3.Connection, documents: list[Document]) -> list[Document]:
        # Two clones of one repository hold the same commits; the organization has each once.
        by_id = {document.id: document for document in documents}
        known = db.execute(
            "SELECT id FROM document WHERE organization_id = ? AND position = 0"
            " AND id IN (SELECT value FROM json_each(?))",
            (self._organization, orjson.dumps(list(by_id)).decode()),
        )
        for row in known:
            del by_id[row["id"]]
        return list(by_id.values())

    def corpora(self) -> list[CorpusInfo]:
        """Return what is indexed, one item for each corpus."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT kind, location, state, (SELECT count(*) FROM document"
                " WHERE corpus_id = corpus.id AND position = 0) AS documents"
                " FROM corpus WHERE organization_id = ? ORDER BY id",
                (self._organization,),
            ).fetchall()
        return [
            CorpusInfo(
                kind=row["kind"],
                location=row["location"],
                documents=row["documents"],
                left_out=left_out(passed_over(_parsed(row["state"]) or {})),
            )
            for row in rows
        ]

    def left_out(self) -> tuple[LeftOut, ...]:
        """Return what was passed over in all corpora, by reason."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT state FROM corpus WHERE organization_id = ?", (self._organization,)
            ).fetchall()
        return added_up(
            part for row in rows for part in left_out(passed_over(_parsed(row["state"]) or {}))
        )

    @property
    def documents(self) -> int:
        """The number of documents indexed."""
        with self._store.read() as db:
            row = db.execute(
                "SELECT count(*) FROM document WHERE organization_id = ? AND position = 0",
                (self._organization,),
            ).fetchone()
        return int(row[0])


def _parsed(state: str) -> dict[str, Any] | None:
    """Return a corpus's state; None for a damaged one, so that the corpus is indexed again."""
    with contextlib.suppress(orjson.JSONDecodeError):
        if isinstance(parsed := orjson.loads(state), dict):
            return parsed
    return None


def _changes(corpus: Corpus, last: dict[str, Any] | None) -> Changes | None:
    try:
        return corpus.changes(last)
    except (AttributeError, KeyError, TypeError, ValueError):
        if last is None:
            raise
        return corpus.changes(None)  # a damaged state, or one of another version


class _Tally:
    """Count of what was read, which reports its progress."""

    def __init__(self, on_progress: Callable[[int, int | None], None] | None) -> None:
        self._tell = on_progress
        self._done = 0
        self._total = 0
        self.documents = 0

    def expect(self, more: int) -> None:
        self._total += more
        self.read(0)

    def read(self, more: int) -> None:
        self._done += more
        if self._tell:
            self._tell(self._done, self._total)


_CORPUS = "organization_id = ? AND kind = ? AND location = ?"
_INSERT_DOCUMENT = (
    "INSERT INTO document (rowid, organization_id, corpus_id, part, id, position, head, fold, family, source, type,"
    " occurred_at, weight, penalty) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_PASSAGE = "INSERT INTO passage (rowid, fold, family, weight) VALUES (?, ?, ?, ?)"
_INSERT_TEXT = (
    "INSERT INTO document_text (rowid, title, body, identifiers, forms, url, details)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_MEANING = "INSERT INTO meaning (document, is_title, hash) VALUES (?, ?, ?)"
_INSERT_FACET = "INSERT OR IGNORE INTO facet (document, name, value) VALUES (?, ?, ?)"
_INSERT_LANGUAGE = "INSERT OR IGNORE INTO language VALUES (?, ?)"
# Vectors in memory are loaded again when this has moved.
_COUNT_REMOVAL = "INSERT INTO removal VALUES (?, 1) ON CONFLICT (organization_id) DO UPDATE SET count = count + 1"


def _remove(db: sqlite3.Connection, condition: str, *values: object) -> int:
    """Remove passages, and return how many there were."""
    # Only literals come in as conditions; values are bound.
    rows = f"SELECT rowid FROM document WHERE {condition}"  # noqa: S608
    db.execute(f"DELETE FROM document_text WHERE rowid IN ({rows})", values)  # noqa: S608
    return db.execute(f"DELETE FROM document WHERE {condition}", values).rowcount  # noqa: S608
