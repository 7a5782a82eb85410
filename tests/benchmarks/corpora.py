"""Made-up corpora whose words are as frequent as words are, and questions about them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

VOCABULARY = 20_000


def words(chance: random.Random, count: int) -> str:
    """Words under Zipf's law, but for the twenty that stand everywhere.

    The commonest left is in every third document.
    """
    return " ".join(f"w{int(20 * (VOCABULARY / 20) ** chance.random())}" for _ in range(count))


def corpus(path: Path, documents: int) -> Path:
    """So many documents of some 47 words as JSON lines."""
    chance = random.Random(7)
    with path.open("w") as file:
        for number in range(documents):
            title = f"Document {number} {words(chance, 6)}"
            file.write(json.dumps({"title": title, "text": words(chance, 40)}) + "\n")
    return path


def questions() -> Iterator[str]:
    """Four words at a time, for ever."""
    chance = random.Random(11)
    while True:
        yield words(chance, 4)


def random_vectors() -> Any:
    """Return an embedder with the real model for questions and chance for documents.

    What documents mean is not measured, only how many there are; the model would take hours.
    """
    import numpy as np

    from lightfast.emulator.embedding.minilm import MiniLM

    class RandomVectors(MiniLM):
        def __init__(self) -> None:
            super().__init__()
            self.name = "random"

        def embed(self, texts: Sequence[str]) -> Any:
            if not texts[0].startswith("Document "):
                return super().embed(texts)
            shape = len(texts), self.dimension
            values = np.random.default_rng(len(texts[0])).standard_normal(shape)
            return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)

    return RandomVectors()
