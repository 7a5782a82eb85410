"""Patches of commits, read from git when they are asked for, and never stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lightfast.emulator.sources.git import Git

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightfast.emulator.sources.corpus import Corpus

__all__ = ["read_patch"]

MAX_PATCH_BYTES = 1 << 20
# Of a merge, what it brought in. Nothing that the repository's configuration names is run.
_SHOW = ("show", "--format=", "--patch", "--no-color", "--no-ext-diff", "--no-textconv", "--no-notes", "--diff-merges=first-parent")  # fmt: skip


def read_patch(corpora: Iterable[Corpus], sha: str) -> str | None:
    """Return the beginning of a commit's diff; None where no repository has the commit.

    Args:
        corpora: The corpora that are indexed.
        sha: The commit's full hash.
    """
    for corpus in corpora:
        git = Git.at(Path(corpus.location)) if corpus.kind == "commits" else None
        if git and git.try_ask("cat-file", "-e", f"{sha}^{{commit}}") is not None:
            return git.beginning(MAX_PATCH_BYTES, *_SHOW, sha, "--").decode("utf-8", "replace")
    return None
