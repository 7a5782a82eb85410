"""What can be indexed, and what in it moved on since the last time.

A corpus remembers where it stood as a small JSON object, its state. Given the last one it says what has to be
done: nothing, some parts again, or everything.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.sources import github, observations, slack, tables
from lightfast.emulator.sources.commit_times import CommitTimes
from lightfast.emulator.sources.commits import commit_documents
from lightfast.emulator.sources.contents import Place, decoded, file_documents
from lightfast.emulator.sources.files import (
    UNREADABLE,
    Listing,
    TextFile,
    committed_files,
    nested_repositories,
    printable,
    single_file,
    tracked_files,
    walked_files,
)
from lightfast.emulator.sources.forge import forge_of
from lightfast.emulator.sources.git import Git
from lightfast.emulator.sources.kinds import kind_of
from lightfast.emulator.sources.pulls import group_of_pull, pulls_of_commits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from lightfast.emulator.sources.documents import Document
    from lightfast.emulator.sources.forge import Forge
    from lightfast.emulator.sources.git import Blobs

__all__ = ["Changes", "Corpus", "corpora_at"]

State = dict[str, Any]

FORMAT = 5  # raised when documents are made in another way: what was indexed before is made again


@attrs.frozen(kw_only=True)
class Changes:
    """What has to be done to bring the index up to date.

    Args:
        state: Where the corpus will stand then.
        total: How many things will be read, for a progress bar.
        items: The documents of one thing after another: a commit, a file, a line.
        rebuild: Whether everything indexed before goes first.
        gone: Else, the parts that go first.
    """

    state: State
    total: int
    items: Iterable[list[Document]]
    rebuild: bool = False
    gone: tuple[str, ...] = ()


class Corpus(Protocol):
    """Something that documents come from."""

    @property
    def kind(self) -> str:
        """What kind of corpus this is."""

    @property
    def location(self) -> str:
        """Where it is; with the kind, its name in the database."""

    def changes(self, last: State | None) -> Changes | None:
        """Return what has changed; None for nothing.

        Args:
            last: Where it stood when it was indexed; None for never.
        """


def corpora_at(path: Path, *, code: bool = True) -> list[Corpus]:
    """Return what can be indexed at a path: a repository, a directory, or a file.

    Args:
        path: The path.
        code: Whether to index source code besides documents.

    Raises:
        EmulatorError: There is nothing at the path, or nothing we could read.
    """
    path = path.expanduser().resolve()
    if path.is_dir():
        return _directory(path, code=code)
    if not path.exists():
        raise EmulatorError(f"There is nothing at {path}; give a directory or a file that exists.")
    if path.suffix.lower() in observations.SUFFIXES:
        return [Export(path, "observations", observations.observations)]
    if path.suffix.lower() in github.SUFFIXES:
        return [Export(path, "github", github.github_documents)]
    if path.suffix.lower() in tables.SUFFIXES:
        return [Export(path, "issues", tables.read_table)]
    if kind_of(path.name):
        return [Documents(path, code=True)]
    raise EmulatorError(
        f"Cannot index {path}: give a directory, Markdown, reStructuredText, AsciiDoc, text, source code, `.jsonl`,"
        " `.json` or `.csv`."
    )


def _directory(path: Path, *, code: bool) -> list[Corpus]:
    if slack.is_export(path):
        return [Export(path, "conversations", slack.conversations)]
    git = Git.at(path)
    if git is None:
        inside = [_directory(each, code=code) for each in nested_repositories(path)]
        return [*(corpus for corpora in inside for corpus in corpora), Documents(path, code=code)]
    times = CommitTimes()
    if git.ask("rev-parse", "--is-inside-work-tree").strip() != "true":
        return [Commits(git, times), Documents(path, git, times, code=code, is_bare=True)]
    if git.ask("rev-parse", "--show-prefix").strip() and not git.beginning(1, "ls-files", "-z"):
        return [Documents(path, code=code)]  # a directory that the repository around it ignores
    return [Commits(git, times), Documents(path, git, times, code=code)]


class Commits:
    """The commits that a repository's HEAD leads to; below the top, those that touch the directory."""

    kind = "commits"

    def __init__(self, git: Git, times: CommitTimes) -> None:
        self._git = git
        self._times = times
        self.location = printable(git.directory)

    def changes(self, last: State | None) -> Changes | None:
        """Return what was committed; everything when history was rewritten or the clone deepened."""
        forge = _forge(self._git)
        treeless = (
            ["the files of commits: the clone has no trees"] if self._git.is_treeless() else []
        )
        state: State = {
            "format": FORMAT,
            "left_out": {reason: [1] for reason in treeless},
            "head": _head(self._git),
            "remote": forge.base if forge else None,
            "shallow": _shallow(self._git),
        }
        if state == last:
            return None
        wanted = self._since(last, state)
        commits = self._documents(forge, wanted) if state["head"] else iter(())
        return Changes(
            state=state,
            total=self._count(wanted) if state["head"] else 0,
            items=([document] for document in commits),
            rebuild=len(wanted) == len(self._all(state)),
        )

    def _documents(self, forge: Forge | None, wanted: list[str]) -> Iterator[Document]:
        pulls = pulls_of_commits(self._git, wanted)
        place = forge.base if forge else self.location
        for document in commit_documents(self._git, forge, *wanted, times=self._times):
            number = pulls.get(document.id.removeprefix("commit_"))
            yield attrs.evolve(document, group=group_of_pull(place, number)) if number else document

    def _since(self, last: State | None, state: State) -> list[str]:
        everything = self._all(state)
        if last is None or {**last, "head": 0} != {**state, "head": 0}:
            return everything
        if not (last["head"] and state["head"]):
            return everything
        # No ancestor, or no longer there at all: history was rewritten.
        if self._git.try_ask("merge-base", "--is-ancestor", last["head"], state["head"]) is None:
            return everything
        return [f"^{last['head']}", *everything]

    def _all(self, state: State) -> list[str]:
        limits = ["."] if _prefix(self._git) else []
        return [str(state["head"]), "--", *limits]

    def _count(self, wanted: list[str]) -> int:
        return int(self._git.ask("rev-list", "--count", *wanted))


class Documents:
    """The documents and the source code of a directory, or one such file.

    Args:
        path: The directory or file.
        git: The repository that it is in; then only what it tracks is read.
        times: What is known of when files were committed.
        code: Whether to read source code, too.
        is_bare: Whether the repository has no working tree.
    """

    kind = "documents"

    def __init__(
        self,
        path: Path,
        git: Git | None = None,
        times: CommitTimes | None = None,
        *,
        code: bool = True,
        is_bare: bool = False,
    ) -> None:
        self._path = path
        self._git = git
        self._times = times or CommitTimes()
        self._code = code
        self._is_bare = is_bare
        self.location = printable(path)

    def changes(self, last: State | None) -> Changes | None:
        """Return what was written, and which files are gone."""
        forge = _forge(self._git) if self._git else None
        listing = self._listing()
        files = listing.files
        before: dict[str, str] = last.get("files", {}) if last else {}
        spoiled: dict[str, str] = last.get("spoiled", {}) if last else {}
        state: State = {
            "format": FORMAT,
            "remote": forge.base if forge else None,
            "files": {name: file.fingerprint for name, file in files.items()},
            "left_out": listing.tally.state(),
            # What turned out when it was read: kept until the file changes.
            "spoiled": {n: why for n, why in spoiled.items() if _is_same(n, files, before)},
        }
        if state == last:
            return None
        rebuild = last is None or any(last.get(n) != state[n] for n in ("format", "remote"))
        known = {} if rebuild else before
        if rebuild:
            state["spoiled"] = {}
        changed = [file for name, file in files.items() if known.get(name) != file.fingerprint]
        gone = (known.keys() - files.keys()) | (known.keys() & {file.name for file in changed})
        return Changes(
            state=state,
            total=len(changed),
            items=self._items(changed, forge, state["spoiled"]),
            rebuild=rebuild,
            gone=tuple(sorted(gone)),
        )

    def _listing(self) -> Listing:
        if self._git and self._is_bare:
            return committed_files(self._git, code=self._code)
        if self._git:
            return tracked_files(self._git, code=self._code)
        if self._path.is_file():
            return single_file(self._path)
        return walked_files(self._path, code=self._code)

    def _items(
        self, changed: list[TextFile], forge: Forge | None, spoiled: dict[str, str]
    ) -> Iterator[list[Document]]:
        git = self._git
        prefix = _prefix(git) if git and not self._is_bare else ""
        times = self._times.of(git, prefix, changed) if git and _head(git) else {}
        place = Place(
            identity=f"{forge.base}/{prefix}" if forge else self.location,
            prefix=prefix,
            forge=forge,
            source=_source(forge) if git else "files",
        )
        with contextlib.ExitStack() as stack:
            blobs = stack.enter_context(contextlib.closing(git.blobs())) if git else None
            for file in changed:
                text = _text(file, blobs, spoiled)
                seconds = times.get(file.name, file.modified)
                yield [] if text is None else file_documents(file, text, place, seconds)


def _is_same(name: str, files: dict[str, TextFile], before: dict[str, str]) -> bool:
    return name in files and before.get(name) == files[name].fingerprint


def _text(file: TextFile, blobs: Blobs | None, spoiled: dict[str, str]) -> str | None:
    """Return a file's text; None when it cannot be read. What is wrong with it is noted."""
    try:
        text = decoded(file.read(blobs))
    except OSError:
        spoiled[file.name] = UNREADABLE
        return None
    if "\ufffd" in text:
        spoiled[file.name] = "not in UTF-8: read with replacement characters"
    return text


class Export:
    """A file or an export that is read whole: observations, or what a tracker gave.

    Args:
        path: The file.
        kind: What is in it.
        read: The documents in it.
    """

    def __init__(self, path: Path, kind: str, read: Callable[[Path], list[Document]]) -> None:
        self.kind = kind
        self._path = path
        self._read = read
        self._last: tuple[State, list[Document]] | None = None
        self.location = printable(path)

    def changes(self, last: State | None) -> Changes | None:
        """Return all of it, when it was written to."""
        state: State = {"format": FORMAT, "file": _written(self._path)}
        if state == last:
            return None
        documents = self._documents(state)
        items = ([document] for document in documents)
        return Changes(state=state, total=len(documents), items=items, rebuild=True)

    def _documents(self, state: State) -> list[Document]:
        # What moved on is asked twice, and the second time other writers wait.
        if self._last is None or self._last[0] != state:
            self._last = state, self._read(self._path)
            return self._last[1]
        (_, documents), self._last = self._last, None
        return documents


def _written(path: Path) -> str:
    """Return what changes when a file is written to, or a file below a directory is added."""
    facts = path.stat()
    written = f"{facts.st_mtime_ns}:{facts.st_size}"
    if not path.is_dir():
        return written
    folders = sorted(f"{each.name}:{each.stat().st_mtime_ns}" for each in path.iterdir())
    return hashlib.blake2b("\n".join([written, *folders]).encode("utf-8", "replace"), digest_size=16).hexdigest()  # fmt: skip


def _head(git: Git) -> str | None:
    """Return the commit that HEAD names, whether or not it is there; None before the first."""
    answer = git.try_ask("rev-parse", "--verify", "--quiet", "HEAD")
    return answer.strip() if answer else None


def _prefix(git: Git) -> str:
    return git.ask("rev-parse", "--show-prefix").rstrip("\n")


def _shallow(git: Git) -> str | None:
    place = git.directory / git.ask("rev-parse", "--git-path", "shallow").rstrip("\n")
    try:
        return hashlib.blake2b(place.read_bytes(), digest_size=8).hexdigest()
    except FileNotFoundError:
        return None


def _forge(git: Git) -> Forge | None:
    remotes = (git.try_ask("remote") or "").split()
    for name in sorted(remotes, key=lambda remote: remote != "origin"):
        url = git.try_ask("config", "--get", f"remote.{name}.url")
        if url and (forge := forge_of(url)):
            return forge
    return None


def _source(forge: Forge | None) -> str:
    return forge.name if forge else "git"
