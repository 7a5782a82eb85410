"""Files of a directory: those that are read, where to read them, and what is passed over."""

from __future__ import annotations

import contextlib
import os
import stat
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.sources.kinds import EXPECTED, FileKind, kind_of
from lightfast.emulator.sources.left_out import Tally
from lightfast.emulator.sources.names import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightfast.emulator.sources.git import Blobs, Git

__all__ = [
    "MAX_FILE_BYTES",
    "Listing",
    "TextFile",
    "committed_files",
    "nested_repositories",
    "single_file",
    "tracked_files",
    "walked_files",
]

MAX_FILE_BYTES = 1 << 20
# Of a file that was asked for by its name, and of a notebook, which holds its pictures.
MAX_NAMED_BYTES = 1 << 24
MAX_NAME = 200  # characters of what is passed over
MAX_REPOSITORIES = 50  # below a directory that is none itself
MAX_DEPTH = 3  # at which they are looked for
MAX_ENTRIES = 1_000_000  # of a tree that is not checked out
MAX_WALKED_DEPTH = 100  # of directories in no repository; `os.walk` recurses before Python 3.12
TOO_LARGE = "larger than 1 MiB"
TOO_DEEP = f"directories more than {MAX_WALKED_DEPTH} deep"
UNREADABLE = "unreadable"
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__"})
# Modes in git's index: https://git-scm.com/docs/git-fast-import#_filemodify
_SYMLINK = "120000"
_SUBMODULE = "160000"


@attrs.frozen
class TextFile:
    """File to be indexed.

    Args:
        name: Its path below the root, with slashes.
        kind: How to read it.
        fingerprint: Changes when its content or its place in history does.
        modified: When it was last written, in Unix seconds.
        path: Where to read it; None when it is not checked out.
        blob: The hash of what was committed.
    """

    name: str
    kind: FileKind
    fingerprint: str
    modified: float
    path: Path | None
    blob: str = ""

    def read(self, blobs: Blobs | None) -> bytes:
        """Return what stands in the file.

        Args:
            blobs: Reads what is not checked out.

        Raises:
            OSError: It cannot be read.
        """
        if self.path is not None:
            return self.path.read_bytes()
        if blobs is None:
            raise FileNotFoundError(self.name)
        return blobs.read(self.blob)


class Listing:
    """Files of a directory that are read, and a tally of those that are not.

    Args:
        code: Whether source code is read.
        limit: The size in bytes from which on files are passed over.
    """

    def __init__(self, *, code: bool, limit: int = MAX_FILE_BYTES) -> None:
        self.files: dict[str, TextFile] = {}
        self.tally = Tally()
        self._code = code
        self._limit = limit
        self._directories: dict[Path, Path] = {}

    def kind(self, name: str) -> FileKind | None:
        """Return how a file is read; None when it is not, which is counted if somebody may miss it."""
        kind = kind_of(name)
        if kind is None:
            suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a name, not a path
            if suffix in EXPECTED:
                self.leave_out(suffix, name)
            return None
        return kind if self._code or kind.family != "code" else None

    def leave_out(self, reason: str, path: Path | str) -> None:
        """Count a file that is passed over."""
        self.tally.add(reason, printable(path)[:MAX_NAME])

    def take(self, file: TextFile, size: int) -> None:
        """Take a file in, or count it as too large; not data that is only named as a manual page is."""
        form = file.kind.form
        if size <= (MAX_NAMED_BYTES if form == "notebook" else self._limit):
            self.files[file.name] = file
        elif form != "manual":
            self.leave_out(TOO_LARGE, file.name)

    def take_path(self, root: Path, path: Path, kind: FileKind, blob: str = "") -> None:
        """Take in a file that lies in a directory, unless it is not regular or a link leads out of there."""
        name = printable(path.relative_to(root))
        try:
            real = self._resolve(path)
            facts = real.stat()
            if not os.access(real, os.R_OK):
                raise PermissionError(name)
        except (OSError, RuntimeError) as error:  # a link that leads nowhere, or to itself
            if isinstance(error, PermissionError):
                self.leave_out(UNREADABLE, name)
            return
        if not stat.S_ISREG(facts.st_mode):
            return
        if not real.is_relative_to(root):
            self.leave_out("links out of the directory", name)
            return
        fingerprint = f"{facts.st_mtime_ns}:{facts.st_size}:{blob[:12]}"
        self.take(TextFile(name, kind, fingerprint, facts.st_mtime, real, blob), facts.st_size)

    def _resolve(self, path: Path) -> Path:
        """Return a path without links; every directory is looked at once, and not again for each of its files."""
        if path.is_symlink():
            return path.resolve(strict=True)
        parent = path.parent
        if parent not in self._directories:
            self._directories[parent] = parent.resolve(strict=True)
        return self._directories[parent] / path.name


def tracked_files(git: Git, *, code: bool = True) -> Listing:
    """Find the files that git tracks in its directory, as they lie in the working tree; else as committed.

    Args:
        git: The repository.
        code: Whether source code is read.
    """
    listing = Listing(code=code)
    root = git.directory.resolve()
    missing: set[str] = set()
    is_empty = True
    # "S" marks what a sparse check-out leaves out: https://git-scm.com/docs/git-ls-files#_output
    for entry in git.stream("ls-files", "-z", "-t", "--stage", errors="surrogateescape"):
        is_empty = False
        facts, _, name = entry.partition("\t")
        tag, mode, blob, _ = facts.split(" ")
        if mode == _SUBMODULE:
            listing.leave_out("submodules: index them by their own paths", name)
        elif mode != _SYMLINK and (kind := listing.kind(name)):
            if tag == "S":
                missing.add(name)
            else:
                # The blob too: a commit gives an unchanged file a new place in history.
                listing.take_path(root, root / name, kind, blob)
    if is_empty or missing:
        _take_committed(git, listing, None if is_empty else missing)
    return listing


def committed_files(git: Git, *, code: bool = True) -> Listing:
    """Find the files that HEAD has in git's directory: those of a bare repository.

    Args:
        git: The repository.
        code: Whether source code is read.
    """
    listing = Listing(code=code)
    _take_committed(git, listing, None)
    return listing


def _take_committed(git: Git, listing: Listing, wanted: set[str] | None) -> None:
    found: set[str] = set()
    try:
        for entry in _tree(git, listing):
            facts, _, name = entry.partition("\t")
            mode, _, blob, size = facts.split()
            if mode in {_SYMLINK, _SUBMODULE} or not size.isdigit():
                continue
            if (wanted is None or name in wanted) and (kind := listing.kind(name)):
                found.add(name)
                listing.take(TextFile(printable(name), kind, blob, 0.0, None, blob), int(size))
    except EmulatorError:  # nothing is committed
        if git.is_partial():
            listing.leave_out("files of HEAD: this clone does not have them", git.directory.name)
        elif git.try_ask("rev-parse", "--verify", "--quiet", "HEAD"):
            raise
    for name in (wanted or set()) - found:
        listing.leave_out("neither checked out nor in this clone", name)


def _tree(git: Git, listing: Listing) -> Iterator[str]:
    """Yield the entries of HEAD: a tree of a few bytes can hold another one ten times, and so on, without end."""
    stream = git.stream("ls-tree", "-r", "-z", "-l", "HEAD", errors="surrogateescape")
    with contextlib.closing(stream) as entries:
        yield from islice(entries, MAX_ENTRIES)
        if next(entries, None) is not None:
            listing.leave_out(f"files after the first {MAX_ENTRIES:,}", git.directory.name)


def walked_files(root: Path, *, code: bool = True) -> Listing:
    """Find the files below a directory that is in no repository.

    Args:
        root: The directory.
        code: Whether source code is read.
    """
    root = root.resolve()
    listing = Listing(code=code)

    def unreadable(error: OSError) -> None:
        listing.leave_out(UNREADABLE, Path(error.filename).relative_to(root))

    for directory, names, files in os.walk(root, onerror=unreadable):
        here = Path(directory)
        names[:] = sorted(name for name in names if not _is_skipped(here / name))
        if names and len(here.relative_to(root).parts) >= MAX_WALKED_DEPTH:
            listing.leave_out(TOO_DEEP, here.relative_to(root))
            names.clear()
        for name in sorted(files):
            if kind := listing.kind(printable((here / name).relative_to(root))):
                listing.take_path(root, here / name, kind)
    return listing


def single_file(path: Path) -> Listing:
    """Find one file by itself."""
    path = path.resolve()
    listing = Listing(code=True, limit=MAX_NAMED_BYTES)
    if kind := listing.kind(path.name):
        listing.take_path(path.parent, path, kind)
    return listing


def nested_repositories(root: Path) -> list[Path]:
    """Return the repositories that lie below a directory which is in none itself.

    Args:
        root: The directory.
    """
    found: list[Path] = []
    for directory, names, _ in os.walk(root):
        here = Path(directory)
        depth = len(here.relative_to(root).parts)
        names[:] = sorted(n for n in names if not n.startswith(".") and n not in _SKIPPED) if depth < MAX_DEPTH else []  # fmt: skip
        repositories = [name for name in names if _is_repository(here / name)]
        found += [here / name for name in repositories]
        names[:] = [name for name in names if name not in repositories]
        if len(found) >= MAX_REPOSITORIES:
            break
    return found[:MAX_REPOSITORIES]


def _is_repository(directory: Path) -> bool:
    try:
        return (directory / ".git").exists() and not directory.is_symlink()
    except OSError:
        return False


def _is_skipped(directory: Path) -> bool:
    name = directory.name
    if name.startswith(".") or name in _SKIPPED or _is_repository(directory):
        return True
    try:
        return (directory / "pyvenv.cfg").exists()
    except OSError:
        return False
