from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import lightfast
from lightfast._install import install_command
from lightfast.cli.exit_codes import EXITS
from tests.cli.conftest import process
from tests.public_api.surface import commands
from tests.test_laws import loaded_by
from tests.waiting import PATIENCE

BLOCKED = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {names!r}:
            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)
sys.meta_path.insert(0, Blocker())
sys.argv = ['lightfast', *{arguments!r}]
from lightfast.cli import main
main()
"""


def without(
    *names: str, arguments: tuple[str, ...] = ("--version",)
) -> subprocess.CompletedProcess[str]:
    code = BLOCKED.format(names=set(names), arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=PATIENCE
    )


@pytest.mark.parametrize("name", ["click", "rich", "dotenv", "platformdirs"])
def test_without_the_extra_it_says_what_to_install(name):
    done = without(name)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"lightfast: the command line needs {name}; run: {install_command('cli')}\n"
    )


def test_without_the_emulator_s_extra_it_says_what_to_install(tmp_path):
    done = without("snowballstemmer", arguments=("search", "--local", str(tmp_path), "x"))
    assert done.returncode == 1
    assert install_command("cli", "emulator") in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_version_and_the_api_s_revision_are_told():
    done = process("--version")
    assert done.stdout == (
        f"lightfast {lightfast.__version__} (API revision {lightfast.API_REVISION})\n"
    )


def test_the_help_lists_every_exit_code(run):
    told = run("--help").stdout
    for exit_ in EXITS:
        assert f"{exit_.code:>3}  {exit_.meaning}" in told


COMMANDS = sorted({line.partition(" -")[0].removeprefix("lightfast") for line in commands().splitlines() if re.match("[a-z -]+$", line) and "exit code" not in line})  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_in_80_columns_and_one_form(run, command):
    result = run(*command.split(), "-h", COLUMNS="80")
    assert result.exit_code == 0
    assert all(len(line) <= 80 for line in result.stdout.splitlines())
    assert "\\" not in result.stdout
    assert "\nUSAGE\n" in result.stdout
    assert "\nEXAMPLES\n" in result.stdout or "\nCOMMANDS\n" in result.stdout


@pytest.mark.parametrize(
    ("command", "usage"),
    [
        ("", "lightfast <command> [flags]"),
        ("search", "lightfast search QUERY... [flags]"),
        ("emulator keys", "lightfast emulator keys <command> [flags]"),
        ("mcp", "lightfast mcp [flags] [<command>]"),
        ("emulator exec", "lightfast emulator exec [flags] COMMAND..."),
    ],
)
def test_the_usage_reads_like_that_of_gh(command, usage):
    assert f"USAGE\n  {usage}\n" in process(*command.split(), "--help").stdout


def test_the_help_writes_defaults_in_words_and_no_ranges(run):
    told = run("batch", "-h").stdout
    assert "Searches at once, 1 to 1000. (default 8)\n" in told
    assert "The file to write.\n" in told
    assert "[" not in told.partition("FLAGS")[2]


@pytest.mark.parametrize(
    ("arguments", "question"),
    [
        (["serach", "bug"], "No such command 'serach'. Did you mean 'search'?"),
        (["emulator", "sreve"], "No such command 'sreve'. Did you mean 'serve'?"),
        (["search", "bug", "--format", "Jsn"], "Did you mean 'json' or 'jsonl'?"),
        (["search", "bug", "--mode", "thorogh"], "Did you mean 'thorough'?"),
        (["search", "bug", "--fields", "titel"], "Did you mean 'title' or"),
        (["search", "bug", "--limt", "3"], "--limit"),
        (["mcp", "config", "curser"], "Did you mean 'cursor'?"),
    ],
)
def test_what_was_mistyped_is_answered_with_what_was_meant(run, arguments, question):
    result = run(*arguments)
    assert result.exit_code == 2
    assert question in result.stderr


@pytest.mark.parametrize(
    "arguments", [["qqqq"], ["", "bug"], ["search", "bug", "--format", "x" * 100_000]]
)
def test_what_is_like_nothing_is_answered_without_a_question(run, arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Did you mean" not in result.stderr


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="THE FULL DISK IS NOT TESTED: no /dev/full"
)
@pytest.mark.parametrize("arguments", ["--help", "--version", "search --help"])
def test_help_that_cannot_be_written_ends_like_any_output(arguments):
    command = f"{sys.executable} -m lightfast {arguments}"
    for sink, code, said in (("> /dev/full", 1, "No space left"), ("| :; exit ${PIPESTATUS[0]}", 141, "")):  # fmt: skip
        done = subprocess.run(
            ["bash", "-c", f"{command} {sink}"], capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_the_entry_point_loads_nothing_of_the_extra():
    assert not loaded_by("import lightfast.cli") & {"click", "rich", "dotenv", "platformdirs"}


def test_help_loads_neither_http_nor_the_database_nor_rich():
    modules = loaded_by(
        "import contextlib, io\n"
        "from lightfast.cli.app import app\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    app(['search', '--help'], standalone_mode=False)"
    )
    assert not modules & {"aiohttp", "sqlite3", "rich", "dotenv", "lightfast.emulator"}
