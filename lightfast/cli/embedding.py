"""Search by meaning in the commands that index: the embedder, and its progress."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lightfast.cli.cache import note_daily
from lightfast.cli.output import note
from lightfast.cli.progress import Embedding, searchable
from lightfast.emulator.embedding.select import advice, installed_embedder, is_missing

if TYPE_CHECKING:
    from collections import deque

    from lightfast.emulator import Embedder, EmbeddingProgress, Emulator

__all__ = ["embed", "embedder", "follow"]

_TICK = 0.2  # seconds; often enough for a bar


def embedder() -> Embedder | None:
    """Return the embedder of this machine; if only the extra is missing, a daily note says so."""
    if is_missing():
        note_daily("by-words-alone", advice())
    return installed_embedder()


def embed(emulator: Emulator, bar: Embedding) -> EmbeddingProgress | None:
    """Embed all documents, and return the progress; None without an embedder.

    Args:
        emulator: The emulator. What is embedded stays, also after an interrupt.
        bar: The progress that `emulator` reports to.

    Raises:
        EmulatorError: The model cannot be used.
    """
    try:
        with bar:
            emulator.embed()
    except KeyboardInterrupt:
        if progress := emulator.embedding_progress:
            note(f"Interrupted: {searchable(progress)}; the same command continues from there.")
        raise
    return emulator.embedding_progress


def follow(emulator: Emulator, news: deque[EmbeddingProgress]) -> None:
    """Show the progress of embedding in the background, and return at its end.

    Args:
        emulator: The emulator, which serves.
        news: Where another thread puts the latest progress; only this thread prints.
    """
    latest = None
    with Embedding() as bar:
        while emulator.is_embedding or news:
            if news:
                latest = news.pop()
                bar(latest)
            time.sleep(_TICK)
    if latest:
        note(f"{searchable(latest)}.")
