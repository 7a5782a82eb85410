"""Interface of an embedder, and its progress."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

__all__ = ["LEAST_COSINE", "Embedder", "EmbeddingProgress", "embedded_text", "text_hash"]

LEAST_COSINE = 0.3  # what is less alike than that has nothing to do with the query
MOST = 4096  # characters of a text that are embedded


def embedded_text(title: str, body: str) -> str:
    """Return what is embedded of a passage."""
    return f"{title[:MOST]}\n{body}"[:MOST]


def text_hash(title: str, body: str) -> bytes:
    """Return what the vector of a passage is kept under."""
    text = embedded_text(title, body).encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=16).digest()


class Embedder(Protocol):
    """Embedder: texts of similar meaning get vectors that point the same way.

    The index keeps vectors under the embedder's name and never compares those of two names; so whatever
    changes a vector, the model or how texts are prepared for it, must change the name.
    """

    @property
    def name(self) -> str:
        """Name that its vectors are stored under."""

    @property
    def dimension(self) -> int:
        """Number of components of a vector."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text; its length does not matter. Called from several threads at once."""


@attrs.frozen(kw_only=True)
class EmbeddingProgress:
    """Progress of embedding.

    Args:
        embedded: Number of the organization's documents that can be found by their meaning.
        documents: Number of all its documents.
    """

    embedded: int
    documents: int

    @property
    def share(self) -> float:
        """Share of the documents that can be found by their meaning, from 0 to 1."""
        return self.embedded / self.documents if self.documents else 1.0
