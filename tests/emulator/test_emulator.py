"""The emulator's life: serving, keys, persistence, several at once, and the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lightfast.emulator import Emulator, EmulatorError, schema, store, timestamps
from lightfast.emulator.accounts import authenticate
from tests.waiting import PATIENCE, eventually, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ask
    from .repositories import Repository


def ask_blocking(emulator: Emulator, key: str, query: str = "login") -> Any:
    request = urllib.request.Request(
        f"{emulator.base_url}/search",
        data=json.dumps({"query": query}).encode(),
        headers={"Authorization": f"Bearer {key}"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def everything_in(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.iterdir())


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# --- keys -----------------------------------------------------------------------------------


async def test_a_key_is_kept_as_a_digest(tmp_path: Path, ask: Ask) -> None:
    """The database file holds no key, and a key has 256 bits behind its prefix."""
    async with Emulator(database=tmp_path / "keys.sqlite3") as emulator:
        key = emulator.create_api_key()
        await ask(emulator, key, query="a")
    assert key.startswith("sk-lf-")
    assert len(key) == len("sk-lf-") + 43
    content = everything_in(tmp_path)
    assert key.encode() not in content
    assert key[10:].encode() not in content


async def test_a_key_tells_its_last_use(lines: Callable[..., Path], ask: Ask) -> None:
    """The time and the address are kept; only uses that let somebody in count."""
    async with Emulator([lines({"title": "Login"})]) as emulator:
        key = emulator.create_api_key("used")
        emulator.create_api_key("idle")
        before = datetime.now(UTC)
        await ask(emulator, key, query="login")
        used, idle = emulator.accounts.list_api_keys()
    assert used.masked == f"sk-lf-...{key[-4:]}"
    assert (used.name, used.organization, used.active) == ("used", "local", True)
    assert used.last_used_at is not None
    assert before <= used.last_used_at <= datetime.now(UTC)
    assert (used.last_used_ip, idle.last_used_at, idle.last_used_ip) == ("127.0.0.1", None, None)
    assert key not in repr(used)


async def test_a_key_tells_its_last_use_to_other_processes(
    tmp_path: Path, ask: Ask, lines: Callable[..., Path]
) -> None:
    """Uses of keys are written down soon, not only at the end."""
    database = tmp_path / "keys.sqlite3"
    async with Emulator([lines({"title": "Login"})], database=database) as emulator:
        await ask(emulator, emulator.create_api_key(), query="login")
        with sqlite3.connect(database) as db:
            used = "SELECT last_used_ip FROM api_key"
            await eventually(lambda: db.execute(used).fetchone() == ("127.0.0.1",))
        db.close()


@pytest.mark.parametrize("way", ["id", "masked", "key"])
async def test_a_revoked_key_lets_nobody_in(way: str, lines: Callable[..., Path], ask: Ask) -> None:
    """From the next request on; the answer says that it was revoked."""
    async with Emulator([lines({"title": "Login"})]) as emulator:
        key = emulator.create_api_key()
        assert (await ask(emulator, key, query="login")).status == 200
        (known,) = emulator.accounts.list_api_keys()
        revoked = emulator.accounts.revoke_api_key(
            {"id": known.id, "masked": known.masked, "key": key}[way]
        )
        assert not revoked.active
        answer = await ask(emulator, key, query="login")
        assert (answer.status, answer.body["error"]) == (401, "UNAUTHORIZED")
        assert "revoked" in answer.body["message"]


async def test_an_expired_key_lets_nobody_in(lines: Callable[..., Path], ask: Ask) -> None:
    """The answer says that it has expired."""
    now = datetime.now(UTC)
    async with Emulator([lines({"title": "Login"})]) as emulator:
        old = emulator.create_api_key(expires_at=now - timedelta(seconds=1))
        new = emulator.create_api_key(expires_at=now + timedelta(hours=1))
        answer = await ask(emulator, old, query="login")
        assert (answer.status, answer.body["error"]) == (401, "UNAUTHORIZED")
        assert "expired" in answer.body["message"]
        assert (await ask(emulator, new, query="login")).status == 200


def test_a_key_expires_at_its_time(tmp_path: Path) -> None:
    """Up to the microsecond before, and no longer."""
    clock = [timestamps.from_datetime(datetime(2026, 4, 3, tzinfo=UTC))]
    database = store.Store(tmp_path / "keys.sqlite3")
    people = authenticate.Identity(database, now=lambda: clock[0])
    expiry = datetime(2026, 4, 4, tzinfo=UTC)
    key = people.keys.create("k", organization="acme", expires_at=expiry)
    credentials = authenticate.Credentials(authorization=(f"Bearer {key}",))
    clock[0] = timestamps.from_datetime(expiry) - 1
    assert people.authenticate(credentials).organization == "acme"
    assert key not in repr(credentials)
    clock[0] += 1
    with pytest.raises(authenticate.RefusedError, match="expired"):
        people.authenticate(credentials)
    database.close()


def test_bad_keys_are_not_made_or_revoked() -> None:
    """Names of 1 to 100 characters, expiries with a time zone, keys that exist and are this organization's."""
    emulator = Emulator()
    try:
        for name in ("", "  ", "a" * 101):
            with pytest.raises(EmulatorError, match="1 to 100"):
                emulator.create_api_key(name)
        with pytest.raises(EmulatorError, match="time zone"):
            emulator.create_api_key(expires_at=datetime(2026, 1, 1))
        other = emulator.accounts.create_api_key("n" * 100, organization="other")
        for which in (other, "key_0", "sk-lf-...abcd", ""):
            with pytest.raises(EmulatorError, match="no such API key") as caught:
                emulator.accounts.revoke_api_key(which)
            assert not which or which not in str(caught.value)
        assert emulator.accounts.list_api_keys(organization="other")[0].active
    finally:
        emulator.close()


# --- serving --------------------------------------------------------------------------------


def test_blocking_code_is_served_by_a_thread_of_its_own(lines: Callable[..., Path]) -> None:
    """`with` serves until the block ends; then the port is free and the temporary database gone."""
    with Emulator([lines({"title": "Login"})]) as emulator:
        directory = emulator._store.path.parent
        assert ask_blocking(emulator, emulator.create_api_key())["meta"]["total"] == 1
        port = int(emulator.base_url.split(":")[2].split("/")[0])
    assert not directory.exists()
    with socket.create_server(("127.0.0.1", port)):
        pass
    with pytest.raises(EmulatorError, match="closed"):
        emulator.create_api_key()
    with pytest.raises(EmulatorError, match="not serving"):
        _ = emulator.base_url
    emulator.close()


async def test_new_commits_are_found_after_a_refresh(repository: Repository, ask: Ask) -> None:
    """While it serves, from either kind of code."""
    repository.commit("First login")
    async with Emulator([repository.path]) as emulator:
        key = emulator.create_api_key()
        repository.commit("Second login")
        assert await emulator.arefresh() == 1
        repository.commit("Third login")
        assert emulator.refresh() == 1
        assert (await ask(emulator, key, query="login")).body["meta"]["total"] == 3


async def test_many_clients_at_once_get_right_answers(lines: Callable[..., Path], ask: Ask) -> None:
    """50 in parallel, two organizations, each its own."""
    paths = [lines({"title": f"Login {n}"}, name=f"{n}.jsonl") for n in range(2)]
    async with Emulator(paths[:1]) as first, Emulator(paths[1:]) as second:
        emulators = (first, second)
        keys = [emulator.create_api_key() for emulator in emulators]
        answers = await asyncio.gather(
            *(ask(emulators[n % 2], keys[n % 2], query="login") for n in range(50))
        )
    titles = [answer.body["data"][0]["title"] for answer in answers]
    assert titles == [f"Login {n % 2}" for n in range(50)]


def test_it_works_without_serving(lines: Callable[..., Path], tmp_path: Path) -> None:
    """Index and keys, as the command line uses them."""
    emulator = Emulator([lines({"title": "Login"})], database=tmp_path / "new" / "index.sqlite3")
    try:
        assert (emulator.documents, emulator.refresh(), emulator.documents) == (0, 1, 1)
        emulator.create_api_key()
        assert len(emulator.accounts.list_api_keys()) == 1
        assert "not serving" in repr(emulator)
    finally:
        emulator.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.com", ""])
def test_other_machines_are_kept_out(host: str) -> None:
    """A host that is not loopback is refused, unless it is meant."""
    with pytest.raises(EmulatorError, match="allow_remote"):
        Emulator(host=host)


def test_other_machines_are_let_in_when_meant(lines: Callable[..., Path]) -> None:
    """The base URL is one that can be called from here."""
    path = lines({"title": "Login"})
    with Emulator([path], host="0.0.0.0", allow_remote=True) as emulator:
        assert emulator.base_url.startswith("http://127.0.0.1:")
        assert ask_blocking(emulator, emulator.create_api_key())["data"]


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_comes_while_it_stops_is_closed(turns: int) -> None:
    """The connection was accepted that many turns of the loop before, or not at all."""
    async with Emulator([]) as emulator:
        port = int(emulator.base_url.split(":")[2].split("/")[0])
        late = socket.create_connection(("127.0.0.1", port), PATIENCE)
        for _ in range(turns):
            await asyncio.sleep(0)
    with late, contextlib.suppress(ConnectionResetError):
        assert await asyncio.to_thread(late.recv, 1) == b""


async def test_a_taken_port_is_told() -> None:
    """In both kinds of code, with the port."""
    async with Emulator() as first:
        port = int(first.base_url.split(":")[2].split("/")[0])
        with pytest.raises(EmulatorError, match=f"Port {port} .* is already in use"):
            async with Emulator(port=port):
                pass
        with pytest.raises(EmulatorError, match=f"Port {port} .* is already in use"):
            await asyncio.to_thread(Emulator(port=port).__enter__)


async def test_an_entry_that_is_cancelled_ends_soon(
    lines: Callable[..., Path], tmp_path: Path
) -> None:
    """Indexing that had begun is undone, and the database is free."""
    path = lines(*({"title": f"Login {n}"} for n in range(5000)))
    database = tmp_path / "cancelled.sqlite3"
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def until_closed(*_: object) -> None:
        loop.call_soon_threadsafe(begun.set)
        wait_until(lambda: emulator._store._closed)

    emulator = Emulator([path], database=database, on_progress=until_closed)
    entering = asyncio.ensure_future(emulator.__aenter__())
    await begun.wait()
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    again = Emulator(database=database)
    assert again.documents == 0
    again.close()


async def test_entering_twice_is_told() -> None:
    """An emulator serves once."""
    async with Emulator() as emulator:
        with pytest.raises(EmulatorError, match="already serving"):
            await emulator._start()


def test_a_bad_organization_is_told() -> None:
    """It needs a name."""
    with pytest.raises(EmulatorError, match="organization"):
        Emulator(organization=" ")


@pytest.mark.parametrize(
    "options",
    [
        {"paths": ["~nosuchuser/x"]},
        {"database": "~nosuchuser/x"},
        {"paths": ["/no/" + "a" * 300]},
        {"database": "/tmp/" + "a" * 300},
        {"paths": ["a\0b"]},
        {"database": "a\0b"},
        {"port": 99999},
        {"port": -1},
    ],
    ids=str,
)
def test_what_cannot_be_used_is_an_emulator_error(options: dict[str, Any]) -> None:
    """Whatever Python itself raises for it."""
    with pytest.raises(EmulatorError):
        Emulator(**options)


def test_links_in_a_circle_are_an_emulator_error(tmp_path: Path) -> None:
    """Before Python 3.13, resolving them raises RuntimeError."""
    loop = tmp_path / "loop.jsonl"
    loop.symlink_to(loop)
    for place in (loop, loop / "below"):
        with pytest.raises(EmulatorError):
            Emulator([place], embedder=None)
    with pytest.raises(EmulatorError):
        Emulator(database=loop)


def test_a_database_in_memory_is_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: Callable[..., Path]
) -> None:
    """No file of that name is left, and every connection sees the same index."""
    path = lines({"title": "Login"})
    monkeypatch.chdir(tmp_path)
    with Emulator([path], database=":memory:", embedder=None) as emulator:
        assert emulator.documents == 1
        assert emulator.accounts.list_api_keys() == []
    assert os.listdir(tmp_path) == [path.name]


NOWHERE = """
import sys, tempfile
from lightfast.emulator import Emulator, EmulatorError
tempfile._candidate_tempdir_list = lambda: [sys.argv[2] + ".gone"]
for options in ({}, {"database": sys.argv[2]}):
    try:
        emulator = Emulator([sys.argv[1]] if options else [], embedder=None, **options)
        emulator.refresh()
        emulator.close()
    except EmulatorError as error:
        print(error)
"""


def test_a_missing_temporary_directory_is_told(repository: Repository, tmp_path: Path) -> None:
    """For the database, and for what git says."""
    repository.commit("Login")
    output, errors = run(NOWHERE, repository.path, tmp_path / "x.sqlite3").communicate(
        timeout=PATIENCE
    )
    assert errors == ""
    assert "set TMPDIR" in output.splitlines()[0]
    assert all("temporary directory" in line for line in output.splitlines())


# --- the database file ----------------------------------------------------------------------


async def test_index_and_keys_outlive_a_restart(
    repository: Repository, tmp_path: Path, ask: Ask
) -> None:
    """With a database of one's own, nothing is indexed again and keys stay good."""
    repository.commit("Login")
    database = tmp_path / "kept.sqlite3"
    async with Emulator([repository.path], database=database) as emulator:
        key = emulator.create_api_key()
        first = await ask(emulator, key, query="login")
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    async with Emulator(database=database) as emulator:
        again = await ask(emulator, key, query="login")
    assert again.body["data"] == first.body["data"] != []


def test_the_index_of_an_older_schema_answers_as_before(tmp_path: Path) -> None:
    """Facts that ranking asks of every match are made from the documents that are there; nothing is indexed again."""
    database, notes = tmp_path / "index.sqlite3", tmp_path / "notes.md"
    notes.write_text(
        "# Login\n\n" + "Login needs a password.\n\n" * 60 + "# Logout\n\nNo password.\n"
    )
    request = {"query": "login password", "limit": 20}

    def answer() -> tuple[int, list[dict[str, Any]], int]:
        emulator = Emulator([notes], database=database, embedder=None)
        indexed, found = emulator.refresh(), emulator.search(request)
        emulator.close()
        return indexed, found["data"], found["meta"]["total"]

    _, *first = answer()
    with sqlite3.connect(database) as db:
        db.execute("DROP TABLE passage")
        db.execute("PRAGMA user_version = 4")
    db.close()
    assert answer() == (0, *first)
    assert first[1] == 2


def test_other_databases_are_left_alone(tmp_path: Path) -> None:
    """Another program's, a newer version's, no database at all: told, and not touched."""
    foreign, newer, text = (tmp_path / name for name in ("foreign.db", "newer.db", "text.db"))
    for path in (foreign, newer):
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE t (a)")
        db.close()
    with sqlite3.connect(newer) as db:
        db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        db.execute("PRAGMA user_version = 99")
    db.close()
    text.write_text("Dear diary, " * 100)
    before = [path.read_bytes() for path in (foreign, newer, text)]
    for path, said in ((foreign, "another program"), (newer, "newer"), (text, "not a database")):
        with pytest.raises(EmulatorError, match=said):
            Emulator(database=path)
    with pytest.raises(EmulatorError, match="Cannot use"):
        Emulator(database=tmp_path)
    assert [path.read_bytes() for path in (foreign, newer, text)] == before


INDEX = """
import sys
from lightfast.emulator import Emulator
emulator = Emulator([sys.argv[1]], database=sys.argv[2])
print(emulator.refresh(), emulator.documents)
emulator.close()
"""


def test_two_processes_double_nothing(repository: Repository, tmp_path: Path) -> None:
    """Started at once on one new file, all agree on what is indexed."""
    for number in range(20):
        repository.commit(f"Change {number}", {"a.md": f"# {number}"})
    database = tmp_path / "shared.sqlite3"
    processes = [run(INDEX, repository.path, database) for _ in range(3)]
    outputs = [process.communicate(timeout=PATIENCE) for process in processes]
    assert [errors for _, errors in outputs] == [""] * 3
    counts = [[int(word) for word in output.split()] for output, _ in outputs]
    assert sum(indexed for indexed, _ in counts) == 21
    assert [documents for _, documents in counts] == [21] * 3


KILLED = """
import os, signal, sys
from lightfast.emulator import Emulator
def stop(done, total):
    if done >= 500:
        os.kill(os.getpid(), signal.SIGKILL)
Emulator([sys.argv[1]], database=sys.argv[2], on_progress=stop).refresh()
"""


def test_a_killed_refresh_leaves_nothing_half_done(
    lines: Callable[..., Path], tmp_path: Path
) -> None:
    """The index is as it was before; the next refresh makes it whole."""
    path = lines(*({"title": f"Login {n}"} for n in range(1200)))
    database = tmp_path / "killed.sqlite3"
    process = run(KILLED, path, database)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    emulator = Emulator([path], database=database)
    try:
        assert (emulator.documents, emulator.refresh(), emulator.documents) == (0, 1200, 1200)
    finally:
        emulator.close()


FORGOTTEN = """
import sys
from lightfast.emulator import Emulator
emulator = Emulator([sys.argv[1]]).__enter__()
print(emulator._store.path.parent, flush=True)
"""


def test_a_program_that_forgets_to_close_exits(lines: Callable[..., Path]) -> None:
    """Promptly and silently, with the temporary database gone."""
    process = run(FORGOTTEN, lines({"title": "Login"}))
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (0, "")
    assert not os.path.exists(output.strip())


def test_the_emulator_never_imports_the_core() -> None:
    """Of the package it knows its version, how it was installed, and what is loopback."""
    script = """
import sys
import lightfast.emulator
core = sorted(m for m in sys.modules if m.startswith("lightfast.") and ".emulator" not in m)
print(*core)
"""
    output, errors = run(script).communicate(timeout=PATIENCE)
    shared = ["lightfast._install", "lightfast._loopback", "lightfast._version"]
    assert (output.split(), errors) == (shared, "")
