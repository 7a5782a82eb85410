"""Real git repositories with fixed dates, made for one test."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ADA = "Ada Lovelace <12345+ada@users.noreply.github.com>"
GRACE = "Grace Hopper <grace@example.com>"
ROBOT = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"


class Repository:
    """A repository in a directory; each commit is a day after the one before."""

    def __init__(self, path: Path, *, remote: str | None = "git@github.com:acme/api.git") -> None:
        self.path = path
        self.day = 0
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        if remote:
            self.git("remote", "add", "origin", remote)

    def git(self, *arguments: str, **environment: str) -> str:
        return git(self.path, *arguments, **environment)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def commit(
        self, message: str | bytes, files: dict[str, str | bytes] | None = None, author: str = ADA
    ) -> str:
        for name, content in (files or {}).items():
            self.write(name, content)
        self.day += 1
        date = f"{1_767_225_600 + self.day * 86_400} +0000"  # 2026-01-01 and on
        self.git("add", "--all")
        text = message if isinstance(message, bytes) else message.encode()
        subprocess.run(
            ["git", "commit", "--quiet", "--allow-empty", f"--author={author}", "--file=-"],
            cwd=self.path,
            input=text,
            env=_environment(GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date),
            check=True,
        )
        return self.git("rev-parse", "HEAD").strip()


def git(directory: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        env=_environment(**environment),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def _environment(**more: str) -> dict[str, str]:
    return {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_COMMITTER_NAME": "Committer",
        "GIT_COMMITTER_EMAIL": "committer@example.com",
        **more,
    }
