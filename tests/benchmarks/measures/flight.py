"""Many searches at once: against a server that takes its time, and in bulk."""

from collections.abc import Iterator

from tests.benchmarks.bench import Bench
from tests.benchmarks.race import Plan, Race
from tests.benchmarks.results import Line, Target, cpu_line

BASE = "aiohttp + orjson"
OURS = "lightfast async"
LEVELS = (1, 10, 100, 1_000)
MOST = LEVELS[-1]


def in_flight(bench: Bench) -> Iterator[Line]:
    """1, 10, 100 and 1,000 searches on the wire against a server that answers after 5 ms."""
    for level in LEVELS:
        plan = Plan(
            kind="slow",
            concurrency=level,
            rounds=12,
            casts=1 if level == MOST else 2,
            seconds=0.6 if level == MOST else 0.3,
            patience=3,
            place="own",
        )
        peers = [] if bench.quick and level == MOST else ["httpx async"]  # 10 s for two waves
        race = bench.race(BASE, [OURS, *peers], plan)
        yield _throughput(race, level)
        if level == MOST:
            yield _peak(race)


def _throughput(race: Race, level: int) -> Line:
    ours = race.row(OURS)
    return Line(
        name=f"flight-{level}",
        what=f"calls per second ÷ aiohttp's, {level:,} in flight, 5 ms server",
        figure=ours.speed_ratio.median if ours else None,
        target=Target("≥", 0.9),
        control=race.control.speed_ratio.median,
        rows={
            row.name: {
                "calls/s": 1e6 / row.wall.median,
                "speed ÷ base": row.speed_ratio,
                "CPU µs": row.cpu,
                "peak MiB": row.memory["peak"] / 2**20,
            }
            for row in race.rows
        },
        absent=race.absent,
    )


def _peak(race: Race) -> Line:
    ours = race.row(OURS)
    return Line(
        name=f"flight-{MOST}-rss",
        what=f"peak memory of the process, {MOST:,} in flight",
        figure=ours.memory["peak"] / 1e6 if ours else None,
        unit=" MB",
        target=Target("≤", 80),
        absent=race.absent,
    )


def bulk(bench: Bench) -> Iterator[Line]:
    """10,000 queries through `search_many`, eight at a time."""
    calls = bench.fewer(10_000)
    plan = Plan(concurrency=8, rounds=5, casts=1, calls=calls, patience=60)
    race = bench.race(BASE, ["lightfast search_many"], plan)
    what = f"{calls:,} queries through search_many ÷ as many aiohttp calls"
    yield cpu_line("bulk", what, race, "lightfast search_many", target=None)
