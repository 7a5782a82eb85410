"""What an embedder is, and how far it has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

__all__ = ["Embedder", "EmbeddingProgress"]


class Embedder(Protocol):
    """Texts of similar meaning get vectors that point the same way.

    The index keeps vectors under the embedder's name and never compares those of two names; so whatever
    changes a vector, the model or how texts are prepared for it, must change the name.
    """

    @property
    def name(self) -> str:
        """What its vectors are kept under."""

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, of length 1. Called from several threads at once."""


@attrs.frozen(kw_only=True)
class EmbeddingProgress:
    """How far search by meaning has come.

    Args:
        embedded: How many of the organization's documents can be found by their meaning.
        documents: How many there are.
    """

    embedded: int
    documents: int
