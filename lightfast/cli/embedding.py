"""Search by meaning in the commands that index: the embedder, and its progress."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lightfast.cli.output import note
from lightfast.cli.progress import Embedding, searchable
from lightfast.emulator.embedding.select import advice, installed_embedder, is_missing

if TYPE_CHECKING:
    from collections import deque

    from lightfast.emulator import Embedder, EmbeddingProgress, Emulator

__all__ = ["embed", "embedder", "follow"]

_TICK = 0.2  # seconds; the eye asks for no more


def embedder() -> Embedder | None:
    """What embeds on this machine; where only the extra is missing, a note says how to get it."""
    if is_missing():
        note(advice())
    return installed_embedder()


def embed(opened: Emulator, shown: Embedding) -> EmbeddingProgress | None:
    """How far search by meaning is after all was embedded; None without an embedder.

    Args:
        opened: Whose documents. What was embedded stays, also when it is interrupted.
        shown: What `opened` tells its progress.

    Raises:
        EmulatorError: The model cannot be used.
    """
    try:
        with shown:
            opened.embed()
    except KeyboardInterrupt:
        if progress := opened.embedding_progress:
            note(f"Interrupted: {searchable(progress)}; the same command goes on from there.")
        raise
    return opened.embedding_progress


def follow(opened: Emulator, news: deque[EmbeddingProgress]) -> None:
    """Show how far the embedding behind the answers is, and return when it is over.

    Args:
        opened: The emulator that serves.
        news: Where its latest progress is put, on another thread: whatever is shown is shown on this one.
    """
    latest = None
    with Embedding() as shown:
        while opened.is_embedding or news:
            if news:
                latest = news.pop()
                shown(latest)
            time.sleep(_TICK)
    if latest:
        note(f"{searchable(latest)}.")
