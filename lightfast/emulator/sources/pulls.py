"""Commits of pull requests: told from merges, and from the numbers that squashed ones carry.

GitHub names the pull request in the subject: of a merge as ``Merge pull request #12 from …`` or, where a repository
titles merges after pull requests, as ``… (#12)``, like a squashed branch. GitLab ends a merge's message with
``See merge request group/project!12``.
https://docs.github.com/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightfast.emulator.sources.git import Git

__all__ = ["group_of_pull", "pulls_of_commits"]

MOST = 50  # commits; a branch of more is not a single change
SCANNED = 300  # characters of a subject

_MERGED = re.compile(r"Merge pull request #(\d{1,9})\b")
_TITLED = re.compile(r"\(#(\d{1,9})\)\s*$")
_MERGE_REQUEST = re.compile(r"^See merge request [\w./-]{0,200}!(\d{1,9})\s*$", re.MULTILINE)


def group_of_pull(place: str, number: str) -> str:
    """Return the group of a pull request's documents.

    Args:
        place: The repository: its address, or where it lies.
        number: The number of the pull request.
    """
    return f"{place}#{number}"


def pulls_of_commits(git: Git, revisions: list[str]) -> dict[str, str]:
    """Return the number of the pull request that each commit came with, as far as history tells."""
    commits = {commit.sha: commit for commit in _commits(git, revisions)}
    mainlines = _Mainlines(commits)
    numbers: dict[str, str] = {}
    # The oldest merge that has a commit is the one it came with.
    for commit in reversed(commits.values()):
        if commit.pull:
            numbers.setdefault(commit.sha, commit.pull)
            for sha in _branch(commit, commits, mainlines, numbers):
                numbers[sha] = commit.pull
    return numbers


@attrs.frozen
class _Commit:
    sha: str
    parents: list[str]
    pull: str

    @property
    def first(self) -> str:
        return self.parents[0] if self.parents else ""


class _Mainlines:
    """Lines of first parents, which make trees of the commits: each has a span of numbers, within its first parent's.

    Args:
        commits: The commits by their hashes, every one before its parents.
    """

    def __init__(self, commits: dict[str, _Commit]) -> None:
        sizes = dict.fromkeys(commits, 1)
        for commit in commits.values():
            if commit.first in sizes:
                sizes[commit.first] += sizes[commit.sha]
        self._spans: dict[str, tuple[int, int]] = {}
        free = {"": 0}  # where the next commit on top of another one begins
        for sha, commit in reversed(commits.items()):
            below = commit.first if commit.first in commits else ""
            start = free[below]
            free[below] += sizes[sha]
            free[sha] = start + 1
            self._spans[sha] = start, start + sizes[sha]

    def leads_to(self, sha: str, other: str) -> bool:
        """Tell whether following first parents leads from a commit to another one, or that is itself."""
        if sha not in self._spans or other not in self._spans:
            return False
        start, end = self._spans[other]
        return start <= self._spans[sha][0] < end


def _commits(git: Git, revisions: list[str]) -> Iterator[_Commit]:
    """Yield the commits, every one before its parents."""
    form = "--format=format:%H%x00%P%x00%B%x00"
    pieces = git.stream("log", "--topo-order", "--no-color", "--encoding=UTF-8", form, *revisions)
    for sha, parents, message in zip(pieces, pieces, pieces, strict=False):
        above = parents.split()
        yield _Commit(sha.strip(), above, _pull(message, len(above) > 1))


def _pull(message: str, is_merge: bool) -> str:
    subject = message[:SCANNED].partition("\n")[0]
    found = _TITLED.search(subject)
    if is_merge:
        end = message[-SCANNED:]
        found = _MERGED.match(subject) or _MERGE_REQUEST.search(end) or found
    return found[1] if found else ""


def _branch(
    merge: _Commit, commits: dict[str, _Commit], mainlines: _Mainlines, taken: dict[str, str]
) -> list[str]:
    """Return the commits that a merge brought, which its first parent does not lead to; none of very many."""
    waiting = merge.parents[1:]
    found: list[str] = []
    while waiting:
        commit = commits.get(waiting.pop())
        if commit is None or commit.sha in taken or commit.sha in found:
            continue
        if mainlines.leads_to(merge.first, commit.sha):
            continue
        found.append(commit.sha)
        if len(found) > MOST:
            return []
        waiting += commit.parents[:MOST]
    return found
