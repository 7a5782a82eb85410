"""A damaged database: an index that can be made again is rebuilt; one with keys is refused and stays."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections import deque
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from lightfast.emulator import Emulator, EmulatorError
from lightfast.emulator.errors import DamagedError
from lightfast.emulator.schema import MIGRATIONS
from lightfast.emulator.sqlite import check_release, dialect
from lightfast.emulator.store import Store
from tests.waiting import wait_until

from .embedders import Synonyms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ask

COUNT = 400  # documents


def overwrite_pages(database: Path) -> None:
    """All but the schema, as a bad disk leaves them: the head still looks like a database."""
    with closing(sqlite3.connect(database)) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
        schema = db.execute("SELECT max(rootpage) FROM sqlite_master").fetchone()[0]
    with database.open("r+b") as file:
        file.seek(size * schema)
        file.write(b"\xff" * (database.stat().st_size - size * schema))


def overwrite_all(database: Path) -> None:
    database.write_bytes(b"no database " * 1000)


def truncate(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 2)


def run(*statements: str) -> Callable[[Path], None]:
    def damage(database: Path) -> None:
        with closing(sqlite3.connect(database)) as db:
            for statement in statements:
                db.execute(statement)
            db.commit()

    return damage


DAMAGE: dict[str, Callable[[Path], None]] = {
    "pages": overwrite_pages,
    "all": overwrite_all,
    "half": truncate,
    "text table": run("DROP TABLE document_text"),
    "column": run("ALTER TABLE corpus RENAME COLUMN state TO status"),
    "newer schema": run("PRAGMA user_version = 99"),
    "state": run("UPDATE corpus SET state = 'x'"),
    "state's type": run("UPDATE corpus SET state = '[]'"),
    "state's fields": run(
        """UPDATE corpus SET state = '{"skipped": {}, "heads": 7, "files": 7}'"""
    ),
    "short vectors": run("UPDATE vector SET value = substr(value, 1, 100)"),
    "empty vectors": run("UPDATE vector SET value = x''"),
}
HARMLESS = {"state", "state's type", "state's fields", "short vectors", "empty vectors"}


@pytest.fixture
def damaged(lines: Callable[..., Path], tmp_path: Path) -> Callable[[str], tuple[Path, Path, str]]:
    """Make an index and damage it: the file indexed, the database, and a key in it."""

    def damaged(kind: str) -> tuple[Path, Path, str]:
        path = lines(*({"title": f"Login {n}", "text": f"topic {n} " * 20} for n in range(COUNT)))
        database = tmp_path / "index.sqlite3"
        with Emulator([path], database=database, embedder=Synonyms(), embed_behind=False) as e:
            e.embed()
            key = e.create_api_key()
        DAMAGE[kind](database)
        return path, database, key

    return damaged


def options(database: Path, *, rebuild: bool) -> dict[str, Any]:
    return {
        "database": database,
        "embedder": Synonyms(),
        "embed_behind": False,
        "rebuild": rebuild,
    }


@pytest.mark.parametrize("kind", DAMAGE)
async def test_an_index_that_can_be_made_again_is(
    kind: str,
    damaged: Callable[[str], tuple[Path, Path, str]],
    ask: Ask,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each search finds everything; a line says so once; the next start finds nothing to do."""
    path, database, _ = damaged(kind)
    with caplog.at_level(logging.WARNING, "lightfast.emulator"):
        async with Emulator([path], **options(database, rebuild=True)) as emulator:
            emulator.embed()
            key = emulator.create_api_key()
            for query in ("login", "topic 7", "topic 399"):
                answer = await ask(emulator, key, query=query)
                assert (answer.status, answer.body["meta"]["total"]) == (200, COUNT), query
            assert emulator.documents == COUNT
            assert emulator.corpora()[0].documents == COUNT
            progress = emulator.embedding_progress
            assert progress is not None
            assert progress.embedded == COUNT
    begins = ("rebuilding", "indexing", "embedding")
    assert sum(r.message.startswith(begins) for r in caplog.records) == (kind != "state's fields")
    with Emulator([path], **options(database, rebuild=False)) as emulator:
        assert emulator.refresh() == 0
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("kind", ["pages", "text table"])
@pytest.mark.parametrize(
    "touch",
    [
        lambda e, _: e.refresh(),
        lambda e, _: e.search({"query": "login"}),
        lambda e, document: e.document(document),
        lambda e, document: e.similar(document),
        lambda e, document: e.related(document),
    ],
    ids=["refresh", "search", "document", "similar", "related"],
)
def test_embedding_goes_on_when_an_index_was_rebuilt(
    touch: Callable[[Emulator, str], object], kind: str, lines: Callable[..., Path], tmp_path: Path
) -> None:
    """Whatever meets the damage first, the thread that embeds among it; none of them fails."""
    path = lines(*({"title": f"Login {n}", "text": f"topic {n} " * 20} for n in range(COUNT)))
    database = tmp_path / "index.sqlite3"
    embedder = Synonyms()
    with Emulator([path], database=database, embedder=embedder, rebuild=True) as emulator:
        wait_until(lambda: is_embedded(emulator))
        document = emulator.search({"query": "login"})["data"][0]["id"]
        emulator._store._drain()  # their caches are of the undamaged file
        with closing(sqlite3.connect(database)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("DELETE FROM vector")
            db.commit()
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        DAMAGE[kind](database)
        path.write_text(path.read_text() + '{"title": "new"}\n')
        touch(emulator, document)
        emulator.refresh()
        assert emulator.documents == COUNT + 1
        wait_until(lambda: is_embedded(emulator))


def is_embedded(emulator: Emulator) -> bool:
    progress = emulator.embedding_progress
    assert progress is not None
    return progress.embedded == progress.documents > 0


def test_a_refresh_that_rebuilds_counts_what_it_indexed(
    damaged: Callable[[str], tuple[Path, Path, str]],
) -> None:
    """All of it, though nothing had changed."""
    path, database, _ = damaged("text table")
    path.write_text(path.read_text() + '{"title": "new"}\n')
    emulator = Emulator([path], **options(database, rebuild=True))
    assert emulator.refresh() == COUNT + 1
    assert emulator.refresh() == 0
    emulator.close()


def test_embedding_goes_on_after_an_error(
    lines: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Embedding goes on when something is indexed again; until then, the log says what was wrong, and it is not busy."""
    path = lines({"title": "Login"})
    embedder = Synonyms()
    working, embedder.embed = embedder.embed, lambda _: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    with Emulator([path], database=tmp_path / "a.sqlite3", embedder=embedder) as emulator:
        wait_until(lambda: "embedding stopped" in caplog.text and not emulator.is_embedding)
        embedder.embed = working  # type: ignore[method-assign]
        path.write_text('{"title": "Log in"}\n')
        assert emulator.refresh() == 1
        wait_until(lambda: is_embedded(emulator))


@pytest.mark.parametrize("kind", sorted(set(DAMAGE) - HARMLESS - {"newer schema"}))
async def test_a_database_of_ones_own_is_refused_and_stays(
    kind: str, damaged: Callable[[str], tuple[Path, Path, str]]
) -> None:
    """The error names the file and the command that keeps its keys."""
    path, database, _ = damaged(kind)
    before = database.read_bytes()
    path.write_text('{"title": "new"}\n')
    with pytest.raises(DamagedError, match=rf"(?s){database}.*index --rebuild"):
        with Emulator([path], **options(database, rebuild=False)):
            pass
    assert database.read_bytes() == before


async def test_a_rebuilt_database_keeps_its_keys_and_members(
    lines: Callable[..., Path], tmp_path: Path, ask: Ask
) -> None:
    """All accounts, byte for byte; nothing else is left of the old file."""
    path, database = lines({"title": "Login"}), tmp_path / "team.sqlite3"
    with Emulator([path], database=database, embedder=None) as emulator:
        ada = emulator.accounts.create_user("Ada", organization="acme")
        secret = emulator.accounts.create_session_token(ada)
        key = emulator.create_api_key()
        before = emulator.accounts.list_organizations(), emulator.accounts.list_api_keys()
    run("DROP TABLE document_text")(database)
    async with Emulator([path], database=database, embedder=None, rebuild=True) as emulator:
        assert (await ask(emulator, key, query="login")).body["meta"]["total"] == 1
        now = emulator.accounts.list_organizations(), emulator.accounts.list_api_keys()
        assert now[0] == before[0]
        assert [k.id for k in now[1]] == [k.id for k in before[1]]
        assert [m.id for m in emulator.accounts.list_members(organization="acme")] == [ada.id]
        assert emulator._identity.sessions.check(secret) == ada.id
    assert [name for name in os.listdir(tmp_path) if "team" in name] == [database.name]
    assert database.stat().st_mode & 0o777 == 0o600


def test_accounts_that_cannot_be_read_are_not_thrown_away(
    damaged: Callable[[str], tuple[Path, Path, str]], caplog: pytest.LogCaptureFixture
) -> None:
    """The damaged file stays beside the new one, and the log says where."""
    path, database, _ = damaged("all")
    content = database.read_bytes()
    with Emulator([path], **options(database, rebuild=True)) as emulator:
        assert emulator.documents == COUNT
    kept = database.with_name(f"{database.name}.damaged")
    assert kept.read_bytes() == content
    assert str(kept) in caplog.text


async def test_a_server_answers_what_it_still_can(
    lines: Callable[..., Path], tmp_path: Path, ask: Ask
) -> None:
    """A request that needs a damaged table gets a 500 that says so; keys, other searches and the console go on."""
    path, database = lines({"title": "Login"}), tmp_path / "team.sqlite3"
    async with Emulator([path], database=database, embedder=None) as emulator:
        key = emulator.create_api_key()
        assert (await ask(emulator, key, query="login")).status == 200
        run("DROP TABLE document_text")(database)
        failed = await ask(emulator, key, query="login")
        assert (failed.status, failed.body["error"]) == (500, "INTERNAL_ERROR")
        assert "damaged" in failed.body["message"]
        assert str(database) not in failed.body["message"]
        assert (await ask(emulator, "sk-lf-x", query="login")).status == 401
        assert (await ask(emulator, key, query="")).status == 400
        assert emulator.accounts.list_api_keys()[0].active


def test_a_connection_given_back_during_a_rebuild_is_not_used_again(tmp_path: Path) -> None:
    """It would read the file that was replaced, for ever."""
    store = Store(tmp_path / "index.sqlite3", rebuild=True)

    class Late(deque[Any]):
        def append(self, connection: Any) -> None:
            store.rebuild(0)
            super().append(connection)

    store._idle = Late()
    with store.read():
        pass
    with store.write() as db:
        db.execute("INSERT INTO embedder (name) VALUES ('new')")
    with store.read() as db:
        assert [row["name"] for row in db.execute("SELECT name FROM embedder")] == ["new"]
    store.close()


# --- other releases of SQLite ---------------------------------------------------------------


def test_the_idle_connections_are_closed_before_the_file_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows replaces no file that somebody has open."""
    store = Store(tmp_path / "emulator.sqlite3", rebuild=True)
    with store.read():
        pass
    idle = []
    monkeypatch.setattr(
        "lightfast.emulator.store.rebuild", lambda *_: idle.append(len(store._idle))
    )
    store.rebuild(store.generation)
    store.close()
    assert idle == [0]


def test_an_old_sqlite_is_named() -> None:
    """With the version that is needed and the one that is there."""
    with pytest.raises(EmulatorError, match=r"needs SQLite 3\.34\.0 or newer.* has 3\.33\.9"):
        check_release((3, 33, 9))
    check_release()


def test_the_schema_does_without_strict_tables() -> None:
    """SQLite has it since 3.37; nothing else of a statement changes."""
    for step in MIGRATIONS:
        old = dialect(step, (3, 34, 0))
        assert "STRICT" not in old
        assert dialect(step, (3, 37, 0)) == step
        assert old.count("WITHOUT ROWID;") == step.count("WITHOUT ROWID;")
        assert old.count("CREATE") == step.count("CREATE")
