from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightfast import Lightfast
from tests.cli.conftest import COMMAND
from tests.waiting import PATIENCE


@contextlib.contextmanager
def serving(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], str, dict[str, str]]]:
    """`lightfast emulator serve` in a process of its own, and what it exports."""
    command = [*COMMAND, "emulator", "serve", "--port", "0", *map(str, arguments)]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    told = ""
    try:
        while "python -c" not in told and (line := child.stdout.readline()):
            told += line
        yield child, told, dict(re.findall(r"export (\w+)=(.*)", told))
    finally:
        child.kill()
        child.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_answers_until_it_is_told_to_stop(repository, number):
    with serving(repository.path) as (child, _, exports):
        with Lightfast(
            exports["LIGHTFAST_API_KEY"], base_url=exports["LIGHTFAST_BASE_URL"]
        ) as client:
            assert "Retry failed requests" in [
                hit.title for hit in client.search("failed requests")
            ]
        child.send_signal(number)
        assert child.wait(PATIENCE) == 0
        # A machine so busy that indexing took a second is told so before.
        assert re.sub(r"^Indexed 3 items in .* s\.\n", "", child.stderr.read()) == "Stopped.\n"


def test_serve_speaks_the_revision_and_the_behavior_that_are_asked_for(repository):
    options = ("--api-revision", "2026-04-04"), ("--behavior", "observed")
    answers = []
    for option in options:
        with (
            serving(repository.path, *option) as (_, _, exports),
            Lightfast(
                exports["LIGHTFAST_API_KEY"], base_url=exports["LIGHTFAST_BASE_URL"]
            ) as client,
        ):
            answers.append(client.search("failed requests", filters={"source_types": ["nowhere"]}))
    assert [answer.revision for answer in answers] == ["2026-04-04", "2026-04-03"]
    assert all(len(answer) for answer in answers)  # each ignores that filter


def test_what_serve_prints_can_be_pasted(repository):
    with serving(repository.path) as (_, told, exports):
        line = re.search(r"^python -c '(.*)'$", told, re.MULTILINE)[1]
        done = subprocess.run(
            [sys.executable, "-c", line.replace("login bug", "login page")],
            env=os.environ | exports,
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
        )
        assert "Add a login page" in done.stdout
        assert told.count(exports["LIGHTFAST_API_KEY"]) == 1


def test_serve_shares_index_and_key_with_local(run, repository, cache):
    (repository.path.parent / "in.jsonl").write_text('"login"')
    run("batch", repository.path.parent / "in.jsonl", "-o", "out.jsonl", "--local", repository.path)
    (key,) = cache.glob("*.key")
    with serving(repository.path) as (_, _, exports):
        assert exports["LIGHTFAST_API_KEY"] == key.read_text().strip()
    assert len(list(cache.glob("*.sqlite3"))) == 1


def test_a_database_of_your_own_gets_one_key(repository, tmp_path):
    database = tmp_path / "own.sqlite3"
    with serving(repository.path, "--database", database) as (_, _, exports):
        assert "LIGHTFAST_API_KEY" in exports
    with serving("--database", database) as (_, told, exports):
        assert told.startswith("Serving 3 documents.")
        assert "LIGHTFAST_API_KEY" not in exports
        assert "keys create" in told
    assert not database.with_suffix(".key").exists()


def test_serve_does_not_listen_to_strangers_unless_told(run, repository):
    result = run("emulator", "serve", repository.path, "--host", "0.0.0.0")
    assert result.exit_code == 9
    assert "other machines" in result.stderr


def test_a_taken_port_is_said(run, repository, server):
    result = run("emulator", "serve", repository.path, "--port", str(server.port))
    assert result.exit_code == 9
    assert str(server.port) in result.stderr


def test_index_counts_what_there_is(run, repository):
    first = run("emulator", "index", repository.path)
    assert re.search(r"^ +2  commits +\S", first.stdout, re.MULTILINE)
    assert "3 indexed now, 3 in all" in first.stderr
    again = run("emulator", "index", repository.path)
    assert again.stderr.startswith("0 indexed now, 3 in all")


def test_a_key_is_made_alone_on_stdout_listed_masked_and_revoked(run, tmp_path):
    database = ("--database", tmp_path / "db.sqlite3")
    made = run("emulator", "keys", "create", "--name", "ci", "--expires", "30d", *database)
    key = made.stdout.strip()
    assert re.fullmatch(r"sk-lf-[0-9A-Za-z]{43}", key)
    mask = f"sk-lf-...{key[-4:]}"

    table = run("emulator", "keys", "list", *database)
    assert mask in table.stdout
    assert "until 20" in table.stdout
    listed = json.loads(run("emulator", "keys", "list", "--json", *database).stdout)
    assert [(item["masked"], item["name"], item["active"]) for item in listed] == [
        (mask, "ci", True)
    ]
    assert listed[0]["expires_at"].endswith("Z")

    assert mask in run("emulator", "keys", "revoke", mask, *database).stderr
    assert "revoked" in run("emulator", "keys", "list", *database).stdout
    again = run("emulator", "keys", "revoke", listed[0]["id"], *database)
    assert again.exit_code == 0
    assert key not in table.output + again.output


def test_a_revoked_key_opens_nothing(run, repository, tmp_path):
    database = ("--database", tmp_path / "db.sqlite3")
    run("emulator", "index", repository.path, *database)
    key = run("emulator", "keys", "create", *database).stdout.strip()
    with serving(*database) as (_, _, exports):
        environment = {**exports, "LIGHTFAST_API_KEY": key}
        assert run("search", "login", **environment).exit_code == 0
        run("emulator", "keys", "revoke", key, *database)
        assert run("search", "login", **environment).exit_code == 3


def test_organizations_have_their_own_keys(run, tmp_path):
    database = ("--database", tmp_path / "db.sqlite3")
    run("emulator", "keys", "create", "--organization", "acme", *database)
    assert run("emulator", "keys", "list", *database).stderr == "No keys for 'local'.\n"
    assert "default" in run("emulator", "keys", "list", "--organization", "acme", *database).stdout


def test_the_index_without_code_has_keys_of_its_own(run, repository, monkeypatch, tmp_path):
    """Commands find them with the option that `serve` was given."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(repository.path)
    for option in ([], ["--no-code"]):
        assert run("emulator", "index", "-q", "--no-embed", *option).exit_code == 0
    run("emulator", "keys", "create", "--name", "ci", "--no-code")
    assert run("emulator", "keys", "list").stderr == "No keys for 'local'.\n"
    assert " ci " in run("emulator", "keys", "list", "--no-code").stdout


@pytest.mark.parametrize("command", [["list"], ["revoke", "key_1"]])
def test_looking_at_keys_makes_no_database(run, tmp_path, command):
    database = tmp_path / "db.sqlite3"
    assert run("emulator", "keys", *command, "--database", database).exit_code == 9
    assert not database.exists()


def test_a_bad_name_or_key_is_an_emulator_error(run, tmp_path):
    database = ("--database", tmp_path / "db.sqlite3")
    assert run("emulator", "keys", "create", "--name", "x" * 101, *database).exit_code == 9
    assert run("emulator", "keys", "revoke", "key_1", *database).exit_code == 9
