"""Checkout of a repository: its head, and where it is hosted."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lightfast.emulator.sources.forge import forge_of

if TYPE_CHECKING:
    from lightfast.emulator.sources.forge import Forge
    from lightfast.emulator.sources.git import Git

__all__ = ["forge_of_origin", "head", "shallow", "source_of"]


def head(git: Git) -> str | None:
    """Return the commit that HEAD names, whether or not it is there; None before the first."""
    answer = git.try_ask("rev-parse", "--verify", "--quiet", "HEAD")
    return answer.strip() if answer else None


def shallow(git: Git) -> str | None:
    """Return what changes when a shallow clone is deepened; None for a whole one."""
    place = git.directory / git.ask("rev-parse", "--git-path", "shallow").rstrip("\n")
    try:
        return hashlib.blake2b(place.read_bytes(), digest_size=8).hexdigest()
    except FileNotFoundError:
        return None


def forge_of_origin(git: Git) -> Forge | None:
    """Return where the repository is hosted, by its remotes, ``origin`` first; None where that is not known."""
    remotes = git.try_ask("config", "--null", "--get-regexp", r"^remote\..*\.url$") or ""
    urls = [entry.partition("\n") for entry in remotes.split("\0")]
    for _, _, url in sorted(urls, key=lambda entry: entry[0] != "remote.origin.url"):
        if forge := forge_of(url):
            return forge
    return None


def source_of(forge: Forge | None) -> str:
    """Return what a repository is called as a source."""
    return forge.name if forge else "git"
