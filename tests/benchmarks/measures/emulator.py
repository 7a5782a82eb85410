"""Speed of the emulator: reading a corpus, answering over HTTP, and how both grow.

Times are wall-clock: what somebody waits for. They mean something on a quiet machine only.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import attrs

from lightfast.emulator import Emulator
from tests.benchmarks.bench import Bench
from tests.benchmarks.corpora import corpus, questions, random_vectors
from tests.benchmarks.processes import ROOT, ContenderError
from tests.benchmarks.results import Line, Target
from tests.benchmarks.stats import Spread, spread
from tests.benchmarks.system import child_environment

FEW, DOCUMENTS, MANY = 3_000, 50_000, 200_000
SEARCHES = 200
TICK = 0.001  # seconds
QUESTION = "how are failed requests retried?"


def emulator(bench: Bench) -> Iterator[Line]:
    """Indexing and searching 50,000 documents and, in a full run, 200,000."""
    with tempfile.TemporaryDirectory() as place:
        yield from _of_size(Path(place), DOCUMENTS, Target("≤", 40), Target("≤", 90))
        if not bench.quick:
            yield from _of_size(Path(place), MANY, None, None)
        yield _while_embedding(corpus(Path(place, "few.jsonl"), FEW))


def _of_size(
    place: Path, documents: int, lexical: Target | None, balanced: Target | None
) -> Iterator[Line]:
    path, database = corpus(place / "corpus.jsonl", documents), place / f"{documents}.sqlite3"
    yield _indexed(path, database, documents)
    name, what = f"search-{documents // 1000}k", f"over HTTP, {documents:,} documents"
    words = asyncio.run(_searched(path, database, by_meaning=False))
    yield _waiting(f"{name}-lexical", f"p95 of a lexical search {what}", words, "balanced", lexical)
    meaning = asyncio.run(_searched(path, database, by_meaning=True))
    yield _waiting(
        f"{name}-balanced", f"p95 of a balanced search {what}", meaning, "balanced", balanced
    )
    yield Line(
        name=f"{name}-loop",
        what=f"p99 of what the event loop kept a timer waiting, {documents:,} documents",
        figure=max(found.pause for found in (words, meaning)) * 1e3,
        unit=" ms",
        target=Target("≤", 10),  # threads hand the interpreter over after 5
    )


def _indexed(path: Path, database: Path, documents: int) -> Line:
    emulator = Emulator([path], database=database, embedder=None)
    wall, cpu = time.perf_counter(), time.process_time()
    emulator.refresh()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    emulator.close()
    return Line(
        name=f"index-{documents // 1000}k",
        what=f"documents indexed lexically in a second of CPU, {documents:,} in all",
        figure=documents / cpu,
        target=Target("≥", 5_000),
        rows={"emulator": {"per CPU second": documents / cpu, "per second": documents / wall}},
    )


@attrs.frozen
class _Searched:
    """The seconds of searches in each mode, and what the event loop kept a timer waiting."""

    seconds: dict[str, list[float]]
    pause: float


async def _searched(path: Path, database: Path, *, by_meaning: bool) -> _Searched:
    embedder = random_vectors() if by_meaning else None
    async with Emulator(
        [path], database=database, embedder=embedder, embed_behind=False
    ) as emulator:
        if by_meaning:
            await asyncio.to_thread(emulator.embed)
        async with _client(emulator) as http:
            await _search(http, "balanced")  # loads what is kept in memory
            pauses: list[float] = []
            ticking = asyncio.create_task(_tick(pauses))
            seconds = {mode: await _search(http, mode) for mode in ("fast", "balanced", "thorough")}
            ticking.cancel()
            return _Searched(seconds, statistics.quantiles(pauses, n=100)[98])


def _client(emulator: Emulator) -> aiohttp.ClientSession:
    headers = {"Authorization": f"Bearer {emulator.create_api_key()}"}
    return aiohttp.ClientSession(f"{emulator.base_url}/", headers=headers)


async def _search(http: aiohttp.ClientSession, mode: str) -> list[float]:
    """Return the seconds that searches take, one after the other."""
    seconds = []
    for _, question in zip(range(SEARCHES), questions(), strict=False):
        began = time.perf_counter()
        async with http.post("search", json={"query": question, "mode": mode}) as answer:
            answer.raise_for_status()
            await answer.read()
        seconds.append(time.perf_counter() - began)
    return seconds


async def _tick(pauses: list[float]) -> None:
    """Record how long the running loop leaves a timer waiting, until cancelled."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(TICK)
        pauses.append(time.perf_counter() - began - TICK)


def _waiting(name: str, what: str, searched: _Searched, judged: str, target: Target | None) -> Line:
    return Line(
        name=name,
        what=what,
        figure=_p95(searched.seconds[judged]),
        unit=" ms",
        target=target,
        rows={
            mode: {"ms": spread([1e3 * one for one in seconds]), "p95 ms": _p95(seconds)}
            for mode, seconds in searched.seconds.items()
        },
    )


def _while_embedding(path: Path) -> Line:
    """Measure what embedding in the background costs searches, at the real model's pace."""
    from lightfast.emulator.embedding.minilm import MiniLM

    alone = asyncio.run(_balanced(Emulator([path], embedder=None)))
    meanwhile = asyncio.run(_balanced(Emulator([path], embedder=MiniLM())))
    rows = {"words alone": alone, "while documents are embedded": meanwhile}
    return Line(
        name="search-embedding",
        what=f"p95 of a balanced search while {FEW:,} documents are embedded behind it",
        figure=_p95(meanwhile),
        unit=" ms",
        rows={
            name: {"ms": spread([1e3 * one for one in seconds]), "p95 ms": _p95(seconds)}
            for name, seconds in rows.items()
        },
    )


async def _balanced(emulator: Emulator) -> list[float]:
    async with emulator, _client(emulator) as http:
        await _search(http, "balanced")
        return await _search(http, "balanced")


def _p95(seconds: list[float]) -> float:
    return 1e3 * statistics.quantiles(seconds, n=20)[18]


# --- the command line -------------------------------------------------------------------------


def local(bench: Bench) -> Iterator[Line]:
    """``lightfast search --local`` on this repository, from the first time on."""
    runs = 3 if bench.quick else 7
    for kind, embedder, aim in (("lexical", "none", 1.0), ("with the model", "", 2.0)):
        slug = "lexical" if embedder else "model"
        with tempfile.TemporaryDirectory() as cache:
            cold = _command(cache, embedder)
            yield _taken(f"local-cold-{slug}", f"a cold `search --local`, {kind}", [cold], 3.0)
            for _ in range(runs):  # the model has been given half a second in each
                _command(cache, embedder)
            warm = [_command(cache, embedder) for _ in range(runs)]
            yield _taken(f"local-warm-{slug}", f"a warm one, {kind}", warm, aim)


def _command(cache: str, embedder: str) -> float:
    """Return the seconds of one command, from its start to its end."""
    environment = child_environment() | {"XDG_CACHE_HOME": cache, "LIGHTFAST_EMBEDDER": embedder}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "lightfast", "search", "--local", os.fspath(ROOT), QUESTION],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ContenderError(done.stderr.strip() or "the command failed")
    return time.perf_counter() - began


def _taken(name: str, what: str, seconds: list[float], aim: float) -> Line:
    taken: Spread = spread(seconds)
    return Line(
        name=name,
        what=what,
        figure=taken.median,
        unit=" s",
        target=Target("≤", aim),
        rows={"lightfast search --local": {"s": taken}},
    )
