from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lightfast.cli.app import app
from tests.emulator.repositories import Repository
from tests.waiting import PATIENCE

COMMAND = [sys.executable, "-m", "lightfast"]

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a cache directory and a working directory; return where the indexes lie."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # Never the keyring of whoever runs the tests.
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache" / "lightfast"


@pytest.fixture
def run() -> Run:
    """Run a command in this process."""

    def run(*arguments: str | Path, stdin: str | None = None, **environment: str) -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], input=stdin, env=environment)

    return run


def process(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "My Repository")
    repository.commit(
        "Retry failed requests\n\nWith exponential backoff and full jitter.",
        {"README.md": "# Guide\n\n## Backoff\n\nFailed requests are retried twice.\n"},
    )
    repository.commit("Add a login page")
    return repository
