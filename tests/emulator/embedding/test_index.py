"""The vectors in memory: brought up to the state of the database that a reader sees, whatever that is."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("numpy", reason="SEARCH BY MEANING IS NOT TESTED: pip install '.[semantic]'")

from lightfast.emulator import Emulator
from lightfast.emulator.embedding.index import VectorIndex
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
