"""Observations that a program gives while the emulator serves."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any

import orjson

from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.sources.corpus import FORMAT, Changes
from lightfast.emulator.sources.observations import observation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightfast.emulator.sources.documents import Document

__all__ = ["Seeds"]

MAX_SEEDS = 100_000


class Seeds:
    """Corpus of observations in memory: those of an earlier run are gone."""

    kind = "observations"
    location = "seeds"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._documents: dict[str, tuple[bytes, Document]] = {}

    def add(self, observations: Iterable[Mapping[str, Any]]) -> None:
        """Add observations; one with a known id replaces the former.

        Raises:
            EmulatorError: One is not an observation, or there are too many.
        """
        found = {}
        for number, item in enumerate(observations):
            try:
                line = orjson.dumps(item)
                document = observation(line)
            except (TypeError, ValueError) as error:
                raise EmulatorError(f"Observation {number}: {error}.") from None
            found[document.id] = (line, document)
        with self._lock:
            if len(self._documents | found) > MAX_SEEDS:
                raise EmulatorError(f"There are more than {MAX_SEEDS:,} observations; reset first.")
            self._documents = self._documents | found

    def clear(self) -> None:
        """Remove all observations."""
        with self._lock:
            self._documents = {}

    def changes(self, last: dict[str, Any] | None) -> Changes | None:
        """Return all observations, if they are others than before."""
        with self._lock:
            documents = self._documents
        digest = hashlib.blake2b(digest_size=16)
        for line, _ in documents.values():
            digest.update(line + b"\n")
        state = {"format": FORMAT, "digest": digest.hexdigest()}
        if state == last or (last is None and not documents):
            return None
        items = ([document] for _, document in documents.values())
        return Changes(state=state, total=len(documents), items=items, rebuild=True)
