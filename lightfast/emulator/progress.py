"""How far the emulator has come with what it does behind its answers."""

from __future__ import annotations

import attrs

__all__ = ["EmbeddingProgress"]


@attrs.frozen(kw_only=True)
class EmbeddingProgress:
    """How far search by meaning has come.

    Args:
        embedded: How many of the organization's documents can be found by their meaning.
        documents: How many there are.
    """

    embedded: int
    documents: int
