"""Cost of an import, added to a bare interpreter's start."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.benchmarks.bench import Bench
from tests.benchmarks.processes import ROOT
from tests.benchmarks.race import CONTROL
from tests.benchmarks.results import Line, Target
from tests.benchmarks.stats import ratio, spread
from tests.benchmarks.system import child_environment

BARE = "bare interpreter"
PROGRAMS = {
    BARE: "pass",
    BARE + CONTROL: "pass",
    "lightfast": "import lightfast",
    "lightfast, both clients named": "from lightfast import AsyncLightfast, Lightfast",
    "aiohttp": "import aiohttp",
    "httpx": "import httpx",
    "requests": "import requests",
    "openai": "import openai",
    "exa-py": "import exa_py",
}


def imports(bench: Bench) -> Iterator[Line]:
    """Fresh interpreters, in rounds; the first, which writes bytecode, is not counted."""
    rounds, patience = (10, 1.0) if bench.quick else (24, 4.0)
    absent = {name: reason for name in PROGRAMS if (reason := _complaint(PROGRAMS[name]))}
    programs = {name: program for name, program in PROGRAMS.items() if name not in absent}
    spans: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for _ in range(rounds):
        _start("pass")  # not counted: it finds the caches full of the last one's things
        for name, program in programs.items():
            if sum(wall for _, wall in spans[name]) < patience:
                spans[name].append(_start(program))
    yield _line(spans, absent)


def _line(spans: dict[str, list[tuple[float, float]]], absent: dict[str, str]) -> Line:
    rows = {}
    for name in spans:
        extra = [
            (own[0] - bare[0], own[1] - bare[1])
            for own, bare in zip(spans[name], spans[BARE], strict=False)
        ]
        rows[name] = {
            "CPU ms over bare": spread([cpu * 1e3 for cpu, _ in extra]),
            "wall ms over bare": spread([wall * 1e3 for _, wall in extra]),
        }
    twins = zip(spans[BARE + CONTROL], spans[BARE], strict=True)
    return Line(
        name="import",
        what="`import lightfast` over a bare interpreter, CPU",
        figure=rows["lightfast"]["CPU ms over bare"].median if "lightfast" in rows else None,
        unit=" ms",
        target=Target("≤", 30),
        control=ratio((own[0], bare[0]) for own, bare in twins).median,
        rows=rows,
        absent=absent,
    )


def _run(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, cwd=ROOT, env=child_environment(), check=False, capture_output=True, text=True
    )


def _complaint(program: str) -> str | None:
    """Return why that program does not run; None when it does."""
    done = _run(program)
    return None if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def _start(program: str) -> tuple[float, float]:
    """CPU and wall seconds from starting an interpreter to its end."""
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _run(program)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - wall
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall
