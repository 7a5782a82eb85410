from __future__ import annotations

import json
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from lightfast.cli.local import cached_database
from tests.cli.conftest import process

QUESTION = "how are failed requests retried?"


def titles(result):
    assert result.exit_code == 0, result.stderr
    return [item["title"] for item in json.loads(result.stdout)["data"]]


def keys(database):
    connection = sqlite3.connect(database)
    try:
        return connection.execute("SELECT count(*) FROM api_key").fetchone()[0]
    finally:
        connection.close()


def test_a_repository_answers_without_key_or_account(repository):
    done = process("search", "--local", repository.path, QUESTION)
    assert done.returncode == 0
    assert "Retry failed requests" in done.stdout
    assert "https://github.com/acme/api/commit/" in done.stdout
    assert "sk-lf-" not in done.stdout + done.stderr


def test_a_second_run_finds_the_index_and_the_key_again(run, repository, cache):
    first = run("search", "--local", repository.path, QUESTION, "--json")
    (database,) = cache.glob("*.sqlite3")
    assert database.name.startswith("my-repository-")
    (key,) = cache.glob("*.key")
    written = key.read_text()
    second = run("search", "--local", repository.path, QUESTION, "--json")
    assert titles(first) == titles(second)
    assert keys(database) == 1
    assert key.read_text() == written


def test_what_was_committed_since_is_found(run, repository):
    assert "Explain tax law" not in titles(
        run("search", "--local", repository.path, "tax law", "--json")
    )
    repository.commit("Explain tax law")
    assert "Explain tax law" in titles(
        run("search", "--local", repository.path, "tax law", "--json")
    )


def test_a_key_that_opens_nothing_any_more_is_replaced(run, repository, cache):
    run("search", "--local", repository.path, QUESTION)
    (key,) = cache.glob("*.key")
    old = key.read_text()
    key.write_text("sk-lf-nonsense")
    assert titles(run("search", "--local", repository.path, QUESTION, "--json"))
    assert key.read_text() not in (old, "sk-lf-nonsense")


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_index_and_key_are_their_owners_only(run, repository, cache):
    run("search", "--local", repository.path, QUESTION)
    for path in (cache, *cache.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_without_a_cache_the_index_is_temporary(run, repository, tmp_path):
    (tmp_path / "cache").write_text("a file where the directory should be")
    result = run("search", "--local", repository.path, QUESTION)
    assert result.exit_code == 0
    assert "Retry failed requests" in result.stdout
    assert result.stderr.startswith("Using a temporary index: Cannot use ")


def test_a_damaged_index_is_built_again(run, repository):
    database = cached_database([repository.path])
    database.parent.mkdir(parents=True)
    database.write_bytes(b"spoilt" * 1000)
    result = run("search", "--local", repository.path, QUESTION)
    assert result.exit_code == 0
    assert "rebuilding the index" in result.stderr
    result = run("search", "--local", repository.path, QUESTION)
    assert result.exit_code == 0
    assert "rebuilding" not in result.stderr


def test_a_place_that_is_none_is_said(run, tmp_path):
    result = run("search", "--local", tmp_path / "nowhere", "x")
    assert result.exit_code == 9
    assert "nowhere" in result.stderr


def test_a_place_with_nothing_to_search_is_said(run, tmp_path):
    result = run("search", "--local", tmp_path / "here", "x")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing to search" in result.stderr


def test_settings_and_proxies_have_no_say(run, repository, tmp_path):
    (tmp_path / "here" / ".env").write_text("LIGHTFAST_API_KEY=bad\nLIGHTFAST_BASE_URL=bad\n")
    proxy = {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    assert titles(run("search", "--local", repository.path, QUESTION, "--json", **proxy))


def test_the_file_depends_on_the_paths_and_not_on_how_they_are_written(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    assert cached_database([Path("a")]) == cached_database([tmp_path / "a" / ".." / "a"])
    assert cached_database([Path("a")]) != cached_database([Path()])
    assert cached_database([Path("a"), Path()]) == cached_database([Path(), Path("a")])
    assert cached_database([Path("/")]).name.startswith("root-")
