"""The database through kill -9, other processes and a full disk: whole, or as it was before."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from lightfast.emulator import Emulator, EmulatorError, sqlite, store
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ask

SEED = 20_260_403
BEFORE, AFTER = 300, 700  # documents


def write(path: Path, version: str, count: int) -> Path:
    """Observations that tell which version of the file they come from."""
    lines = (
        {"id": f"o{number}", "title": f"Login {version} {number}", "text": "It broke. " * 20}
        for number in range(count)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def versions(database: Path) -> dict[str, int]:
    """Return the number of documents of each version in the index; SQLite finds nothing wrong."""
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        # https://www.sqlite.org/fts5.html#the_integrity_check_command
        db.execute("INSERT INTO document_text (document_text, rank) VALUES ('integrity-check', 0)")
        titles = [title for (title,) in db.execute("SELECT title FROM document_text")]
        assert db.execute("SELECT count(*) FROM document").fetchone() == (len(titles),)
    found = [title.split()[1] for title in titles]
    return {version: found.count(version) for version in set(found)}


# --- kill -9 --------------------------------------------------------------------------------

INDEX = """
import os, signal, sys
from lightfast.emulator import Emulator

path, database, point = sys.argv[1:]
emulator = Emulator([path], database=database)
writer, steps = emulator._store._writer, 0

def step():
    global steps
    steps += 1
    if point == str(steps):
        os.kill(os.getpid(), signal.SIGKILL)

def statement(sql):
    if point == "commit" and sql.startswith("COMMIT"):
        os.kill(os.getpid(), signal.SIGKILL)

writer.set_progress_handler(step, 2_000)  # virtual machine instructions
writer.set_trace_callback(statement)
emulator.refresh()
print(steps)
emulator.close()
"""


def index(path: Path, database: Path, point: object) -> tuple[int, str]:
    """Index in a process that may kill itself; its exit status and what it said."""
    with run(INDEX, path, database, point) as process:
        output, errors = process.communicate(timeout=PATIENCE)
    assert errors == ""
    return process.returncode, output


def test_a_kill_at_any_point_leaves_the_index_whole(tmp_path: Path) -> None:
    """Killed when it is made and when it is made again: absent, as before, or new; the next start works."""
    path, draw = tmp_path / "observations.jsonl", random.Random(SEED)
    write(path, "after", AFTER)
    _, output = index(path, tmp_path / "whole.sqlite3", "never")
    steps = int(output)
    assert steps > 20
    for number, point in enumerate([*(draw.randint(1, steps) for _ in range(4)), "commit"]):
        database = tmp_path / f"{number}.sqlite3"
        if again := number % 2 == 0:
            assert index(write(path, "before", BEFORE), database, "never")[0] == 0
        assert index(write(path, "after", AFTER), database, point) == (-signal.SIGKILL, "")
        assert versions(database) == ({"before": BEFORE} if again else {})
        with Emulator([path], database=database) as emulator:
            assert emulator.documents == AFTER
        assert versions(database) == {"after": AFTER}


# --- several processes ----------------------------------------------------------------------

SERVE = """
import json, sys, threading
from pathlib import Path
from lightfast.emulator import Emulator

path, database, organization, rounds = sys.argv[1:]
with Emulator([path], database=database, organization=organization) as emulator:
    print(emulator.base_url, emulator.create_api_key(), flush=True)
    for number in range(int(rounds)):
        lines = ({"id": f"o{n}", "title": f"Login {organization} r{number}"} for n in range(150))
        Path(path).write_text("".join(json.dumps(line) + "\\n" for line in lines))
        assert emulator.refresh() == 150
    print("indexed", flush=True)
    sys.stdin.read()
"""


def test_two_processes_index_and_answer_on_one_file(tmp_path: Path) -> None:
    """Whatever is asked meanwhile is answered from one state of the asker's own index."""
    database, places = tmp_path / "shared.sqlite3", []
    processes = [
        run(SERVE, write(tmp_path / f"{name}.jsonl", f"{name} r0", 150), database, name, 40)
        for name in ("alpha", "beta")
    ]
    try:
        places = [process.stdout.readline().split() for process in processes if process.stdout]
        answers = asyncio.run(_ask_until_indexed(processes, places))
        ends = [process.communicate(timeout=PATIENCE) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert [errors for _, errors in ends] == ["", ""]
    assert len(answers) > 10
    for organization, status, body in answers:
        assert status == 200
        assert body["meta"]["total"] == 150
        rounds = {tuple(result["title"].split()[1:3]) for result in body["data"]}
        assert len(rounds) == 1, rounds
        assert rounds.pop()[0] == organization


def test_a_file_that_another_process_is_preparing_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when SQLite does not wait by itself, as it may while WAL mode is set."""
    database, attempts = tmp_path / "shared.sqlite3", []

    def connect(path: Path) -> sqlite3.Connection:
        if attempts:
            other.rollback()
        attempts.append(path)
        connection = sqlite.connect(path)
        connection.execute("PRAGMA busy_timeout = 0")
        return connection

    monkeypatch.setattr(store, "connect", connect)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store.Store(database).close()
    assert len(attempts) == 2


async def _ask_until_indexed(
    processes: list[subprocess.Popen[str]], places: list[list[str]]
) -> list[tuple[str, int, Any]]:
    answers = []
    done = [
        asyncio.create_task(asyncio.to_thread(p.stdout.readline)) for p in processes if p.stdout
    ]
    async with aiohttp.ClientSession() as http:

        async def ask(organization: str, base_url: str, key: str) -> None:
            async with http.post(
                f"{base_url}/search",
                json={"query": "login", "limit": 100},
                headers={"Authorization": f"Bearer {key}"},
            ) as response:
                answers.append((organization, response.status, await response.json()))

        while not all(task.done() for task in done):
            asked = (
                ask(name, *place) for name, place in zip(("alpha", "beta"), places, strict=True)
            )
            await asyncio.gather(*asked)
    assert [task.result() for task in done] == ["indexed\n"] * 2
    return answers


# --- no room --------------------------------------------------------------------------------

FULL = """
import resource, sys
from lightfast.emulator import Emulator, EmulatorError

path, database = sys.argv[1:]
emulator = Emulator([path], database=database)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    emulator.refresh()
except EmulatorError as error:
    print(emulator.documents, error)
emulator.close()
"""


def test_a_file_that_may_not_grow_is_told(tmp_path: Path) -> None:
    """EmulatorError with the file's name; what was indexed before stays, and is completed when there is room."""
    path, database = write(tmp_path / "o.jsonl", "before", BEFORE), tmp_path / "full.sqlite3"
    Emulator([path], database=database).__enter__().close()
    write(path, "after", 4 * AFTER)
    output, errors = run(FULL, path, database).communicate(timeout=PATIENCE)
    assert errors == ""
    assert output.startswith(f"{BEFORE} Cannot write to {database}: ")
    assert versions(database) == {"before": BEFORE}
    with Emulator([path], database=database) as emulator:
        assert emulator.documents == 4 * AFTER


async def test_a_full_disk_is_told_and_answers_go_on(
    lines: Callable[..., Path], tmp_path: Path, ask: Ask
) -> None:
    """The old index answers meanwhile, and the same emulator completes the new one when there is room."""
    path = lines({"title": "Login before"})
    async with Emulator([path], database=tmp_path / "full.sqlite3") as emulator:
        key, writer = emulator.create_api_key(), emulator._store._writer
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count = {pages + 8}")  # SQLITE_FULL, as from ENOSPC
        write(path, "after", AFTER)
        with pytest.raises(EmulatorError, match="full; make room"):
            await emulator.arefresh()
        answer = await ask(emulator, key, query="login")
        assert [result["title"] for result in answer.body["data"]] == ["Login before"]
        writer.execute("PRAGMA max_page_count = 1000000")
        assert await emulator.arefresh() == AFTER
        assert (await ask(emulator, key, query="login")).body["meta"]["total"] == AFTER
