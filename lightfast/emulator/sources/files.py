"""Finds the files of a directory that are read, and when each was last committed."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator.sources.kinds import FileKind, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lightfast.emulator.sources.git import Git

__all__ = [
    "MAX_FILE_BYTES",
    "CommitTimes",
    "TextFile",
    "printable",
    "single_file",
    "tracked_files",
    "walked_files",
]

MAX_FILE_BYTES = 1 << 20
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__"})
_SYMLINK = "120000"  # the mode in git's index
_FEW = (
    16  # so many files are asked for one by one; more are looked up in one pass through the history
)


@attrs.frozen
class TextFile:
    """A file to be indexed.

    Args:
        name: Its path below the root, with slashes.
        kind: How to read it.
        path: Where to read it.
        fingerprint: Changes when its content or its place in history does.
        modified: When it was last written, in Unix seconds.
        size: Bytes.
    """

    name: str
    kind: FileKind
    path: Path
    fingerprint: str
    modified: float
    size: int

    @property
    def is_huge(self) -> bool:
        """Whether it is too large to be prose that somebody wrote."""
        return self.size > MAX_FILE_BYTES


def tracked_files(git: Git) -> Iterator[TextFile]:
    """Find the files that git tracks in its directory, as they lie in the working tree."""
    root = git.directory.resolve()
    for entry in git.ask("ls-files", "-z", "--stage").split("\0"):
        facts, _, name = entry.partition("\t")
        if kind := kind_of(name):
            mode, blob, _ = facts.split(" ")
            # The blob too: a commit gives an unchanged file a new place in history.
            if mode != _SYMLINK and (file := _text_file(root, root / name, kind, blob)):
                yield file


def walked_files(root: Path) -> Iterator[TextFile]:
    """Find the files below a directory that is in no repository."""
    root = root.resolve()
    for directory, names, files in os.walk(root):
        here = Path(directory)
        names[:] = sorted(name for name in names if not _is_skipped(here / name))
        for name in sorted(files):
            kind = kind_of(printable((here / name).relative_to(root)))
            if kind and (file := _text_file(root, here / name, kind)):
                yield file


def single_file(path: Path) -> Iterator[TextFile]:
    """Find one file by itself."""
    path = path.resolve()
    kind = kind_of(path.name)
    if kind and (file := _text_file(path.parent, path, kind)):
        yield file


def _is_skipped(directory: Path) -> bool:
    name = directory.name
    return name.startswith(".") or name in _SKIPPED or (directory / "pyvenv.cfg").exists()


def _text_file(root: Path, path: Path, kind: FileKind, blob: str = "") -> TextFile | None:
    """Return the file; None when it is gone, is not a regular file, or a link leads out of the root."""
    try:
        real = path.resolve(strict=True)
        facts = real.stat()
    except (OSError, RuntimeError):  # a link that leads nowhere, or to itself
        return None
    if not stat.S_ISREG(facts.st_mode) or not real.is_relative_to(root):
        return None
    fingerprint = f"{facts.st_mtime_ns}:{facts.st_size}:{blob[:12]}"
    name = printable(path.relative_to(root))
    return TextFile(name, kind, real, fingerprint, facts.st_mtime, facts.st_size)


def printable(path: Path | str) -> str:
    """Return a path as text, with replacement characters for bytes that are not UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace").replace(os.sep, "/")


class CommitTimes:
    """When files were last committed, remembered from one pass through the history."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def see(self, time: int, names: Iterable[str]) -> None:
        """Take a commit in; they come newest first.

        Args:
            time: When it was made, in Unix seconds.
            names: The files that it touched, from the repository's top.
        """
        for name in names:
            self._known.setdefault(name, time)

    def of(self, git: Git, prefix: str, files: Iterable[TextFile]) -> dict[str, int]:
        """Return when each file was last committed, in Unix seconds, as far as history tells.

        Args:
            git: The repository; asked for those that were not seen.
            prefix: Where the files' root lies in it, with a slash at the end.
            files: The files.
        """
        names = {file.name for file in files}
        times = {name: self._known[prefix + name] for name in names if prefix + name in self._known}
        missing = names - times.keys()
        if len(missing) > _FEW:
            return times | _times(git, missing, ["."])
        for name in missing:
            times |= _times(git, {name}, [f":(literal){name}"])
        return times


def _times(git: Git, wanted: set[str], limits: list[str]) -> dict[str, int]:
    missing = set(wanted)
    times: dict[str, int] = {}
    with contextlib.closing(git.log("%ct", "--relative", "HEAD", "--", *limits)) as history:
        for (time,), names in history:
            times |= dict.fromkeys(missing.intersection(names), int(time))
            missing -= times.keys()
            if not missing:
                break
    return times
