from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import COMMAND
from tests.conftest import KEY
from tests.servers import Server, answer, contract, delayed, error, held, page
from tests.waiting import PATIENCE


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f'{{"query": "login {n}", "id": {n}}}\n' for n in range(50)))
    return path


def settings(server: Server) -> dict[str, str]:
    return {"LIGHTFAST_API_KEY": KEY, "LIGHTFAST_BASE_URL": server.base_url}


def read(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_batch_writes_a_row_for_each_and_says_how_many(run, server, lines, tmp_path):
    out = tmp_path / "out.jsonl"
    result = run("batch", lines, "-o", out, "--limit", "3", **settings(server))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "50 rows: 50 answered, 0 failed.\n"
    assert sorted(row["input"]["id"] for row in read(out)) == list(range(50))
    assert {body["limit"] for _, body in server.requests} == {3}


def test_filters_are_those_of_search(run, server, lines, tmp_path):
    options = [
        "--source",
        "github",
        "--type",
        "issue",
        "--actor",
        "@ada",
        "--since",
        "2026-01-01",
        "--mode",
        "fast",
    ]
    run("batch", lines, "-o", tmp_path / "out.jsonl", *options, **settings(server))
    _, body = server.requests[0]
    assert body["mode"] == "fast"
    assert body["filters"]["sources"] == ["github"]
    assert body["filters"]["entityTypes"] == ["issue"]
    assert body["filters"]["actorNames"] == ["@ada"]
    assert body["filters"]["dateRange"] == {"start": "2026-01-01T00:00:00Z"}


def test_failed_rows_are_told_by_the_exit_code(run, serve, lines, tmp_path):
    server = serve(*[error(400, "VALIDATION_ERROR")] * 2, page("a"))
    out = tmp_path / "out.jsonl"
    result = run("batch", lines, "-o", out, **settings(server))
    assert result.exit_code == 10
    assert "48 answered, 2 failed" in result.stderr
    again = run("batch", lines, "-o", out, "--resume", **settings(server))
    assert (again.exit_code, len(read(out))) == (0, 50)
    assert "50 were there before" in again.stderr


def test_a_refused_key_is_3_as_everywhere(run, serve, lines, tmp_path):
    server = serve(error(401, "UNAUTHORIZED"))
    result = run("batch", lines, "-o", tmp_path / "out.jsonl", **settings(server))
    assert result.exit_code == 3
    assert "Check LIGHTFAST_API_KEY" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["-o", "in.jsonl"],
        ["-o", "out.txt"],
        ["-o", "out.jsonl", "--resume", "--overwrite"],
        ["-o", "out.jsonl", "--concurrency", "0"],
        ["-o", "out.jsonl", "--limit", "1000"],
        ["-o", "nowhere/out.jsonl"],
        ["--resume"],
    ],
)
def test_bad_arguments_are_2_and_nothing_is_sent(run, server, lines, options, monkeypatch):
    monkeypatch.chdir(lines.parent)
    before = lines.read_text()
    assert run("batch", "in.jsonl", *options, **settings(server)).exit_code == 2
    assert server.requests == []
    assert lines.read_text() == before


def test_a_missing_input_is_said(run, server, tmp_path):
    result = run("batch", tmp_path / "no.csv", "-o", tmp_path / "out.csv", **settings(server))
    assert result.exit_code == 2
    assert "No such file" in result.stderr


def test_local_needs_no_key(run, repository, lines, tmp_path):
    out = tmp_path / "out.jsonl"
    result = run("batch", lines, "-o", out, "--local", repository.path, "--ordered")
    assert result.exit_code == 0, result.stderr
    assert read(out)[0]["results"][0]["title"] == "Add a login page"


def start(server: Server, *arguments: str | Path, **streams: Any) -> subprocess.Popen[Any]:
    return subprocess.Popen(
        [*COMMAND, "batch", *map(str, arguments)],
        env=os.environ | settings(server) | {"TERM": "xterm", "COLUMNS": "80"},
        **streams,
    )


def test_standard_input_is_read(server, tmp_path):
    out = tmp_path / "out.jsonl"
    child = start(server, "-", "-o", out, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    _, said = child.communicate(b'"login"\n"bug"\n', timeout=PATIENCE)
    assert (child.returncode, said) == (0, b"2 rows: 2 answered, 0 failed.\n")


def test_ctrl_c_finishes_what_is_under_way_and_resume_the_rest(serve, lines, tmp_path):
    document = answer(contract("response_minimal.json"))
    interrupted = threading.Event()
    server = serve(*[document] * 8, held(interrupted, document))
    out = tmp_path / "out.jsonl"
    child = start(server, lines, "-o", out, "--concurrency", "4", stderr=subprocess.PIPE)
    while len(server.requests) < 8:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    assert child.stderr.readline() == b"\n"
    assert b"Finishing the searches under way" in child.stderr.readline()
    interrupted.set()
    _, said = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130
    assert said.endswith(b"--resume continues.\n")
    done = len(read(out))
    assert done == len(server.requests)
    assert 8 <= done < 50
    child = start(server, lines, "-o", out, "--resume", stderr=subprocess.PIPE)
    child.communicate(timeout=PATIENCE)
    assert child.returncode == 0
    assert sorted(row["row"] for row in read(out)) == list(range(50))
    assert len(server.requests) == 50


def test_a_second_ctrl_c_stops_at_once(serve, lines, tmp_path):
    server = serve(delayed(30, page()))
    out = tmp_path / "out.jsonl"
    child = start(server, lines, "-o", out, stderr=subprocess.PIPE)
    while not server.requests:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    child.stderr.readline()
    child.stderr.readline()
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=PATIENCE)
    assert child.returncode == 130


def test_a_terminal_sees_rows_failures_and_rate(serve, lines, tmp_path):
    pty = pytest.importorskip("pty")
    document = answer(contract("response_minimal.json"))
    server = serve(*[delayed(0.25, document)] * 50)
    ours, theirs = pty.openpty()
    child = start(server, lines, "-o", tmp_path / "out.jsonl", "--concurrency", "4", stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    assert child.wait(PATIENCE) == 0
    assert b"Searching" in shown
    assert b"/50" in shown
    assert b"0 failed" in shown
    assert b"/s" in shown
