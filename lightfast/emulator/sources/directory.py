"""A directory's documents and source code as a corpus."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from lightfast.emulator.sources.checkout import forge_of_origin, head, source_of
from lightfast.emulator.sources.commit_times import CommitTimes
from lightfast.emulator.sources.contents import Place, decoded, file_documents
from lightfast.emulator.sources.corpus import FORMAT, Changes
from lightfast.emulator.sources.files import (
    UNREADABLE,
    Listing,
    TextFile,
    committed_files,
    single_file,
    tracked_files,
    walked_files,
)
from lightfast.emulator.sources.names import printable
from lightfast.emulator.sources.roff import is_roff

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from lightfast.emulator.sources.corpus import State
    from lightfast.emulator.sources.documents import Document
    from lightfast.emulator.sources.forge import Forge
    from lightfast.emulator.sources.git import Blobs, Git

__all__ = ["Documents"]


class Documents:
    """Documents and source code of a directory, or one such file.

    Args:
        path: The directory or file.
        git: The repository that it is in; then only what it tracks is read.
        times: What is known of when files were committed.
        code: Whether to read source code, too.
        is_bare: Whether the repository has no working tree.
        unreadable: The repositories inside of the directory that git cannot read.
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
        unreadable: Iterable[str] = (),
    ) -> None:
        self._path = path
        self._git = git
        self._times = times or CommitTimes()
        self._code = code
        self._is_bare = is_bare
        self._unreadable = unreadable
        self.location = printable(path)

    def changes(self, last: State | None) -> Changes | None:
        """Return what was written, and which files are gone."""
        forge = forge_of_origin(self._git) if self._git else None
        listing = self._listing()
        for name in self._unreadable:
            listing.leave_out("repositories that git cannot read", name)
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
        below = git.prefix if git and not self._is_bare else ""
        times = self._times.of(git, below, changed) if git and head(git) else {}
        place = Place(
            identity=f"{forge.base}/{below}" if forge else self.location,
            prefix=below,
            forge=forge,
            source=source_of(forge) if git else "files",
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
    """Return a file's text; None when it cannot be read, or is not what its name says. What is wrong is noted."""
    try:
        text = decoded(file.read(blobs))
    except OSError:
        spoiled[file.name] = UNREADABLE
        return None
    if file.kind.form == "manual" and not is_roff(text):
        return None
    if "\ufffd" in text:
        spoiled[file.name] = "not in UTF-8: read with replacement characters"
    return text
