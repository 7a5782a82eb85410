from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result

from lightfast.cli.local import cached_database
from lightfast.emulator import Emulator, EmulatorError
from tests import ROOT
from tests.cli.conftest import COMMAND, Run, process
from tests.emulator.repositories import Repository
from tests.test_laws import loaded_by

QUESTION = "how are failed requests retried?"


def titles(result: Result) -> list[str]:
    assert result.exit_code == 0, result.stderr
    return [item["title"] for item in json.loads(result.stdout)["data"]]


def keys(database: Path) -> int:
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


def batch(run: Run, repository: Repository) -> None:
    """Search from a file, which needs a server and so a key."""
    source = repository.path.parent / "in.jsonl"
    source.write_text('"login"\n')
    options = ("-o", repository.path.parent / "out.jsonl", "--overwrite")
    result = run("batch", source, *options, "--local", repository.path)
    assert result.exit_code == 0, result.stderr


def test_a_second_run_finds_the_index_again_and_needs_no_key(run, repository, cache):
    first = run("search", "--local", repository.path, QUESTION, "--json")
    (database,) = cache.glob("*.sqlite3")
    assert database.name.startswith("my-repository-")
    second = run("search", "--local", repository.path, QUESTION, "--json")
    assert titles(first) == titles(second)
    assert keys(database) == 0


def test_a_second_batch_uses_the_same_key(run, repository, cache):
    batch(run, repository)
    (key,), (database,) = cache.glob("*.key"), cache.glob("*.sqlite3")
    written = key.read_text()
    batch(run, repository)
    assert keys(database) == 1
    assert key.read_text() == written


def test_all_pages_are_those_of_the_served_api(run, repository):
    options = ("--all", "--limit", "1", "--json")
    local = run("search", "--local", repository.path, QUESTION, *options)
    served = run("search", "--local", repository.path, QUESTION, "--json")
    assert [json.loads(line)["title"] for line in local.stdout.splitlines()] == titles(served)
    two = run("search", "--local", repository.path, QUESTION, *options, "--max-results", "2")
    assert len(two.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--source", "githb"], "No results from 'githb'; this index has git"),
        (["--type", "comit"], "No results of the kind 'comit'; this index has "),
        (["--source", "docs", "--type", "commit"], None),
    ],
)
def test_a_mistyped_provider_or_kind_is_told_with_those_that_exist(run, repository, options, said):
    result = run("search", "--local", repository.path, QUESTION, *options)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Nothing found" in result.stderr
    assert (said in result.stderr) if said else ("this index has" not in result.stderr)


def test_a_search_loads_neither_http_nor_asyncio_nor_stemmers(repository):
    """They cost more to import than a search."""
    modules = loaded_by(
        "import contextlib, io, sys\n"
        "from lightfast.cli.app import app\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    app(['search', '--local', {str(repository.path)!r}, 'login', '-q'], standalone_mode=False)"
    )
    assert "lightfast.emulator.search.retrieval" in modules
    assert not modules & {"aiohttp", "tenacity", "urllib.request", "importlib.metadata"}
    assert not modules & {"asyncio", "snowballstemmer", "webbrowser", "email.utils"}


def test_source_code_is_left_out_on_request_and_each_has_an_index_of_its_own(
    run, repository, cache
):
    repository.commit("Add a module", {"wombat.py": "def find_wombat():\n    pass\n"})
    options = ("--local", repository.path, "--type", "code", "--json")
    for _ in range(2):
        assert "find_wombat in wombat.py" in titles(run("search", "find_wombat", *options))
        assert titles(run("search", "find_wombat", *options, "--no-code")) == []
    assert len(list(cache.glob("*.sqlite3"))) == 2
    assert run("emulator", "index", repository.path, "--no-code", "-q").exit_code == 0
    assert len(list(cache.glob("*.sqlite3"))) == 2


def test_what_was_committed_since_is_found(run, repository):
    assert "Explain tax law" not in titles(
        run("search", "--local", repository.path, "tax law", "--json")
    )
    repository.commit("Explain tax law")
    assert "Explain tax law" in titles(
        run("search", "--local", repository.path, "tax law", "--json")
    )


def test_a_key_that_opens_nothing_any_more_is_replaced(run, repository, cache):
    batch(run, repository)
    (key,) = cache.glob("*.key")
    old = key.read_text()
    key.write_text("sk-lf-nonsense")
    batch(run, repository)
    assert key.read_text() not in (old, "sk-lf-nonsense")


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_index_and_key_are_their_owners_only(run, repository, cache):
    batch(run, repository)
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


# --- where it runs ----------------------------------------------------------------------------


def test_without_home_and_user_the_index_is_temporary(run, repository, monkeypatch):
    """As in a container whose user has no entry in /etc/passwd: "~" stays as it is."""
    pwd = pytest.importorskip("pwd")

    def unknown(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME")
    result = run("search", "--local", repository.path, QUESTION)
    assert result.exit_code == 0, result.stderr
    assert "Retry failed requests" in result.stdout
    assert result.stderr.startswith("Using a temporary index: There is no cache directory")
    assert not Path("~").exists()


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(run, repository, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    result = run("search", "--local", repository.path, QUESTION)
    assert result.exit_code == 0
    assert result.stderr.startswith("Using a temporary index: ")


def test_a_full_cache_is_no_reason_to_fail(run, repository, monkeypatch):
    """Raise SQLite's error of a full disk at the first write to the index that is kept."""
    real = Emulator.refresh

    def refresh(emulator):
        if "lightfast-emulator-" not in repr(emulator):  # how a temporary one's directory begins
            raise EmulatorError("Cannot use the database: database or disk is full")
        return real(emulator)

    monkeypatch.setattr(Emulator, "refresh", refresh)
    result = run("search", "--local", repository.path, QUESTION)
    assert result.exit_code == 0
    assert "Using a temporary index: Cannot use the database: database or disk" in result.stderr


def test_a_deleted_working_directory_is_said_where_it_matters(repository, tmp_path):
    gone = tmp_path / "gone"
    script = f"mkdir {gone} && cd {gone} && rmdir {gone} && exec {sys.executable} -m lightfast search login --local "
    for path, code in ((".", 9), (f"'{repository.path}'", 0)):
        done = subprocess.run(
            ["sh", "-c", script + path], capture_output=True, text=True, timeout=180, check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_standard_stream_is_no_reason_to_fail(repository, closed):
    command = (
        f"exec {sys.executable} -m lightfast search login --local '{repository.path}' {closed}"
    )
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=180, check=False
    )
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr


def test_a_full_disk_behind_stdout_is_one_line(repository):
    if not Path("/dev/full").exists():
        pytest.skip("THE FULL DISK IS NOT TESTED: no /dev/full")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "search", "login", "--json", "--local", str(repository.path)],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=180, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Exception ignored" not in done.stderr
