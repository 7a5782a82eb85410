from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import process

SCRIPTS = os.fspath(Path(sys.executable).parent)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script(run, shell):
    result = run("completion", shell)
    assert result.exit_code == 0
    assert f"_LIGHTFAST_COMPLETE={shell}_complete" in result.stdout


def test_another_shell_is_refused(run):
    assert run("completion", "csh").exit_code == 2


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("lightfast sea", {"search"}),
        ("lightfast emulator ke", {"keys"}),
        ("lightfast search --loc", {"--local"}),
        ("lightfast search --format c", {"csv"}),
    ],
)
def test_bash_completes_commands_options_and_values(typed, wanted):
    if shutil.which("bash") is None:
        pytest.skip("BASH IS NOT TESTED: not installed")
    script = process("completion", "bash").stdout.replace("$1", "lightfast")
    words = typed.split()
    quoted = " ".join(f"'{word}'" for word in words)
    asked = f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _lightfast_completion lightfast"
    done = subprocess.run(
        ["bash", "-c", f'{script}\n{asked}\nprintf "%s\\n" "${{COMPREPLY[@]}}"'],
        env=os.environ | {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert set(done.stdout.split()) == wanted, done.stderr
