"""``lightfast emulator exec``: a command with an emulator to itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lightfast.cli import exec as cli_exec
from tests.waiting import PATIENCE

from .conftest import COMMAND, process

if TYPE_CHECKING:
    from pathlib import Path

LINES = '{"title": "Login fails behind a proxy", "source": "linear", "type": "issue"}\n'

# What a test suite in another language does: seed, search, script a fault, see it, look at what was sent.
SCRIPT = """
import assert from "node:assert/strict";
const { LIGHTFAST_API_KEY: key, LIGHTFAST_BASE_URL: api, LIGHTFAST_EMULATOR_URL: emulator, LIGHTFAST_EMULATOR_TOKEN: token } = process.env;
const control = async (method, path, body) => {
  const answer = await fetch(emulator + path, { method, body: body && JSON.stringify(body), headers: { Authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
};
const search = (query) => fetch(`${api}/search`, {
  method: "POST",
  headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
  body: JSON.stringify({ query }),
});
assert.equal((await control("GET", "/health")).status, "ok");
await control("POST", "/observations", { observations: [{ title: "Zebra crossing", type: "issue" }] });
const { data } = await (await search("zebra")).json();
assert.deepEqual(data.map((result) => result.title), ["Zebra crossing"]);
await control("POST", "/faults", { faults: [{ name: "rate_limited", retryAfter: 3 }] });
const limited = await search("zebra");
assert.equal(limited.status, 429);
assert.equal(limited.headers.get("Retry-After"), "3");
const { requests } = await control("GET", "/requests");
assert.deepEqual(requests.map((request) => request.status), [200, 429]);
assert.equal(requests[1].json.query, "zebra");
await control("PUT", "/revision", { apiRevision: "2026-04-04" });
assert.ok((await (await search("zebra")).json()).results);
await control("POST", "/reset");
assert.deepEqual((await (await search("zebra")).json()).data, []);
console.log("done");
"""


@pytest.mark.skipif(
    shutil.which("node") is None, reason="NO NODE: the control endpoints were not used from Node"
)
def test_a_test_suite_in_node_steers_it_with_plain_fetch(tmp_path: Path) -> None:
    """Seeds, searches, scripts a fault, reads what was sent, switches the revision, resets."""
    script = tmp_path / "suite.mjs"
    script.write_text(SCRIPT)
    done = process("emulator", "exec", "--", "node", script)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_the_command_finds_what_was_given(tmp_path: Path) -> None:
    """With the SDK, by its environment alone; the key and the address are the emulator's."""
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(LINES)
    code = "import lightfast; print(*(r.title for r in lightfast.Lightfast().search('login')))"
    done = process(
        *("emulator", "exec", "--path", corpus, "--", sys.executable, "-c", code),
        LIGHTFAST_BASE_URL="http://127.0.0.1:9/api/v1",
    )
    assert (done.returncode, done.stdout.strip()) == (0, "Login fails behind a proxy")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -9 $$"], 128 + 9),
        (["lightfast-no-such-command"], 127),
        (["/"], 126),
        (["sh", "-c", "exit $#", "sh", "--verbose", "-q"], 2),
    ],
)
def test_the_exit_code_is_the_commands(command: list[str], code: int) -> None:
    """As a shell has it: also for a signal, and for what cannot be run."""
    assert process("emulator", "exec", "--", *command).returncode == code
    if command[0] == "sh":
        assert process("emulator", "exec", *command).returncode == code


def test_sigterm_reaches_the_command(tmp_path: Path) -> None:
    """It decides what to do; the emulator ends with it."""
    script = "trap 'echo cleaned; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(
        [*COMMAND, "emulator", "exec", "--", "sh", "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(signal.SIGTERM)
        assert running.stdout.readline() == "cleaned\n"
        assert running.wait(PATIENCE) == 5


EARLY = """
import os, signal, subprocess, sys
from lightfast.cli import main
real = subprocess.Popen

def start(*arguments, **options):
    process = real(*arguments, **options, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\\n"
    os.kill(os.getpid(), signal.SIGTERM)
    return process

subprocess.Popen = start
main()
"""


def test_sigterm_while_the_command_starts_reaches_it_too() -> None:
    """The command is never left alone, whenever the signal comes."""
    script = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    command = [sys.executable, "-c", EARLY, "emulator", "exec", "--", "sh", "-c", script]
    assert subprocess.run(command, check=False, timeout=PATIENCE).returncode == 5


def test_what_cannot_be_run_has_the_exit_codes_of_a_shell(run, tmp_path):
    missing = run("emulator", "exec", "--", "no-such-command")
    assert (missing.exit_code, missing.stderr) == (127, "no-such-command: command not found\n")
    file = tmp_path / "file"
    file.write_text("")
    assert run("emulator", "exec", "--", file).exit_code == 126


def test_windows_gets_the_path_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """``npm`` is ``npm.cmd`` there, which is found on PATH but not started by that name."""
    command = ("sh", "-c", "exit 0")
    assert cli_exec._found(command) == command
    monkeypatch.setattr(cli_exec, "_IS_WINDOWS", True)
    assert cli_exec._found(command) == (shutil.which("sh"), "-c", "exit 0")
    assert cli_exec._found(("no-such-command",)) == ("no-such-command",)
