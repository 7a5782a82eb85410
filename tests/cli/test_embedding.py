from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lightfast.cli import embedding
from lightfast.emulator import Embedder, EmulatorError
from lightfast.emulator.embedding import select
from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).parents[2]
EXTRA = '[semantic]" adds meaning'
PREPARED = """
import sys
from lightfast.cli import embedding, main, progress
{}
sys.argv[0] = "lightfast"
main()
"""
SLOW = "from tests.emulator.embedders import Synonyms\nembedding.installed_embedder = lambda: Synonyms(delay={})"
STUCK = "from tests.emulator.embedders import Stuck\nembedding.installed_embedder = Stuck"
TALKATIVE = "progress.EVERY = 0"
WITHOUT_EXTRA = "sys.modules['tokenizers'] = None"
with_model = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in select._NEEDED),
    reason="THE MODEL IS NOT TESTED: pip install '.[semantic]'",
)


@contextlib.contextmanager
def lightfast(
    *arguments: str | Path, preparation: Iterable[str], **streams: Any
) -> Iterator[subprocess.Popen[str]]:
    """Run a command in a process of its own, in which something was prepared before."""
    code = PREPARED.format("\n".join(preparation))
    command = [sys.executable, "-c", code, "emulator", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm"}
    environment.pop("LIGHTFAST_EMBEDDER")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    child = subprocess.Popen(command, env=environment, encoding="utf-8", **pipes)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def stopped(child: subprocess.Popen[str]) -> tuple[str, str]:
    """Interrupt a server and return what it printed on stdout and on stderr."""
    child.send_signal(signal.SIGINT)
    told = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0
    return told


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> Embedder:
    """Install a small embedder and return it."""
    pytest.importorskip("numpy")
    from tests.emulator.embedders import Synonyms

    embedder = Synonyms()
    monkeypatch.setattr(embedding, "installed_embedder", lambda: embedder)
    return embedder


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(f'{{"title": "login {n}"}}\n' for n in range(120)))
    return path


# --- index ----------------------------------------------------------------------------------


def test_index_embeds_and_counts_what_can_be_searched_by_meaning(run, embedder, lines):
    """The summary tells how many; the next time there is nothing left to do."""
    for _ in range(2):
        done = run("emulator", "index", lines)
        assert "120 in all, 120 searchable by meaning, kept in" in done.stderr
        assert len(embedder.texts) == 120


def test_index_can_be_told_to_leave_meaning_for_later(run, embedder, lines):
    """With --no-embed nothing is embedded and nothing said of it."""
    done = run("emulator", "index", "--no-embed", lines)
    assert done.stderr.startswith("120 indexed now, 120 in all, kept in")
    assert embedder.texts == []
    assert "120 searchable" in run("emulator", "index", lines).stderr


def test_an_interrupted_index_goes_on_from_there(run, embedder, lines):
    """Ctrl-C keeps what is embedded, says how much that is, and exits as everywhere."""
    with lightfast("index", lines, preparation=(STUCK, TALKATIVE)) as child:
        while not child.stderr.readline().startswith("32 of 120"):
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        _, told = child.communicate(timeout=PATIENCE)
        assert child.returncode == 130
    *_, last = told.splitlines()
    assert last == (
        "Interrupted: 32 of 120 documents can be searched by meaning;"
        " the same command continues from there."
    )
    assert "120 searchable" in run("emulator", "index", lines).stderr
    assert len(embedder.texts) == 120 - 32


def test_a_model_that_cannot_be_used_fails_the_index(run, embedder, lines, monkeypatch):
    """The words stay indexed; the error says what to do."""

    def fail(texts):
        raise EmulatorError("reinstall the model")

    monkeypatch.setattr(embedder, "embed", fail)
    done = run("emulator", "index", lines)
    assert (done.exit_code, done.stderr) == (9, "lightfast: reinstall the model\n")
    assert run("emulator", "index", "--no-embed", lines).stderr.startswith("0 indexed now, 120")


@with_model
def test_index_embeds_with_the_installed_model(run, repository):
    """The extra's embedder is used without being asked for."""
    done = run("emulator", "index", repository.path, LIGHTFAST_EMBEDDER="")
    assert "3 searchable by meaning" in done.stderr


# --- search --local -------------------------------------------------------------------------


def test_a_search_says_how_many_documents_it_compared_by_meaning(run, embedder, lines, monkeypatch):
    """As long as not all can be; and how to complete it."""
    monkeypatch.setattr("lightfast.cli.local.EMBEDDING_TIME", 0.0)
    told = run("search", "login", "--local", lines)
    assert told.exit_code == 0, told.stderr
    assert re.search(
        r"\d+ of 120 documents can be searched by meaning; `lightfast emulator index \S+` does",
        told.stderr,
    )
    run("emulator", "index", lines)
    assert "searched by meaning" not in run("search", "login", "--local", lines).stderr


# --- serve ----------------------------------------------------------------------------------


def test_serve_says_now_and_then_how_far_embedding_is(embedder, lines):
    """Without a terminal: lines on stderr, the last one when everything is done."""
    preparation = (SLOW.format(0.005), TALKATIVE)
    with lightfast("serve", lines, "--port", "0", preparation=preparation) as child:
        told = []
        while not told or told[-1] != "120":
            line = child.stderr.readline()
            told += re.findall(r"^(\d+) of 120 documents can be searched by meaning\.$", line)
        assert len(told) > 1
        out, rest = stopped(child)
    assert out.startswith("Serving 120 documents.")
    assert "searched" not in out
    assert rest.splitlines()[-1] == "Stopped."


def test_serve_stops_at_once_while_it_embeds(embedder, lines):
    """Ctrl-C in the middle of it ends as it always does."""
    preparation = (SLOW.format(0.02), TALKATIVE)
    with lightfast("serve", lines, "--port", "0", preparation=preparation) as child:
        while "searched by meaning" not in child.stderr.readline():
            assert child.poll() is None
        _, told = stopped(child)
    assert told.splitlines()[-1] == "Stopped."
    assert "Traceback" not in told


def test_serve_quietly_says_nothing_of_it(embedder, lines):
    """With --quiet stderr stays empty."""
    preparation = (SLOW.format(0.001), TALKATIVE)
    with lightfast("serve", lines, "--quiet", "--port", "0", preparation=preparation) as child:
        while "python -c" not in child.stdout.readline():
            pass
        time.sleep(1)
        assert stopped(child)[1] == ""


def test_a_terminal_sees_a_bar_that_vanishes(embedder, lines):
    """It is drawn on stderr, and leaves stdout alone."""
    ours, theirs = pytest.importorskip("pty").openpty()
    shown = bytearray()
    preparation = (SLOW.format(0.02), "progress.PATIENCE = 0")
    with lightfast("serve", lines, "--port", "0", preparation=preparation, stderr=theirs) as child:
        os.close(theirs)
        reader = threading.Thread(target=read_all, args=(ours, shown))
        reader.start()
        wait_until(lambda: b"120 of 120" in shown)
        out, _ = stopped(child)
        reader.join()
    os.close(ours)
    bar, erased, rest = shown.decode().rpartition("\x1b[2K")
    assert "Embedding" in bar
    assert erased
    assert rest.split("\r\n") == [
        "120 of 120 documents can be searched by meaning.",
        "Stopped.",
        "",
    ]
    assert "Embedding" not in out
    assert "\x1b" not in out


def read_all(descriptor: int, into: bytearray) -> None:
    with contextlib.suppress(OSError):  # EIO: the other end is closed
        while chunk := os.read(descriptor, 4096):
            into += chunk


# --- without the extra ----------------------------------------------------------------------


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a package of the extra were not installed."""
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    monkeypatch.delenv("LIGHTFAST_EMBEDDER")


@pytest.mark.parametrize("command", [["search", "x", "--local"], ["emulator", "index"]])
def test_words_alone_are_said_once_a_day_and_how_to_get_the_rest(
    run, without_extra, lines, command, cache
):
    """One line on stderr, also with --verbose; none with --quiet, and none until tomorrow."""
    assert run(*command, lines, "--quiet").stderr == ""
    for options in ([], ["--verbose"]):
        told = run(*command, lines, *options).stderr
        assert len([line for line in told.splitlines() if EXTRA in line]) == 1
        assert EXTRA not in run(*command, lines, *options).stderr
        (cache / "by-words-alone.noted").unlink()


def test_who_chose_words_alone_hears_nothing(run, without_extra, lines):
    """LIGHTFAST_EMBEDDER=none is a choice, --no-embed is one; keys have nothing to do with it."""
    assert EXTRA not in run("emulator", "index", lines, "--no-embed").stderr
    assert EXTRA not in run("emulator", "index", lines, LIGHTFAST_EMBEDDER="none").stderr
    assert EXTRA not in run("emulator", "keys", "create").stderr


def test_serve_says_how_to_get_the_rest(lines):
    """Before it serves, on stderr."""
    with lightfast("serve", lines, "--port", "0", preparation=(WITHOUT_EXTRA,)) as child:
        assert EXTRA in child.stderr.readline()
        while "python -c" not in child.stdout.readline():
            pass
        assert stopped(child)[1].splitlines()[-1] == "Stopped."
