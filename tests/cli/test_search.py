from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from lightfast.cli import tables
from tests.cli.conftest import COMMAND, Run, process
from tests.conftest import KEY
from tests.servers import Answer, Server, answer, contract, delayed, error, page
from tests.waiting import PATIENCE


@pytest.fixture
def ask(run: Run, serve: Callable[..., Server]) -> Callable[..., Any]:
    """Search for "login bug" at a scripted server: `ask(*script)(*options)`."""

    def ask(*script: Answer) -> Any:
        server = serve(*script)

        def search(*options: str, **environment: str) -> Result:
            environment = {
                "LIGHTFAST_API_KEY": KEY,
                "LIGHTFAST_BASE_URL": server.base_url,
                **environment,
            }
            result = run("search", "login bug", *options, **environment)
            assert KEY not in result.output + result.stderr
            return result

        search.server = server
        return search

    return ask


# --- what is asked ----------------------------------------------------------------------------


def test_a_bare_search_sends_what_the_sdk_sends(ask):
    search = ask()
    assert search().exit_code == 0
    assert search.server.requests[0][1] == {
        "query": "login bug",
        "limit": 10,
        "offset": 0,
        "mode": "balanced",
    }


def test_every_option_reaches_the_request_under_its_wire_name(ask):
    search = ask()
    options = (
        "--limit 20 --offset 40 --mode thorough --source github --source linear --type issue"
        " --actor @ada --since 2026-01-01 --until 2026-04-03"
    )
    assert search(*options.split()).exit_code == 0
    assert search.server.requests[0][1] == {
        "query": "login bug",
        "limit": 20,
        "offset": 40,
        "mode": "thorough",
        "filters": {
            "sourceTypes": ["github", "linear"],
            "sources": ["github", "linear"],
            "observationTypes": ["issue"],
            "entityTypes": ["issue"],
            "actorNames": ["@ada"],
            "dateRange": {"start": "2026-01-01T00:00:00Z", "end": "2026-04-03T23:59:59.999999Z"},
        },
        "sources": ["github", "linear"],
        "types": ["issue"],
        "after": "2026-01-01T00:00:00Z",
        "before": "2026-04-03T23:59:59.999999Z",
    }


def test_words_are_joined_to_one_query(run, serve):
    server = serve()
    settings = {"LIGHTFAST_API_KEY": KEY, "LIGHTFAST_BASE_URL": server.base_url}
    assert run("search", "login", "bug", "--limit", "3", "today", **settings).exit_code == 0
    assert server.requests[0][1]["query"] == "login bug today"


def test_settings_may_stand_in_env_local(run, server, tmp_path):
    (tmp_path / "here" / ".env.local").write_text(
        f"LIGHTFAST_API_KEY={KEY}\nLIGHTFAST_BASE_URL={server.base_url}\n"
    )
    assert run("search", "x").exit_code == 0
    assert server.requests[0][0]["Authorization"] == f"Bearer {KEY}"


def test_the_environment_s_key_goes_to_an_address_from_a_file_only_if_that_is_allowed(
    run, tmp_path
):
    """The address is refused before anything is sent, and tried with the option."""
    (tmp_path / "here" / ".env").write_text("LIGHTFAST_BASE_URL=https://collector.invalid/api\n")
    refused = run("search", "x", LIGHTFAST_API_KEY=KEY)
    assert refused.exit_code == 2
    assert "--allow-env-file-address" in refused.stderr
    tried = run("search", "x", "--allow-env-file-address", "--timeout=1", LIGHTFAST_API_KEY=KEY)
    assert tried.exit_code == 7
    assert "collector.invalid" in tried.stderr


def test_plain_http_to_another_machine_needs_the_option(run):
    address = {"LIGHTFAST_API_KEY": KEY, "LIGHTFAST_BASE_URL": "http://emulator.invalid/api/v1"}
    assert run("search", "x", **address).exit_code == 2
    tried = run("search", "x", "--allow-insecure-http", "--timeout=1", **address)
    assert tried.exit_code == 7


def test_timeout_is_the_whole_call(ask):
    result = ask(delayed(5, answer({})))("--timeout", "0.2")
    assert result.exit_code == 7
    assert "0.2 s of `timeout`" in result.stderr


# --- what is printed --------------------------------------------------------------------------


def test_json_is_the_api_s_own_document(ask):
    api = contract("response_documented.json")
    result = ask()("--json")
    assert json.loads(result.stdout) == api
    assert result.stderr == ""


def test_all_as_json_is_one_result_per_line_over_all_pages(ask):
    search = ask(page("a", "b", total=3), page("c", total=3, offset=2))
    result = search("--all", "--limit", "2", "--json")
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["a", "b", "c"]
    assert [body["offset"] for _, body in search.server.requests] == [0, 2]


def test_max_results_asks_for_no_more_pages_than_it_takes(ask):
    search = ask(page("a", "b", total=9), page("c", "d", total=9, offset=2))
    result = search("--max-results", "3", "--limit", "2")
    assert result.stderr == "3 results\n"
    assert len(search.server.requests) == 2


def test_what_was_found_is_shown_even_if_a_later_page_fails(ask):
    result = ask(page("a", total=2), error(400, "VALIDATION_ERROR"))("--all", "--limit", "1")
    assert result.exit_code == 4
    assert len(result.stdout.splitlines()) >= 2


def test_the_note_says_how_to_go_on(ask):
    result = ask(page("a", "b", total=9, offset=2, took=12.3))("--offset", "2")
    assert result.stderr == "3-4 of 9 results, 12 ms, more with --offset 4\n"


def test_quiet_leaves_the_results_alone(ask):
    assert ask()("--quiet").stderr == ""


def test_nothing_found_is_no_failure(ask):
    result = ask(page())()
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("Nothing found")


def test_verbose_tells_of_retries_and_of_no_secret(ask):
    result = ask(error(503, "X"), page("a"))("--verbose")
    assert result.exit_code == 0
    assert "503" in result.stderr


def test_retries_are_not_told_without_it(ask):
    result = ask(error(503, "X"), page("a"))()
    assert "503" not in result.stderr


# --- how it ends ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "code", "said"),
    [
        (error(400, "VALIDATION_ERROR"), 4, "400 VALIDATION_ERROR"),
        (error(401, "UNAUTHORIZED"), 3, "Check LIGHTFAST_API_KEY"),
        (error(403, "FORBIDDEN"), 3, "403 FORBIDDEN"),
        (error(404, "NOT_FOUND"), 4, "404 NOT_FOUND"),
        (error(418, "TEAPOT"), 4, "418"),
        (error(429, "RATE_LIMITED", Retry_After="3600"), 5, "Try again in 3600 s."),
        (error(500, "CONFIG_ERROR"), 6, "500 CONFIG_ERROR"),
        (error(503, "X"), 6, "503"),
        (answer("<html>hello"), 8, ""),
    ],
)
def test_each_kind_of_error_has_its_code_and_one_line(ask, reply, code, said):
    result = ask(reply)()
    assert result.exit_code == code
    assert result.stdout == ""
    assert re.fullmatch(r"lightfast: .+\n", result.stderr)
    assert said in result.stderr


def test_the_line_holds_the_request_id_and_nothing_that_a_terminal_obeys(ask):
    reply = answer({"error": "X", "message": "a\x1b[2Jb\nc", "requestId": "req_7"}, status=400)
    result = ask(reply)()
    assert "req_7" in result.stderr
    assert "\x1b" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_refused_connection_is_a_network_error(run):
    result = run("search", "x", LIGHTFAST_API_KEY=KEY, LIGHTFAST_BASE_URL="http://127.0.0.1:9")
    assert result.exit_code == 7
    assert "127.0.0.1:9" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--limit", "0"],
        ["--limit", "101"],
        ["--mode", "psychic"],
        ["--since", "yesterday"],
        ["--since", "1d", "--until", "2d"],
        ["--local", ".", "--base-url", "https://lightfast.ai/api/v1"],
        ["--timeout", "-1"],
        ["--max-results", "0"],
        ["--api-key", KEY],
    ],
)
def test_bad_arguments_are_2_and_nothing_is_sent(ask, options):
    search = ask()
    assert search(*options).exit_code == 2
    assert search.server.requests == []


def test_a_bad_key_is_2_and_not_repeated(run):
    result = run("search", "x", LIGHTFAST_API_KEY="pk-secret-0123")
    assert result.exit_code == 2
    assert "secret" not in result.output


def test_a_bug_is_1_and_verbose_shows_where(ask, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("the impossible")

    monkeypatch.setattr(tables, "print_results", broken)
    result = ask()()
    assert result.exit_code == 1
    assert result.stderr.startswith("lightfast: unexpected RuntimeError: the impossible")
    assert "Traceback" not in result.stderr
    verbose = ask()("--verbose")
    assert "Traceback" in verbose.stderr
    assert verbose.stderr.endswith("lightfast: unexpected RuntimeError: the impossible\n")


# --- in a process of its own ------------------------------------------------------------------


def environment(server: Server) -> dict[str, str]:
    return {"LIGHTFAST_API_KEY": KEY, "LIGHTFAST_BASE_URL": server.base_url}


def start(server: Server, *options: str, **streams: Any) -> subprocess.Popen[Any]:
    command = [*COMMAND, "search", "x", *options]
    return subprocess.Popen(
        command, env=os.environ | environment(server), stderr=subprocess.PIPE, **streams
    )


def test_ctrl_c_is_130_and_silent(serve):
    server = serve(delayed(30, page()))
    child = start(server)
    while not server.requests:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=PATIENCE)
    assert (child.returncode, said) == (130, b"")


@pytest.mark.parametrize("options", [["--json"], []])
def test_a_reader_that_goes_away_ends_it_silently(serve, options):
    pages = [page(*(f"{n}-{i}" for i in range(100)), total=1000, offset=n * 100) for n in range(10)]
    child = start(serve(*pages), "--all", *options, stdout=subprocess.PIPE)
    child.stdout.readline()
    child.stdout.close()
    said = child.stderr.read()
    child.stderr.close()
    assert (child.wait(PATIENCE), said) == (141, b"")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_standard_stream_is_no_reason_to_fail(server, closed):
    command = f"exec {sys.executable} -m lightfast search x {closed}"
    done = subprocess.run(
        ["sh", "-c", command], env=os.environ | environment(server), timeout=PATIENCE, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert len(server.requests) == 1


def test_a_reader_of_errors_that_goes_away_is_no_traceback(server):
    command = f"{sys.executable} -m lightfast search x --verbose 2>&1 >&- | true; echo ended"
    done = subprocess.run(
        ["sh", "-c", command], env=os.environ | environment(server), timeout=PATIENCE, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("ended\n", "")


def test_an_odd_terminal_is_no_reason_to_fail(serve):
    document = contract("response_minimal.json")
    item = contract("response_nulls.json")["data"][0] | {"title": "日本語 … naïve ✓"}
    document["data"] = [item]
    server = serve(answer(document))
    for form in ("table", "csv", "markdown"):
        plain = process(
            "search", "x", "--format", form, PYTHONIOENCODING="cp855", **environment(server)
        )
        assert (plain.returncode, "??? ? na?ve ?" in plain.stdout) == (0, True), form
    as_json = process("search", "x", "--json", PYTHONIOENCODING="ascii", **environment(server))
    assert json.loads(as_json.stdout)["data"][0]["title"] == item["title"]


def on_terminal(server: Server, **more: str) -> str:
    """Return what `search` writes to a terminal of 80 columns."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    env = os.environ | environment(server) | {"TERM": "xterm-256color", "COLUMNS": "80", **more}
    child = subprocess.Popen([*COMMAND, "search", "x"], env=env, stdout=theirs, stderr=-3)
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    assert child.wait(PATIENCE) == 0
    return written.decode()


def test_a_terminal_gets_links_and_lines_that_fit(server):
    url = contract("response_documented.json")["data"][0]["url"]
    written = on_terminal(server)
    assert f";{url}\x1b\\" in written  # OSC 8
    seen = re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", written)
    assert "\x1b" not in seen
    assert all(len(line) <= 80 for line in seen.splitlines())


def test_a_terminal_with_links_gets_a_commit_s_hash_and_one_without_the_whole_url(serve):
    url = "https://github.com/acme/api/commit/" + "0123456789" * 4
    document = contract("response_documented.json")
    commit = {"id": "commit_" + "0123456789" * 4, "type": "commit", "url": url, "title": "T"}
    document["data"] = [document["data"][0] | commit]
    written = on_terminal(serve(answer(document)))
    assert f";{url}\x1b\\" in written
    seen = re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", written).splitlines()
    assert "0123456789" in seen
    assert url not in seen
    plain = on_terminal(serve(answer(document)), NO_COLOR="1").splitlines()
    assert "0123456789" in plain
    assert url in plain


def test_no_color_is_obeyed_on_a_terminal(server):
    assert "\x1b" not in on_terminal(server, NO_COLOR="1")
