"""How fast the emulator indexes and answers: ``python -m tests.quality.speed [documents]``.

Documents are made up of words as frequent as words are; their vectors are random, since only their number
matters. Queries are embedded by the real model. A figure means something on a quiet machine only.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import numpy as np

from lightfast.emulator import Emulator
from lightfast.emulator.minilm import MiniLM

if TYPE_CHECKING:
    from collections.abc import Sequence

SEARCHES = 200
VOCABULARY = 20_000


class RandomVectors(MiniLM):
    """The model for queries, chance for documents."""

    name = "random"

    def embed(self, texts: Sequence[str]) -> Any:
        if not texts[0].startswith("Document "):
            return super().embed(texts)
        values = np.random.default_rng(len(texts[0])).standard_normal((len(texts), self.dimension))
        return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def words(chance: random.Random, count: int) -> str:
    # Zipf's law without the twenty words that stand everywhere: the commonest left is in every third document.
    return " ".join(f"w{int(20 * (VOCABULARY / 20) ** chance.random())}" for _ in range(count))


def corpus(path: Path, documents: int) -> Path:
    chance = random.Random(7)
    with path.open("w") as file:
        for number in range(documents):
            title = f"Document {number} {words(chance, 6)}"
            file.write(json.dumps({"title": title, "text": words(chance, 40)}) + "\n")
    return path


async def answers(emulator: Emulator, mode: str, seconds: float = 0.0) -> list[float]:
    """The times of searches one after the other, in milliseconds."""
    chance = random.Random(11)
    headers = {"Authorization": f"Bearer {emulator.create_api_key()}"}
    times: list[float] = []
    end = time.perf_counter() + seconds
    async with aiohttp.ClientSession(headers=headers) as http:
        while len(times) < SEARCHES or time.perf_counter() < end:
            body = {"query": words(chance, 4), "mode": mode}
            before = time.perf_counter()
            async with http.post(f"{emulator.base_url}/search", json=body) as answer:
                await answer.read()
            times.append(1000 * (time.perf_counter() - before))
    return times


def tell(what: str, times: list[float], target: float | None = None) -> None:
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[18]
    aim = f"  (target {target:g})" if target else ""
    print(f"{what:44} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms{aim}", flush=True)


def indexed(path: Path, database: Path) -> None:
    emulator = Emulator([path], database=database, embedder=None)
    before, cpu = time.perf_counter(), time.process_time()
    count = emulator.refresh()
    wall, busy = time.perf_counter() - before, time.process_time() - cpu
    emulator.close()
    print(f"{'indexed':44} {count / wall:,.0f} documents/s, {count / busy:,.0f} per second of CPU")


async def searched(path: Path, database: Path) -> None:
    async with Emulator([path], database=database, embedder=None) as emulator:
        await answers(emulator, "fast")
        tell("words alone, fast", await answers(emulator, "fast"), 40)
        tell("words alone, balanced", await answers(emulator, "balanced"), 40)
    vectors = RandomVectors()
    async with Emulator(
        [path], database=database, embedder=vectors, embed_behind=False
    ) as emulator:
        await asyncio.to_thread(emulator.embed)
        before = time.perf_counter()
        await answers(emulator, "fast")
        print(f"{'first searches with vectors':44} {time.perf_counter() - before:.1f} s")
        for mode in ("fast", "balanced", "thorough"):
            tell(f"with vectors, {mode}", await answers(emulator, mode), 90)


async def embedding_behind(path: Path) -> None:
    async with Emulator([path], embedder=None) as emulator:
        tell("3,000 documents, words alone", await answers(emulator, "balanced", 5))
    async with Emulator([path], embedder=MiniLM()) as emulator:
        tell("3,000 documents, while they are embedded", await answers(emulator, "balanced", 5))
        print(f"{'':44} {emulator.embedding_progress}")


def main() -> None:
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as place:
        few = corpus(Path(place, "few.jsonl"), 3000)
        many, database = corpus(Path(place, "many.jsonl"), documents), Path(place, "many.sqlite3")
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {documents:,} documents")
        indexed(many, database)
        asyncio.run(searched(many, database))
        asyncio.run(embedding_behind(few))


if __name__ == "__main__":
    main()
