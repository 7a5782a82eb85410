"""Vectors from any embedder, checked: what it raises or returns in the wrong form becomes one kind of error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lightfast.emulator.embedding.base import Embedder, Vectors

__all__ = ["embed_texts", "unit_rows"]


def embed_texts(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """Return one row of length 1 for each text.

    Raises:
        EmulatorError: The embedder raises, or returns anything else than a row of finite numbers for each text.
    """
    try:
        rows = np.asarray(embedder.embed(texts), np.float64)
    except EmulatorError:
        raise
    except Exception as error:
        raise _error(embedder, f"failed: {type(error).__name__}: {error}") from error
    expected = (len(texts), embedder.dimension)
    if rows.shape != expected:
        raise _error(embedder, f"returned an array of shape {rows.shape} instead of {expected}")
    if not np.isfinite(rows).all():
        raise _error(embedder, "returned numbers that are not finite")
    return unit_rows(rows)


def unit_rows(rows: NDArray[np.floating[Any]]) -> Vectors:
    """Return the rows scaled to length 1; a row of zeros stays one."""
    tiny = np.finfo(rows.dtype).tiny
    # First by the largest number: the squares of large ones are infinite.
    rows = rows / np.maximum(np.abs(rows).max(axis=1, keepdims=True, initial=0), tiny)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    vectors: Vectors = (rows / np.maximum(lengths, tiny)).astype(np.float32)
    return vectors


def _error(embedder: Embedder, what: str) -> EmulatorError:
    return EmulatorError(f"The embedder {embedder.name!r} {what}.")
