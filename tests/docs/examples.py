"""Code blocks of the documentation as tests.

- ``python`` blocks run, in one namespace for each document; ``await`` may stand at their top.
- ``output`` blocks hold what the block before must have printed.
- ``console`` blocks hold commands, ``$ lightfast …``, and below each what it must print; one that
  shows no output at all must only succeed. Installing is left out: what is needed is there.
- Each line of a ``bash``, ``sh`` or ``shell`` block runs, too. ``json`` and ``toml`` must be that.
- ``<!-- varies: … -->`` before an output or console block: it must run, but what it prints is not
  compared, for the reason given.
- ``<!-- skip: next "…" -->``: the next block does not run, for the reason given.
- ``<!-- invisible-code-block: python … -->`` runs, and readers do not see it.

Run with ``LIGHTFAST_DOCS_UPDATE=1`` to write what was really printed into the documents.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import inspect
import io
import json
import os
import re
import signal
import subprocess
import time
import tomllib
import unittest
from collections import defaultdict
from pathlib import Path

from sybil import Document, Example
from sybil.parsers.markdown import CodeBlockParser, SkipParser

from tests import ROOT
from tests.waiting import PATIENCE

UPDATE = bool(os.environ.get("LIGHTFAST_DOCS_UPDATE"))

SHELLS = ("bash", "sh", "shell")

_VARIES = re.compile(r"<!-- varies: (?P<reason>[^>]+) -->\s*\Z")
# Nothing that installs, fetches or removes: such a block says why it is skipped.
_MAY_RUN = re.compile(r"(\w+=\S+ +)*(lightfast|echo|export|python -c|curl) ")
_INSTALLS = re.compile(r"python3? -m (pip install|venv) [^&]+(&& nox)?")
_INSTALLING = re.compile(r"python3? -m pip install [^&]+ && (?!nox)")
_SAY_WHY = 'tests run no such command; put <!-- skip: next "why" --> before the block'
_EXPORT = re.compile(r"export (?P<name>\w+)=(?P<value>.*)")
_CHECKER = doctest.OutputChecker()

# What no two runs have in common, and what stands in its place when outputs are compared.
_VOLATILE = [
    (re.compile(r"\bsk-lf-[0-9A-Za-z]{43}\b"), "sk-lf-KEY"),
    (re.compile(r"\bsk-lf-\.\.\.[0-9A-Za-z]{4}\b"), "sk-lf-...MASK"),
    (re.compile(r"\bsk-lf-…[0-9A-Za-z]{4}\b"), "sk-lf-…MASK"),
    (re.compile(r"\breq_[0-9A-Za-z]+"), "req_ID"),
    (re.compile(r"\bkey_[0-9A-Za-z]+"), "key_ID"),
    # Readers ask the public service where the examples ask an emulator.
    (re.compile(r"https://lightfast\.ai/api/v1|http://127\.0\.0\.1:\d+/api/v1"), "BASE_URL"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\b\d+\.\d+\.\d+(\.?\w+)*\b"), "VERSION"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s)\b"), r"N \2"),
]

edits: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
"""For each document what to write in place of what: start, end, text."""


# Pages whose examples need the frameworks themselves: `nox -s integrations` runs them.
FRAMEWORKS = {"django.md", "fastapi.md", "flask.md", "langchain.md", "opentelemetry.md"}
RECIPES = {"recipes.md"}  # likewise with `nox -s recipes`


def documents() -> list[Path]:
    """Every page that may hold examples, but one: test_how_to_testing.py runs that as a project."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [
        page for page in pages if page.name not in {"testing-your-code.md", *FRAMEWORKS, *RECIPES}
    ]


def parse(path: Path) -> Document:
    """Return a page and its examples."""
    document = Document.parse(
        str(path),
        CodeBlockParser("python", run_python),
        CodeBlockParser("output", check_output),
        CodeBlockParser("console", run_console),
        *(CodeBlockParser(shell, run_shell) for shell in SHELLS),
        CodeBlockParser("json", check_json),
        CodeBlockParser("toml", check_toml),
        SkipParser(),
    )
    document.namespace["__name__"] = "__main__"
    return document


# --- what blocks do ---------------------------------------------------------------------------


def run_python(example: Example) -> None:
    """Run a block, and keep what it printed for the output block after it."""
    source = "\n" * (example.line + example.parsed.line_offset) + example.parsed
    code = compile(source, example.path, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    printed = io.StringIO()
    example.namespace["__printed__"] = ""
    with contextlib.redirect_stdout(printed):
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(eval(code, example.namespace))
        else:
            exec(code, example.namespace)
    example.namespace["__printed__"] = printed.getvalue()


def check_output(example: Example) -> str | None:
    """Compare what the block before printed with what the document says."""
    got = example.namespace.pop("__printed__")
    if _varies(example):
        return None if got.strip() else "nothing was printed"
    if same(example.parsed, got):
        return None
    start = example.start + example.parsed.offset
    return _differs(example, start, start + len(example.parsed), example.parsed, got)


def run_console(example: Example) -> str | None:
    """Run each command of a block in a shell, and compare what it prints."""
    said = [s for s in _transcript(example.parsed) if not _INSTALLS.fullmatch(s[0])]
    if not said:
        raise unittest.SkipTest("it only installs")
    lines = ""
    code = 0
    for number, (command, wanted) in enumerate(said):
        if not _MAY_RUN.match(command):
            return f"{command!r}: {_SAY_WHY}"
        code, got = _shell(command, code)
        lines += "".join(f"{'> ' if n else '$ '}{part}\n" for n, part in enumerate(command.split("\n")))  # fmt: skip
        lines += wanted if same(wanted, got) else got
        asked = number + 1 < len(said) and said[number + 1][0] == "echo $?"
        if code and not asked:
            return f"{command!r} ended with {code}:\n{got}"
    silent = not any(wanted for _, wanted in said)
    if silent or _varies(example) or same(example.parsed, lines):
        return None
    start = example.start + example.parsed.offset
    return _differs(example, start, start + len(example.parsed), example.parsed, lines)


def run_shell(example: Example) -> str | None:
    """Run each line of a block in a shell."""
    for command in example.parsed.splitlines():
        if command.strip() and not command.startswith("#") and not _INSTALLS.fullmatch(command):
            if not _MAY_RUN.match(_INSTALLING.sub("", command)):
                return f"{command!r}: {_SAY_WHY}"
            code, got = _shell(command, 0)
            if code:
                return f"{command!r} ended with {code}:\n{got}"
    return None


def check_json(example: Example) -> None:
    """Read a block as one JSON document, or as one for each line."""
    try:
        json.loads(example.parsed)
    except ValueError:
        for line in example.parsed.splitlines():
            json.loads(line)


def check_toml(example: Example) -> None:
    """Read a block as TOML."""
    tomllib.loads(example.parsed)


# --- how they do it ---------------------------------------------------------------------------


def _transcript(text: str) -> list[tuple[str, str]]:
    """Yield the commands of a console block, each with the output that follows it."""
    said: list[tuple[str, str]] = []
    text = _INSTALLING.sub("", text)
    for line in text.splitlines(keepends=True):
        if line.startswith("$ "):
            said.append((line[2:].rstrip("\n"), ""))
        elif line.startswith("> ") and said and not said[-1][1]:
            said[-1] = (f"{said[-1][0]}\n{line[2:]}".rstrip("\n"), "")
        else:
            command, output = said[-1]
            said[-1] = (command, output + line)
    return said


def _shell(command: str, last_code: int) -> tuple[int, str]:
    """Run one command; return its exit code and output. An export stays for the commands after it."""
    command = _INSTALLING.sub("", command)
    if export := _EXPORT.fullmatch(command):
        os.environ[export["name"]] = export["value"]
        return 0, ""
    if command.startswith("lightfast emulator serve"):
        return 0, _serve(command)
    done = subprocess.run(
        ["bash", "-c", f"(exit {last_code}); {command}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=180, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def _serve(command: str) -> str:
    """Return what a server prints until Ctrl-C, which comes when it has said everything."""
    serving = subprocess.Popen(
        ["bash", "-c", f"exec {command} --port 0"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip
    assert serving.stdout is not None
    lines = []
    for line in serving.stdout:
        lines.append(line)
        if line.startswith("python -c"):
            break
    time.sleep(0.1)
    serving.send_signal(signal.SIGINT)
    rest, _ = serving.communicate(timeout=PATIENCE)
    return "".join(lines) + rest


def same(wanted: str, got: str) -> bool:
    """Tell whether two outputs say the same; ``...`` stands for anything."""
    return _CHECKER.check_output(settled(wanted), settled(got), doctest.ELLIPSIS)


def settled(text: str) -> str:
    """Return an output without what no two runs have in common."""
    for pattern, name in _VOLATILE:
        text = pattern.sub(name, text)
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return "".join(f"{line}\n" for line in lines)


def _varies(example: Example) -> bool:
    return _VARIES.search(example.document.text, 0, example.start) is not None


def _differs(example: Example, start: int, end: int, wanted: str, got: str) -> str | None:
    if UPDATE:
        text = "".join(f"{line.rstrip()}\n" for line in got.strip().splitlines())
        text = _VOLATILE[0][0].sub("sk-lf-...", text)
        text = re.sub(r"http://127\.0\.0\.1:\d{5}/api/v1", "https://lightfast.ai/api/v1", text)
        edits[example.path].append((start, end, text))
        return None
    return f"Expected:\n{wanted}\nPrinted:\n{got}"


def write_edits() -> None:
    """Write what was really printed into the documents."""
    for path, changes in edits.items():
        text = Path(path).read_text(encoding="utf-8")
        for start, end, new in sorted(changes, reverse=True):
            text = text[:start] + new + text[end:]
        Path(path).write_text(text, encoding="utf-8")
