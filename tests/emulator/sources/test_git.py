"""A repository of somebody else's can make git do nothing but read."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lightfast.emulator import EmulatorError
from lightfast.emulator.sources import files, git_process
from lightfast.emulator.sources import git as git_module
from lightfast.emulator.sources.corpora import corpora_at
from lightfast.emulator.sources.git import Git
from lightfast.emulator.sources.git_safety import find_git
from tests.emulator.repositories import Repository

if TYPE_CHECKING:
    from lightfast.emulator.sources.documents import Document


def documents(path: Path) -> list[Document]:
    return [
        document
        for corpus in corpora_at(path)
        if (changes := corpus.changes(None))
        for item in changes.items
        for document in item
    ]


@pytest.fixture
def touched(tmp_path: Path) -> Path:
    """Return a file that is there once a command of the repository has run."""
    return tmp_path / "touched"


def test_no_configured_program_is_run(repository: Repository, touched: Path) -> None:
    """Whatever a repository's configuration, attributes and hooks name."""
    program = repository.write(".git/evil", f"#!/bin/sh\ntouch {touched}\ncat\n")
    program.chmod(0o755)
    repository.commit("Add", {"a.md": "# A", ".gitattributes": "*.md diff=x filter=x\n"})
    repository.commit("Change", {"a.md": "# B", "c.py": "def f(): ..."})
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.askPass", "core.gitProxy", "core.editor",
                 "core.alternateRefsCommand", "diff.external", "diff.x.command", "diff.x.textconv", "filter.x.clean",
                 "filter.x.smudge", "filter.x.process", "gpg.program", "credential.helper", "pager.log", "alias.log",
                 "interactive.diffFilter"):  # fmt: skip
        repository.git("config", name, str(program))
    repository.git("config", "log.showSignature", "true")
    repository.git("config", "core.hooksPath", str(program.parent))
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        (program.parent / "hooks").mkdir(exist_ok=True)
        (program.parent / "hooks" / hook).write_bytes(program.read_bytes())
        (program.parent / "hooks" / hook).chmod(0o755)
    assert {document.title for document in documents(repository.path)} == {"Add", "Change", "B", "c.py", "f in c.py"}  # fmt: skip
    assert not touched.exists()


@pytest.mark.parametrize("name", ["mailmap.file", "diff.orderFile", "core.attributesFile", "core.excludesFile", "blame.ignoreRevsFile"])  # fmt: skip
def test_no_configured_file_is_read(name: str, repository: Repository) -> None:
    """A pipe that nobody writes to would keep git waiting for ever."""
    repository.commit("Add", {"a.md": "# A"})
    pipe = repository.path / ".git/pipe"
    os.mkfifo(pipe)
    repository.git("config", name, str(pipe))
    assert {document.title for document in documents(repository.path)} == {"Add", "A"}


@pytest.mark.parametrize("knows_no_lazy_fetch", [True, False])
def test_a_partial_clone_fetches_nothing(
    knows_no_lazy_fetch: bool,
    repository: Repository,
    touched: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither with a git that is told so, nor with an older one; the commits are there without their files."""
    repository.commit("First", {"docs/a.md": "# A"})
    repository.commit("Second", {"docs/a.md": "# B"})
    tree = repository.git("rev-parse", "HEAD:docs").strip()
    (repository.path / ".git/objects" / tree[:2] / tree[2:]).unlink()
    for name, value in {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::sh -c touch% {touched}",
        "protocol.ext.allow": "always",
        "protocol.allow": "always",
    }.items():
        repository.git("config", name, value)
    if not knows_no_lazy_fetch:
        real = find_git()
        wrapper = tmp_path / "bin/git"
        wrapper.parent.mkdir()
        wrapper.write_text(f'#!/bin/sh\nunset GIT_NO_LAZY_FETCH\nexec {real} "$@"\n')
        wrapper.chmod(0o755)
        monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")
    assert {"First", "Second"} <= {document.title for document in documents(repository.path)}
    assert not touched.exists()


def test_a_git_in_the_directory_is_not_run(
    repository: Repository, touched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative places of PATH are passed over: they lead into what is being indexed."""
    repository.commit("Add")
    repository.write("git", f"#!/bin/sh\ntouch {touched}\n").chmod(0o755)
    monkeypatch.chdir(repository.path)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    assert [document.title for document in documents(repository.path)] == ["Add"]
    assert not touched.exists()


@pytest.mark.parametrize("sleep", ["exec sleep 600", "sleep 600; exit"])
def test_a_git_that_is_silent_is_stopped(
    sleep: str, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an error that says so, and no process left behind, not even one that git started."""
    repository.commit("Add")
    wrapper = tmp_path / "bin/git"
    wrapper.parent.mkdir()
    real = find_git()
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in *" log "*) {sleep};; esac\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(git_process, "TIME_LIMIT", 0.5)
    with pytest.raises(EmulatorError, match="no answer within"):
        documents(repository.path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("section", ["include", 'includeIf "gitdir:**"'])
def test_a_configuration_that_includes_what_never_ends_is_given_up(
    section: str, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No option of git turns a repository's includes off; the time limit holds for each command."""
    repository.commit("Add")
    os.mkfifo(tmp_path / "fifo")
    with (repository.path / ".git/config").open("a") as config:
        config.write(f"[{section}]\n\tpath = {tmp_path / 'fifo'}\n")
    monkeypatch.setattr(git_process, "TIME_LIMIT", 0.5)
    with pytest.raises(EmulatorError, match="no answer within"):
        documents(repository.path)


def test_reading_can_be_given_up_at_any_point(repository: Repository) -> None:
    """The process ends with the iterator."""
    for number in range(3):
        repository.commit(f"Change {number}")
    git = Git.at(repository.path)
    assert git is not None
    before = threading.active_count()
    history = git.log("%s", "HEAD")
    assert next(history) == (["Change 2"], [])
    history.close()
    assert threading.active_count() <= before + 1


def test_an_endless_field_is_cut(repository: Repository) -> None:
    """Git's output is never kept whole."""
    repository.commit("Add\n\n" + "x" * 3_000_000)
    repository.commit("Next")
    git = Git.at(repository.path)
    assert git is not None
    fields = [fields for fields, _ in git.log("%s %B %ct", "HEAD")]
    assert [message[0] for message in fields] == ["Next", "Add"]
    assert len(fields[1][1]) <= git_module.MAX_PIECE + git_process.CHUNK


@pytest.fixture
def bomb(repository: Repository) -> Repository:
    """Make a repository of a few kilobytes, in whose history there were ten million files for one commit."""
    repository.commit("Add", {"a.md": "# A"})
    blob = repository.git("rev-parse", "HEAD:a.md").strip()
    entry = f"100644 blob {blob}\t%d.md"
    for _ in range(7):
        tree = made_tree(repository, [entry % number for number in range(10)])
        entry = f"040000 tree {tree}\t%d"
    sha = repository.git("commit-tree", "-p", "HEAD", "-m", "Bomb", tree, GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a").strip()  # fmt: skip
    repository.git("update-ref", "refs/heads/bomb", sha)
    return repository


def made_tree(repository: Repository, entries: list[str]) -> str:
    (repository.path / "entries").write_text("\n".join(entries) + "\n")
    with (repository.path / "entries").open() as lines:
        return subprocess.run(["git", "mktree"], cwd=repository.path, stdin=lines, capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_git_does_not_take_all_memory(bomb: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails, and says why, where a few bytes unfold without end."""
    monkeypatch.setattr(git_process, "_MAX_MEMORY", 100 << 20)
    git = Git.at(bomb.path)
    assert git is not None
    with pytest.raises(EmulatorError, match="memory"):
        list(git.log("%H", "bomb"))


def test_the_files_of_a_tree_are_counted_up_to_a_bound(
    bomb: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than anybody has are told, and not read."""
    monkeypatch.setattr(files, "MAX_ENTRIES", 1000)
    bomb.git("symbolic-ref", "HEAD", "refs/heads/bomb")
    git = Git.at(bomb.path)
    assert git is not None
    listing = files.committed_files(git)
    assert len(listing.files) == 1000
    assert listing.tally.state() == {"files after the first 1,000": [1, bomb.path.name]}


def test_the_files_of_a_commit_are_kept_up_to_a_bound(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commits that come behind them are read all the same."""
    monkeypatch.setattr(git_module, "MAX_PATHS", 2)
    repository.commit("First", {"z.md": ""})
    repository.commit("Second", dict.fromkeys(("a.md", "b.md", "c.md"), ""))
    git = Git.at(repository.path)
    assert git is not None
    assert list(git.log("%s", "HEAD")) == [(["Second"], ["a.md", "b.md"]), (["First"], ["z.md"])]


def test_a_blob_that_is_missing_is_told(repository: Repository) -> None:
    """The others can still be read."""
    repository.commit("Add", {"a.md": "# A\n\nfruit"})
    git = Git.at(repository.path)
    assert git is not None
    blobs = git.blobs()
    with pytest.raises(FileNotFoundError):
        blobs.read("1" * 40)
    assert blobs.read(repository.git("rev-parse", "HEAD:a.md").strip()) == b"# A\n\nfruit"
    blobs.close()
