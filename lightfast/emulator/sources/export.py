"""A file or a folder that is read whole, as a corpus: observations, or what a tracker exported."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator.sources.corpus import FORMAT, Changes
from lightfast.emulator.sources.left_out import Tally
from lightfast.emulator.sources.names import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightfast.emulator.sources.corpus import State
    from lightfast.emulator.sources.documents import Document
    from lightfast.emulator.sources.left_out import TallyState

__all__ = ["Export"]


@attrs.frozen
class _Whole:
    """Export as it was read.

    Args:
        state: Where it stood.
        documents: The documents in it.
        left_out: What was passed over.
    """

    state: State
    documents: list[Document]
    left_out: TallyState


class Export:
    """File or export that is read whole: observations, or what a tracker gave.

    Args:
        path: The file.
        kind: What is in it.
        read: Returns the documents in it, and counts what it passes over.
    """

    def __init__(
        self, path: Path, kind: str, read: Callable[[Path, Tally], list[Document]]
    ) -> None:
        self.kind = kind
        self._path = path
        self._read = read
        self._last: _Whole | None = None
        self.location = printable(path)

    def changes(self, last: State | None) -> Changes | None:
        """Return all of it, when it was written to."""
        state: State = {"format": FORMAT, "file": _written(self._path)}
        if last and state == {name: last.get(name) for name in state}:
            return None
        whole = self._whole(state)
        items = ([document] for document in whole.documents)
        state = {**state, "left_out": whole.left_out}
        return Changes(state=state, total=len(whole.documents), items=items, rebuild=True)

    def _whole(self, state: State) -> _Whole:
        # What moved on is asked twice, and the second time other writers wait.
        if self._last is None or self._last.state != state:
            tally = Tally()
            self._last = _Whole(state, self._read(self._path, tally), tally.state())
            return self._last
        whole, self._last = self._last, None
        return whole


def _written(path: Path) -> str:
    """Return what changes when a file is written to, or a file below a directory is added."""
    facts = path.stat()
    written = f"{facts.st_mtime_ns}:{facts.st_size}"
    if not path.is_dir():
        return written
    folders = sorted(f"{each.name}:{each.lstat().st_mtime_ns}" for each in path.iterdir())
    return hashlib.blake2b("\n".join([written, *folders]).encode("utf-8", "replace"), digest_size=16).hexdigest()  # fmt: skip
