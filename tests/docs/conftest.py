"""Surroundings of the documentation's examples: a place like a clone, and a service that answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightfast.emulator import Emulator
from tests import ROOT
from tests.docs import examples


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a small git repository with this one's documentation."""
    clone = tmp_path_factory.mktemp("docs") / "lightfast-python"
    clone.mkdir()
    for name in ("README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, clone)
    shutil.copytree(ROOT / "docs", clone / "docs")
    author = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com"}
    committer = {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com"}
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Retry failed requests"]):
        subprocess.run(
            ["git", "-c", "commit.gpgsign=false", *command],
            cwd=clone, env=os.environ | author | committer, check=True,
        )  # fmt: skip
    return clone


@pytest.fixture(scope="session")
def service() -> Iterator[tuple[str, str]]:
    """Start the service that the examples ask; yield its address and key."""
    with Emulator([ROOT / "docs" / "memory.jsonl"]) as emulator:
        yield emulator.base_url, emulator.create_api_key("examples")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory in which the command line keeps its indexes."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def reader(
    _clean_environment: None,
    clone: Path,
    service: tuple[str, str],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Put the reader at the root of a clone, with an address and a key in the environment."""
    monkeypatch.chdir(clone)
    base_url, key = service
    scripts = os.fspath(Path(sys.executable).parent)
    environment = {
        "LIGHTFAST_BASE_URL": base_url,
        "LIGHTFAST_API_KEY": key,
        "PATH": os.pathsep.join([scripts, os.environ["PATH"]]),
        "XDG_CACHE_HOME": os.fspath(cache),
        "COLUMNS": "90",
        "PYTHONUNBUFFERED": "1",  # notes and results in the order in which a terminal shows them
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def _update() -> Iterator[None]:
    yield
    examples.write_edits()
