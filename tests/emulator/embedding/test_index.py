"""The vectors in memory: brought up to the state of the database that a reader sees, whatever that is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("numpy", reason="SEARCH BY MEANING IS NOT TESTED: pip install '.[semantic]'")

from lightfast.emulator import Emulator
from lightfast.emulator.embedding.index import VectorIndex, removed
from lightfast.emulator.store import Store
from tests.emulator.embedders import Synonyms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_reader_of_an_older_state_makes_nothing_count_twice(
    lines: Callable[..., Path], tmp_path: Path
) -> None:
    """Searches overlap: one that began earlier can come to the vectors later."""
    cars = lines(*({"id": f"{n}", "title": f"car {n}"} for n in range(9)), name="cars.jsonl")
    logins = lines({"id": "login", "title": "login"}, name="logins.jsonl")
    database, embedder = tmp_path / "index.sqlite3", Synonyms()

    def emulator(path: Path, organization: str) -> Emulator:
        return Emulator(
            [path],
            database=database,
            organization=organization,
            embedder=embedder,
            embed_behind=False,
        )

    with emulator(logins, "umbrella") as umbrella, emulator(cars, "acme") as acme:
        umbrella.embed()  # from now on the database knows the embedder
        with closing(Store(database)) as store, store.read() as early:
            assert early.execute("SELECT count(*) FROM vector").fetchone()[0] == 1
            assert acme.embed() == 9
            index = VectorIndex(embedder)
            with store.read() as late:
                for db in (late, early, late):
                    match = index.match(db, "acme", "car")
                    assert match
                    assert len(match.rows.passages) == len(set(match.rows.passages)) == 9


def test_a_long_document_means_what_its_passages_mean_on_average(
    lines: Callable[..., Path],
) -> None:
    """A document of one passage has no average besides its own meaning."""
    passages = "\n\n".join("car " * 120 for _ in range(2)), "login " * 90
    path = lines(
        {"id": "long", "title": "vehicles", "text": "\n\n".join(passages)},
        {"id": "short", "title": "car", "text": "car"},
    )
    index = VectorIndex(Synonyms())
    with Emulator([path], embedder=index.embedder, embed_behind=False) as emulator:
        emulator.embed()
        with emulator._store.read() as db:
            match = index.match(db, "local", "car")
            rows = db.execute("SELECT rowid, head, id FROM document").fetchall()
    assert match
    openings = {row["id"]: row["head"] for row in rows}
    own = match.cosines(row["rowid"] for row in rows if row["id"] == "long")
    assert len(own) > 1
    assert match.means(openings.values()) == {
        openings["long"]: pytest.approx(sum(own.values()) / len(own))
    }


def test_a_passage_is_known_by_what_its_file_means_on_average(tmp_path: Path) -> None:
    """A document that stands in no file is its own."""
    (tmp_path / "cars.md").write_text("# A\n\ncar car\n\n# B\n\nlogin login\n")
    (tmp_path / "notes.jsonl").write_text('{"id": "note", "title": "car", "text": "car"}\n')
    index = VectorIndex(Synonyms())
    corpora = [tmp_path, tmp_path / "notes.jsonl"]
    with Emulator(corpora, embedder=index.embedder, embed_behind=False) as emulator:
        emulator.embed()
        with emulator._store.read() as db:
            match = index.match(db, "local", "car")
            rows = db.execute("SELECT rowid, part FROM document").fetchall()
    assert match
    own = match.cosines(row["rowid"] for row in rows)
    sections = [row["rowid"] for row in rows if row["part"] == "cars.md"]
    (note,) = (row["rowid"] for row in rows if not row["part"])
    assert own[sections[0]] != own[sections[1]]
    assert match.file_means(own) == {
        **dict.fromkeys(sections, pytest.approx(sum(own[n] for n in sections) / 2)),
        note: own[note],
    }


class Interrupted:
    """Connection whose next rows of vectors end with an error."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def execute(self, sql: str, values: object = ()) -> object:
        rows = self._db.execute(sql, values)
        return Rows(rows) if "v.value" in sql else rows


class Rows:
    def __init__(self, rows: sqlite3.Cursor) -> None:
        self._chunks = [rows.fetchmany(3)]

    def fetchmany(self, _: int) -> list[sqlite3.Row]:
        if not self._chunks:
            raise KeyboardInterrupt
        return self._chunks.pop()


def test_a_reader_that_is_interrupted_makes_nothing_count_twice(lines: Callable[..., Path]) -> None:
    """Ctrl-C, or a damaged page, in the middle of reading vectors: the next search reads all of them, once."""
    cars = lines(*({"id": f"{n}", "title": f"car {n}"} for n in range(9)))
    index = VectorIndex(Synonyms())
    with Emulator([cars], embedder=index.embedder, embed_behind=False) as emulator:
        assert emulator.embed() == 9
        with emulator._store.read() as db:
            with pytest.raises(KeyboardInterrupt):
                index.match(Interrupted(db), "local", "car")  # type: ignore[arg-type]
            match = index.match(db, "local", "car")
    assert match
    assert len(match.rows.passages) == len(set(match.rows.passages)) == 9


def test_vectors_are_loaded_again_only_when_something_was_removed(
    lines: Callable[..., Path],
) -> None:
    """Not when a corpus is indexed for the first time, and not when nothing of it had been found."""
    cars, none = lines({"title": "car"}, name="cars.jsonl"), lines(name="none.jsonl")
    with Emulator([cars, none], embedder=Synonyms(), embed_behind=False) as emulator:

        def removals() -> int:
            with emulator._store.read() as db:
                return removed(db, "local")

        assert removals() == 0
        none.write_text('{"title": "login"}\n')
        assert emulator.refresh() == 1
        assert removals() == 0
        none.write_text('{"title": "signin"}\n')
        assert emulator.refresh() == 1
        assert removals() == 1


def test_a_rebuilt_index_is_not_compared_with_vectors_of_the_damaged_one(
    lines: Callable[..., Path], tmp_path: Path
) -> None:
    """Though nothing could be read that would tell whose they were."""
    observations = [{"id": name, "title": name} for name in ("login", "car")]
    path, database = lines(*observations), tmp_path / "index.sqlite3"
    options = {"database": database, "embedder": Synonyms(), "embed_behind": False}

    def vehicles(emulator: Emulator) -> list[str]:
        body = emulator.search({"query": "vehicle", "mode": "fast"})
        return [result["id"] for result in body["data"]]

    with Emulator([path], rebuild=True, **options) as emulator:  # type: ignore[arg-type]
        emulator.embed()
        assert vehicles(emulator) == ["car"]
        with closing(sqlite3.connect(database)) as db:
            db.execute("DROP TABLE organization")
        lines(*reversed(observations))
        emulator.refresh()
        assert emulator.embed() == 2
        assert vehicles(emulator) == ["car"]
