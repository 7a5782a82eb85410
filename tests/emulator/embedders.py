"""Embedders for tests: small, deterministic, and as slow or broken as a test wants."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightfast.emulator.embedding.base import Vectors

# Words that mean the same to `Synonyms`.
SYNONYMS = {"signin": "login", "authentication": "login", "auto": "car", "vehicle": "car"}


class Synonyms:
    """A word is a direction; synonyms are one word; texts are the sum of their words.

    Args:
        name: What its vectors are kept under.
        delay: Seconds that a text takes.
    """

    dimension = 512

    def __init__(self, name: str = "synonyms", *, delay: float = 0.0) -> None:
        self.name = name
        self.texts: list[str] = []
        self.threads: set[str] = set()
        self._delay = delay

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        self.threads.add(threading.current_thread().name)
        time.sleep(self._delay * len(texts))
        return np.stack([self._embed(text) for text in texts])

    def _embed(self, text: str) -> Vectors:
        total = np.zeros(self.dimension, np.float32)
        for word in text.lower().split():
            digest = hashlib.sha256(f"{self.name} {SYNONYMS.get(word, word)}".encode()).digest()
            total[int.from_bytes(digest[:4]) % self.dimension] += 1
        length = np.linalg.norm(total)
        return total / length if length else total


class Gated(Synonyms):
    """Embeds documents in the background a batch at a time, whenever it is let; queries always."""

    def __init__(self) -> None:
        super().__init__()
        self._gate = threading.Semaphore(0)

    def let(self, batches: int = 1) -> None:
        """Let it embed so many batches more."""
        self._gate.release(batches)

    def embed(self, texts: Sequence[str]) -> Vectors:
        if threading.current_thread().name == "lightfast-emulator-embedding":
            assert self._gate.acquire(timeout=PATIENCE)
        return super().embed(texts)


class Stuck(Synonyms):
    """Embeds one batch, and is stuck in the next."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self.texts:
            time.sleep(PATIENCE)
        return super().embed(texts)
