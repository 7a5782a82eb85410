"""Cost of one call to the client, in CPU time."""

from collections.abc import Iterator

import attrs

from tests.benchmarks.bench import Bench
from tests.benchmarks.race import Plan
from tests.benchmarks.results import Line, Target, cpu_line

ASYNC_BASE = "aiohttp + orjson"
SYNC_BASE = "urllib3 + orjson"
AWAITED = f"typed awaited call ÷ untyped {ASYNC_BASE}"
BLOCKING = f"typed blocking call ÷ untyped {SYNC_BASE}"
ASYNC = (
    "lightfast async",
    "raw socket",
    "aiohttp tuned + orjson",
    "httpx async",
    "exa-py async",
    "openai async",
)
SYNC = ("lightfast", "lightfast[speedups]", "raw socket", "requests", "httpx", "exa-py", "openai")


def _async(bench: Bench, name: str, what: str, target: Target, plan: Plan) -> Line:
    race = bench.race(ASYNC_BASE, ASYNC, plan)
    return cpu_line(name, what, race, "lightfast async", target=target)


def _sync(bench: Bench, name: str, what: str, target: Target, plan: Plan) -> Iterator[Line]:
    """Without uvloop and with it on the server's core and, without a target, on all cores.

    On several idle cores, the threads of any client fight over the interpreter's lock, which
    makes the base itself dearer and every ratio smaller; on a busy machine they do not.
    """
    race = bench.race(SYNC_BASE, SYNC, plan)
    yield cpu_line(name, what, race, SYNC[0], target=target)
    faster = cpu_line(
        f"{name}-uvloop", f"{what}, with the extra speedups", race, SYNC[1], target=target
    )
    yield attrs.evolve(faster, rows={})  # the table of the line above has them
    race = bench.race(SYNC_BASE, SYNC[:4], attrs.evolve(plan, place="anywhere"))
    yield cpu_line(f"{name}-all-cores", f"{what}, on all cores", race, SYNC[0], target=None)


def async_sequential(bench: Bench) -> Iterator[Line]:
    """One call after another."""
    yield _async(bench, "async-sequential", AWAITED, Target("≤", 1.20), Plan())


def async_fifty(bench: Bench) -> Iterator[Line]:
    """Fifty calls at once."""
    what = f"{AWAITED}, 50 at once"
    yield _async(bench, "async-50", what, Target("≤", 1.20), Plan(concurrency=50, seconds=0.1))


def async_hundred_results(bench: Bench) -> Iterator[Line]:
    """Pages ten times as long."""
    what = f"{AWAITED}, 100 results"
    yield _async(bench, "async-100-results", what, Target("≤", 2.0), Plan(kind="hundred"))


def sync_one_thread(bench: Bench) -> Iterator[Line]:
    """One thread, one call after another."""
    return _sync(bench, "sync-1", BLOCKING, Target("≤", 1.0), Plan())


def sync_eight_threads(bench: Bench) -> Iterator[Line]:
    """Eight threads that share one client."""
    what = f"{BLOCKING}, 8 threads sharing one client"
    plan = Plan(concurrency=8, seconds=0.1)
    return _sync(bench, "sync-8", what, Target("≤", 0.75), plan)


def retries(bench: Bench) -> Iterator[Line]:
    """Measure the retry machinery's cost to a call that succeeds."""
    race = bench.race(
        "lightfast without retries", ["lightfast async"], Plan(rounds=32, casts=4, seconds=0.08)
    )
    yield cpu_line(
        "retries",
        "call with retries ÷ call without, both succeeding",
        race,
        "lightfast async",
        target=Target("≤", 1.02),
        tolerance=0.02,
    )
