"""Sentence embeddings by an ONNX model: tokens in, one vector of length 1 for each text out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lightfast.emulator.embedding.onnx import import_onnxruntime
from lightfast.emulator.embedding.vectors import unit_rows
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from tokenizers import Encoding, Tokenizer

    from lightfast.emulator.embedding.base import Vectors

    Pooling: TypeAlias = Literal["mean", "cls"]
    Source: TypeAlias = bytes | str

__all__ = ["OnnxEmbedder"]

MAX_BATCH = 8  # texts; more at once take more memory and no less time
MAX_CHARACTERS = 4 * 1024  # more than any model's number of tokens


class OnnxEmbedder:
    """Embedder that runs a sentence model. The model is loaded when it is first used.

    Args:
        name: What its vectors are kept under.
        dimension: Number of components of a vector.
        load: Returns the model, as bytes or as a path, and its tokenizer.
        pooling: How the vectors of a text's tokens become one.
    """

    def __init__(
        self,
        name: str,
        dimension: int,
        load: Callable[[], tuple[Source, Tokenizer]],
        pooling: Pooling = "mean",
    ) -> None:
        self.name = name
        self.dimension = dimension
        self._load_model = load
        self._pooling = pooling
        self._lock = threading.Lock()
        self._tokenizer: Tokenizer | None = None
        self._session: Any = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 for each text.

        Raises:
            EmulatorError: The model cannot be used.
        """
        tokenizer = self._load()
        # Not `encode_batch`: it starts threads of its own, and then warns in forked children.
        encoded = [tokenizer.encode(text[:MAX_CHARACTERS]) for text in texts]
        rows = np.empty((len(texts), self.dimension), np.float32)
        for places in _of_equal_length(encoded):
            rows[places] = self._run([encoded[place] for place in places])
        return unit_rows(rows)

    def _run(self, batch: Sequence[Encoding]) -> Vectors:
        ids = np.array([text.ids for text in batch], dtype=np.int64)
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        wanted = {given.name for given in self._session.get_inputs()}
        try:
            states = self._session.run(None, {n: v for n, v in inputs.items() if n in wanted})[0]
        except Exception as error:  # noqa: BLE001 - the library's errors have no common class
            raise EmulatorError(f"The model {self.name!r} cannot be run: {error}") from None
        vectors = self._pooled(states)
        if vectors.shape != (len(batch), self.dimension):
            raise EmulatorError(
                f"The model {self.name!r} gives vectors of another dimension than {self.dimension}."
            )
        return vectors

    def _pooled(self, states: Any) -> Vectors:
        if states.ndim == 3:  # else the model pools, too
            states = states[:, 0] if self._pooling == "cls" else states.mean(axis=1)
        return states  # type: ignore[no-any-return]

    def _load(self) -> Tokenizer:
        with self._lock:
            if self._tokenizer is None:
                model, tokenizer = self._load_model()
                tokenizer.no_padding()
                try:
                    self._session = _session(model)
                except Exception as error:  # noqa: BLE001 - the library's errors have no common class
                    raise EmulatorError(
                        f"The model {self.name!r} cannot be loaded: {error}"
                    ) from None
                self._tokenizer = tokenizer
            return self._tokenizer


def _of_equal_length(encoded: Sequence[Encoding]) -> Iterator[list[int]]:
    """Yield the places of texts that can be run together: without padding, nothing is computed in vain."""
    lengths: dict[int, list[int]] = {}
    for place, text in enumerate(encoded):
        lengths.setdefault(len(text.ids), []).append(place)
    for places in lengths.values():
        yield from (places[n : n + MAX_BATCH] for n in range(0, len(places), MAX_BATCH))


def _session(model: Source) -> Any:
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    # On the calling thread alone: it may be one of low priority.
    options.log_severity_level = 4  # what goes wrong is raised, not printed
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
