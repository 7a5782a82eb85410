"""A directory's Markdown and reST files: which they are, and their sections as documents."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator import timestamps
from lightfast.emulator.sources.documents import Document, mentions
from lightfast.emulator.sources.sections import SUFFIXES, Section, sections

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lightfast.emulator.sources.forge import Forge
    from lightfast.emulator.sources.git import Git

__all__ = [
    "MAX_FILE_BYTES",
    "TextFile",
    "commit_times",
    "file_documents",
    "printable",
    "single_file",
    "tracked_files",
    "walked_files",
]

MAX_FILE_BYTES = 1 << 20
BETWEEN_HEADINGS = " › "  # noqa: RUF001 - a breadcrumb, not a greater-than sign
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
        path: Where to read it.
        fingerprint: Changes when its content or its place in history does.
        modified: When it was last written, in Unix seconds.
        size: Bytes.
    """

    name: str
    path: Path
    fingerprint: str
    modified: float
    size: int

    @property
    def is_huge(self) -> bool:
        """Whether it is too large to be prose that somebody wrote."""
        return self.size > MAX_FILE_BYTES


def tracked_files(git: Git) -> Iterator[TextFile]:
    """The text files that git tracks in its directory, as they lie in the working tree."""
    root = git.directory.resolve()
    for entry in git.ask("ls-files", "-z", "--stage").split("\0"):
        facts, _, name = entry.partition("\t")
        if name.lower().endswith(SUFFIXES):
            mode, blob, _ = facts.split(" ")
            # The blob too: a commit gives an unchanged file a new place in history.
            if mode != _SYMLINK and (file := _text_file(root, root / name, blob)):
                yield file


def walked_files(root: Path) -> Iterator[TextFile]:
    """The text files below a directory that is in no repository."""
    root = root.resolve()
    for directory, names, files in os.walk(root):
        here = Path(directory)
        names[:] = sorted(name for name in names if not _is_skipped(here / name))
        for name in sorted(files):
            if name.lower().endswith(SUFFIXES) and (file := _text_file(root, here / name)):
                yield file


def single_file(path: Path) -> Iterator[TextFile]:
    """One file by itself."""
    path = path.resolve()
    if file := _text_file(path.parent, path):
        yield file


def _is_skipped(directory: Path) -> bool:
    name = directory.name
    return name.startswith(".") or name in _SKIPPED or (directory / "pyvenv.cfg").exists()


def _text_file(root: Path, path: Path, blob: str = "") -> TextFile | None:
    """The file; None when it is gone, is no regular file, or a link leads out of the root."""
    try:
        real = path.resolve(strict=True)
        facts = real.stat()
    except (OSError, RuntimeError):  # a link that leads nowhere, or to itself
        return None
    if not stat.S_ISREG(facts.st_mode) or not real.is_relative_to(root):
        return None
    fingerprint = f"{facts.st_mtime_ns}:{facts.st_size}:{blob[:12]}"
    name = printable(path.relative_to(root))
    return TextFile(name, real, fingerprint, facts.st_mtime, facts.st_size)


def printable(path: Path | str) -> str:
    """A path as text, with replacement characters for bytes that are no UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace").replace(os.sep, "/")


def commit_times(git: Git, files: Iterable[TextFile]) -> dict[str, int]:
    """When each file was last committed, in Unix seconds, as far as history tells."""
    wanted = {file.name for file in files}
    if len(wanted) > _FEW:
        return _times(git, wanted, [f":(icase,glob)**/*{suffix}" for suffix in SUFFIXES])
    times: dict[str, int] = {}
    for name in wanted:
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


def file_documents(
    file: TextFile,
    *,
    identity: str,
    prefix: str = "",
    forge: Forge | None = None,
    times: Mapping[str, int] | None = None,
) -> list[Document]:
    """The sections of a file.

    Args:
        file: The file.
        identity: Tells its corpus from others; part of the ids.
        prefix: Where the corpus's root lies in its repository, with a slash at the end.
        forge: Where the repository is hosted.
        times: When files were last committed, by name.
    """
    seconds = (times or {}).get(file.name, file.modified)
    occurred_at = timestamps.from_seconds(seconds)
    try:
        text = file.path.read_bytes().decode("utf-8", "replace")
    except OSError:  # gone since it was listed
        return []
    return [
        _document(file, section, f"{identity}\n{file.name}\n{number}", prefix, forge, occurred_at)
        for number, section in _numbered(sections(file.name, text))
    ]


def _numbered(found: list[Section]) -> Iterator[tuple[str, Section]]:
    # By heading, not by position: a section keeps its id when another is put before it.
    seen: dict[tuple[str, ...], int] = {}
    for section in found:
        seen[section.path] = count = seen.get(section.path, 0) + 1
        yield "\n".join((*section.path, str(count))), section


def _document(
    file: TextFile,
    section: Section,
    key: str,
    prefix: str,
    forge: Forge | None,
    occurred_at: int | None,
) -> Document:
    place = prefix + file.name
    named = mentions(section.body, forge)
    return Document(
        id=f"doc_{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}",
        part=file.name,
        title=BETWEEN_HEADINGS.join(section.path) or place,
        body=section.body,
        source="docs",
        type="document",
        url=forge.file(place, section.anchor) if forge else None,
        occurred_at=occurred_at,
        entities=({"key": place, "category": "file"}, *named.entities),
        references=named.references,
    )
