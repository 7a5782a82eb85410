"""The program, options and environment with which git is safe to run on repositories of others.

A repository's own configuration is its author's. It may name files to read and programs to run, so everything that the
commands used here would take from it is set on the command line, which wins: https://git-scm.com/docs/git-config.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

__all__ = ["find_git", "safe_environment", "safe_options", "trusted_directories"]

_NOTHING = os.devnull
_SETTINGS = {
    # programs
    "core.fsmonitor": "false",
    "core.hooksPath": _NOTHING,
    "core.pager": "cat",
    "core.sshCommand": "false",
    "core.askPass": "",
    "core.gitProxy": "",
    "core.alternateRefsCommand": "",
    "credential.helper": "",
    "diff.external": "",
    "gpg.program": "false",
    "log.showSignature": "false",
    # files
    "core.attributesFile": _NOTHING,
    "core.excludesFile": _NOTHING,
    "diff.orderFile": _NOTHING,
    "mailmap.file": _NOTHING,
    "blame.ignoreRevsFile": "",
    # the form of answers
    "core.quotePath": "true",
    "diff.relative": "false",
    "log.follow": "false",
    "log.mailmap": "true",
    # memory
    "core.deltaBaseCacheLimit": "96m",
    "core.bigFileThreshold": "512m",
}
_ENVIRONMENT = {
    "LC_ALL": "C",  # messages are compared
    "GIT_ALLOW_PROTOCOL": "none",  # since 2.5: https://git-scm.com/docs/git#Documentation/git.txt-GITALLOWPROTOCOL
    "GIT_CONFIG_GLOBAL": _NOTHING,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
}
# Others lead to another repository than the one that was asked for (they are set while a hook runs), or to programs.
_KEPT = ("GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_CONFIG_PARAMETERS")  # fmt: skip


def find_git() -> str | None:
    """Return the absolute path of git: one in the directory that is being indexed is not meant."""
    places = [place for place in os.get_exec_path() if Path(place).is_absolute()]
    found = shutil.which("git", path=os.pathsep.join(places)) if places else None
    return found if found and Path(found).is_absolute() else None


def trusted_directories(program: str, timeout: float) -> tuple[str, ...]:
    """Return the directories that the user's and the system's configuration declare safe.

    Args:
        program: The absolute path of git.
        timeout: Seconds that git may take.
    """
    try:
        done = subprocess.run(  # noqa: S603 - an argument list, and no shell
            [program, "config", "--null", "--get-all", "safe.directory"],
            cwd=Path(program).parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(filter(None, done.stdout.decode("utf-8", "surrogateescape").split("\0")))


def safe_options(trusted: tuple[str, ...] = ()) -> list[str]:
    """Return the options that override a repository's configuration.

    Args:
        trusted: Directories to declare safe.
    """
    settings = [*_SETTINGS.items(), *(("safe.directory", place) for place in trusted)]
    return [part for name, value in settings for part in ("-c", f"{name}={value}")]


def safe_environment() -> dict[str, str]:
    """Return this process's environment without what could lead git elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(_KEPT)}
    return kept | _ENVIRONMENT
