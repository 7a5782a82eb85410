"""A corpus: something that documents come from, and what in it moved on since the last time.

A corpus remembers where it stood as a small JSON object, its state. Given the last one it says what has to be
done: nothing, some parts again, or everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightfast.emulator.sources.documents import Document

__all__ = ["FORMAT", "Changes", "Corpus", "State"]

State = dict[str, Any]

FORMAT = 15  # raised when documents are made in another way: what was indexed before is made again


@attrs.frozen(kw_only=True)
class Changes:
    """Changes that bring the index up to date with a corpus.

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
        """Kind of corpus, such as ``commits``."""

    @property
    def location(self) -> str:
        """Path or address; with the kind, the corpus's name in the database."""

    def changes(self, last: State | None) -> Changes | None:
        """Return what has changed; None for nothing.

        Args:
            last: Where it stood when it was indexed; None for never.
        """
