"""Corpora at a path: a repository, a directory, or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.sources import github, observations, slack, tables
from lightfast.emulator.sources.commit_times import CommitTimes
from lightfast.emulator.sources.directory import Documents
from lightfast.emulator.sources.export import Export
from lightfast.emulator.sources.files import nested_repositories
from lightfast.emulator.sources.git import Git
from lightfast.emulator.sources.history import Commits, Tags
from lightfast.emulator.sources.kinds import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightfast.emulator.sources.corpus import Corpus
    from lightfast.emulator.sources.documents import Document
    from lightfast.emulator.sources.left_out import Tally

__all__ = ["corpora_at"]


def corpora_at(path: Path, *, code: bool = True) -> list[Corpus]:
    """Return what can be indexed at a path: a repository, a directory, or a file.

    Args:
        path: The path.
        code: Whether to index source code besides documents.

    Raises:
        EmulatorError: There is nothing at the path, or nothing that can be read.
    """
    path = path.expanduser().resolve()
    if path.is_dir():
        return _directory(path, code=code)
    if not path.exists():
        raise EmulatorError(f"There is nothing at {path}; give a directory or a file that exists.")
    if path.suffix.lower() in observations.SUFFIXES:
        return [Export(path, "observations", _strict(observations.observations))]
    if path.suffix.lower() in github.SUFFIXES:
        return [Export(path, "github", _strict(github.github_documents))]
    if path.suffix.lower() in tables.SUFFIXES:
        return [Export(path, "issues", _strict(tables.read_table))]
    if kind_of(path.name):
        return [Documents(path, code=True)]
    raise EmulatorError(
        f"Cannot index {path}: give a directory, Markdown, reStructuredText, AsciiDoc, text, source code, `.jsonl`,"
        " `.json` or `.csv`."
    )


def _nested(path: Path, *, code: bool) -> list[Corpus]:
    """Return what is in a directory outside of repositories, and in those inside of it."""
    found: list[Corpus] = []
    unreadable: list[str] = []
    for repository in nested_repositories(path):
        try:
            found += _directory(repository, code=code)
        except EmulatorError:  # damaged, or somebody else's: the others are read without it
            unreadable.append(repository.name)
    return [*found, Documents(path, code=code, unreadable=unreadable)]


def _strict(read: Callable[[Path], list[Document]]) -> Callable[[Path, Tally], list[Document]]:
    """Return a reader that passes over nothing: it refuses a file with something that it cannot read."""
    return lambda path, _: read(path)


def _directory(path: Path, *, code: bool) -> list[Corpus]:
    if slack.is_export(path):
        return [Export(path, "conversations", slack.conversations)]
    git = Git.at(path)
    if git is None:
        return _nested(path, code=code)
    times = CommitTimes()
    if not git.is_in_work_tree:
        return [
            Commits(git, times),
            Documents(path, git, times, code=code, is_bare=True),
            Tags(git),
        ]
    if git.prefix and not git.beginning(1, "ls-files", "-z"):
        return [Documents(path, code=code)]  # a directory that the repository around it ignores
    found: list[Corpus] = [Commits(git, times), Documents(path, git, times, code=code)]
    # Tags and notes are about the whole repository.
    return found if git.prefix else [*found, Tags(git)]
