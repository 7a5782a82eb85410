"""The command that adds an extra, worded for how this package was installed."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import Distribution

__all__ = ["install_command"]

NAME = "lightfast"


def install_command(*extras: str) -> str:
    """Return the shell command that installs this same package again, with more extras.

    What was installed from a directory, an archive or a repository is installed from there again:
    an index may hold another version of it, or none.

    Args:
        extras: Names of extras, such as ``"cli"``.
    """
    # 60 ms, and every command imports this module for a sentence that few of them need.
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        installed = distribution(NAME)
    except PackageNotFoundError:  # a copy on sys.path
        return f"{_installer('')} {_quoted(_with_extras(extras))}"
    origin = _origin(installed)
    editable = "-e " if origin.get("dir_info", {}).get("editable") else ""
    tool = (installed.read_text("INSTALLER") or "").strip()
    return f"{_installer(tool)} {editable}{_quoted(_requirement(origin, extras))}"


def _origin(installed: Distribution) -> dict[str, Any]:
    """Return where the package came from; empty for an index (PEP 610)."""
    try:
        found = json.loads(installed.read_text("direct_url.json") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("url"), str) else {}


def _requirement(origin: dict[str, Any], extras: tuple[str, ...]) -> str:
    url = origin.get("url", "")
    if "dir_info" in origin:
        return f"{_directory(url)}[{','.join(extras)}]"
    if "vcs_info" in origin:
        info = origin["vcs_info"]
        url = f"{info.get('vcs', 'git')}+{url}@{info.get('commit_id', '')}".rstrip("@")
    return f"{_with_extras(extras)} @ {url}" if url else _with_extras(extras)


def _with_extras(extras: tuple[str, ...]) -> str:
    return f"{NAME}[{','.join(extras)}]"


def _directory(url: str) -> str:
    from urllib.parse import urlsplit
    from urllib.request import url2pathname  # 40 ms

    path = url2pathname(urlsplit(url).path)
    try:
        here = os.fspath(Path.cwd())
    except OSError:  # the working directory was deleted
        return path
    return "." if path == here else path  # "." is what a person in a clone would type


def _installer(tool: str) -> str:
    if tool == "uv":  # its environments have no pip of their own
        return f"uv pip install --python {_quoted(sys.executable)}"
    if (Path(sys.prefix) / "pipx_metadata.json").exists():
        return f"pipx runpip {NAME} install"
    return "python -m pip install"


def _quoted(text: str) -> str:
    if os.name == "posix" and set(text) & set('"$`\\!'):
        return shlex.quote(text)
    return f'"{text}"'  # POSIX shells and cmd.exe alike keep brackets and blanks together so
