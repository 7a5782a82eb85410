"""A file or a folder that is read whole, as a corpus: observations, or what a tracker exported."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lightfast.emulator.sources.corpus import FORMAT, Changes
from lightfast.emulator.sources.files import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightfast.emulator.sources.corpus import State
    from lightfast.emulator.sources.documents import Document

__all__ = ["Export"]


class Export:
    """File or export that is read whole: observations, or what a tracker gave.

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
    folders = sorted(f"{each.name}:{each.lstat().st_mtime_ns}" for each in path.iterdir())
    return hashlib.blake2b("\n".join([written, *folders]).encode("utf-8", "replace"), digest_size=16).hexdigest()  # fmt: skip
