"""Sentence model in a local folder, as sentence-transformers exports it to ONNX and fastembed keeps it.

What is read: ``model.onnx`` (there or in ``onnx/``), ``tokenizer.json``, the dimension from ``config.json``, and, where
they are there, the length of the longest text from that and two other files, the pooling from ``1_Pooling/config.json``,
and from ``modules.json`` whether there is a step that is not supported. Nothing is downloaded, and no code in the folder is run.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

from lightfast.emulator.embedding.model import OnnxEmbedder
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    import os

    from lightfast.emulator.embedding.model import Pooling

__all__ = ["FolderEmbedder"]

_MODELS = ("model.onnx", "model_optimized.onnx", "model_quantized.onnx")
_MAX_TOKENS = 512
_MAX_CONFIG = 1 << 20  # bytes
# Vectors are compared by their direction, which a division by the root of the length does not change.
_POOLINGS: dict[str, Pooling] = {"cls": "cls", "mean": "mean", "mean_sqrt_len_tokens": "mean"}
# What sentence-transformers wrote before `pooling_mode`.
_POOLING_FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "lasttoken",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_weightedmean_tokens": "weightedmean",
}
_MODULES = {"Transformer", "Pooling", "Normalize"}


class FolderEmbedder(OnnxEmbedder):
    """Embedder of a folder. Its name holds a digest of the files, so that no two models' vectors are mixed.

    Args:
        path: The folder.
        pooling: How the vectors of a text's tokens become one: their mean, or the first one ("cls"). By default as
            ``1_Pooling/config.json`` says; the mean without that file, which fastembed does not keep.

    Raises:
        EmulatorError: There is no folder, or a file that is needed is missing or cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], *, pooling: Pooling | None = None) -> None:
        folder = Path(path).expanduser()
        model = _model(folder)
        tokenizer = folder / "tokenizer.json"
        if not tokenizer.is_file():
            raise EmulatorError(f"The model's folder {folder} has no tokenizer.json.")
        _check_modules(folder / "modules.json")
        max_tokens = _longest(folder)
        pooling = pooling or _pooling(folder / "1_Pooling/config.json")
        dimension = _whole(_config(folder / "config.json").get("hidden_size"))
        if dimension is None:
            raise EmulatorError(f"{folder / 'config.json'} does not say the model's `hidden_size`.")
        super().__init__(
            name=f"{folder.resolve().name}-{_digest(*_parts(model), tokenizer)}-{pooling}-{max_tokens}",
            dimension=dimension,
            load=lambda: (str(model), _tokenizer(tokenizer, max_tokens)),
            pooling=pooling,
        )


def _model(folder: Path) -> Path:
    if not folder.is_dir():
        raise EmulatorError(f"There is no folder {folder} with an embedding model.")
    for place in (folder, folder / "onnx"):
        for name in _MODELS:
            if (path := place / name).is_file():
                return path
    raise EmulatorError(
        f"The folder {folder} has no ONNX model ({', '.join(_MODELS)}, there or in onnx/); with"
        ' sentence-transformers, SentenceTransformer(…, backend="onnx").save_pretrained(…) writes one.'
    )


def _parts(model: Path) -> list[Path]:
    """Return the model's file and those beside it with its weights, such as ``model.onnx_data``."""
    return sorted(path for path in model.parent.iterdir() if path.name.startswith(model.name))


def _tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # noqa: BLE001 - the library raises Exception itself
        raise EmulatorError(f"{path} cannot be read as a tokenizer: {error}") from None
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _check_modules(path: Path) -> None:
    modules = _json(path)
    for module in modules if isinstance(modules, list) else ():
        kind = str(module.get("type") if isinstance(module, dict) else module).rpartition(".")[2]
        if kind not in _MODULES:
            raise EmulatorError(f"{path} names a module {kind!r}, which is not supported.")


def _longest(folder: Path) -> int:
    """Return how many tokens of a text the model reads: different versions write that into different files."""
    known = (
        _config(folder / "sentence_bert_config.json").get("max_seq_length"),
        _config(folder / "tokenizer_config.json").get("model_max_length"),
        _config(folder / "config.json").get("max_position_embeddings"),
    )
    return min((_MAX_TOKENS, *filter(None, map(_whole, known))))


def _pooling(path: Path) -> Pooling:
    config = _config(path)
    found = config.get("pooling_mode")
    if found is None:
        found = [mode for flag, mode in _POOLING_FLAGS.items() if config.get(flag)] or "mean"
    modes = list(map(str, found)) if isinstance(found, list) else [str(found)]
    if len(modes) != 1 or modes[0] not in _POOLINGS:
        raise EmulatorError(
            f"{path} asks for pooling by {', '.join(modes)}, which is not supported."
        )
    return _POOLINGS[modes[0]]


def _config(path: Path) -> dict[str, Any]:
    """Return a JSON file's object; an empty one if there is no such file."""
    found = _json(path)
    return found if isinstance(found, dict) else {}


def _json(path: Path) -> Any:
    """Return what is in a JSON file; None if there is no such file."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            return json.loads(file.read(_MAX_CONFIG))
    except (OSError, ValueError, RecursionError) as error:
        raise EmulatorError(f"{path} cannot be read: {error}") from None


def _whole(value: object) -> int | None:
    return value if type(value) is int and 0 < value <= 1 << 16 else None


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise EmulatorError(f"{path} cannot be read: {error}") from None
    return digest.hexdigest()[:12]
