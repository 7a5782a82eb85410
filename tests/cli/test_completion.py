from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import process
from tests.waiting import PATIENCE

SCRIPTS = os.fspath(Path(sys.executable).parent)
ENVIRONMENT = os.environ | {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
COMPLETED = [
    ("lightfast sea", {"search"}),
    ("lightfast emulator ke", {"keys"}),
    ("lightfast search --loc", {"--local"}),
    ("lightfast search --format c", {"csv"}),
]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script(run, shell):
    result = run("completion", shell)
    assert result.exit_code == 0
    assert f"_LIGHTFAST_COMPLETE={shell}_complete" in result.stdout


def test_another_shell_is_refused(run):
    assert run("completion", "csh").exit_code == 2


@pytest.mark.parametrize(("typed", "wanted"), COMPLETED)
def test_bash_completes_commands_options_and_values(typed, wanted):
    if shutil.which("bash") is None:
        pytest.skip("BASH IS NOT TESTED: not installed")
    script = process("completion", "bash").stdout.replace("$1", "lightfast")
    words = typed.split()
    quoted = " ".join(f"'{word}'" for word in words)
    asked = f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _lightfast_completion lightfast"
    done = subprocess.run(
        ["bash", "-c", f'{script}\n{asked}\nprintf "%s\\n" "${{COMPREPLY[@]}}"'],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert set(done.stdout.split()) == wanted, done.stderr


@pytest.mark.parametrize(("typed", "wanted"), COMPLETED)
def test_fish_completes_commands_options_and_values(typed, wanted):
    if shutil.which("fish") is None:
        pytest.skip("FISH IS NOT TESTED: not installed")
    done = subprocess.run(
        ["fish", "-c", f"lightfast completion fish | source; complete -C '{typed}'"],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert {line.partition("\t")[0] for line in done.stdout.splitlines()} == wanted, done.stderr


@pytest.mark.parametrize(("typed", "wanted"), COMPLETED)
def test_zsh_completes_commands_options_and_values(typed, wanted):
    """On a terminal, after a press of the Tab key."""
    if shutil.which("zsh") is None:
        pytest.skip("ZSH IS NOT TESTED: not installed")
    ours, theirs = os.openpty()
    shell = subprocess.Popen(
        ["zsh", "-f", "-i"], stdin=theirs, stdout=theirs, stderr=theirs,
        env=ENVIRONMENT | {"TERM": "dumb"}, start_new_session=True,
    )  # fmt: skip
    try:
        setup = 'autoload -Uz compinit; compinit -u -D; eval "$(lightfast completion zsh)"'
        os.write(ours, f"{setup}; print rea''dy\n".encode())
        _read_until(ours, "\nready")
        (word,) = wanted
        os.write(ours, f"{typed}\t".encode())
        _read_until(ours, f"{typed.rpartition(' ')[0]} {word}")
    finally:
        shell.kill()
        shell.wait()
        os.close(ours)
        os.close(theirs)


def _read_until(terminal: int, wanted: str) -> None:
    shown, deadline = "", time.monotonic() + PATIENCE
    while wanted not in shown:
        if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
            pytest.fail(f"{wanted!r} is not shown: {shown!r}")
        shown = (shown + os.read(terminal, 4096).decode()).replace("\r\n", "\n")
