"""A deleted working directory, and a full cache."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .conftest import COMMAND

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.repositories import Repository

GONE = """
import os, tempfile
gone = tempfile.mkdtemp()
os.chdir(gone)
os.rmdir(gone)
from lightfast.cli import main
main()
"""


@pytest.fixture
def place(repository: Repository) -> Path:
    repository.commit("Fix the login", {"docs/login.md": "# Login\n\nHow to sign in.\n"})
    return repository.path


def test_the_default_database_needs_a_working_directory() -> None:
    """Without one, an error says so in words."""
    done = subprocess.run(
        # -P, as in an installed command: Python 3.13.0 fails to import from a directory that is gone.
        [sys.executable, "-P", "-c", GONE, "emulator", "keys", "list"],
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
    assert done.returncode == 9
    assert done.stderr.startswith("lightfast: Cannot find .: ")


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0,
    reason="NOT TESTED ON A FULL DISK: root is needed to mount a small one",
)
def test_a_full_cache_is_done_without(place: Path, tmp_path: Path) -> None:
    """On a disk of 60 KiB, in a mount namespace of its own."""
    full = tmp_path / "full"
    full.mkdir()
    inner = f'mount -t tmpfs -o size=60k tmpfs {full} && exec "$@"'
    if subprocess.run(
        ["unshare", "--mount", "sh", "-c", inner, "sh", "true"], check=False
    ).returncode:
        pytest.skip("NOT TESTED ON A FULL DISK: mounting is not allowed here")
    done = subprocess.run(
        [
            "unshare",
            "--mount",
            "sh",
            "-c",
            inner,
            "sh",
            *COMMAND,
            "search",
            "--local",
            place,
            "login",
        ],
        env=os.environ | {"LIGHTFAST_EMBEDDER": "none", "XDG_CACHE_HOME": str(full)},
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Fix the login" in done.stdout
