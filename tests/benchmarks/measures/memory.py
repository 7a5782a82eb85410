"""Memory of a client that lives long: does it keep growing?"""

from collections.abc import Iterator

from tests.benchmarks.bench import Bench
from tests.benchmarks.processes import ContenderError, worker
from tests.benchmarks.results import Line, Target, Value

CALLS, QUERIES = 10_000, 100_000
BULK = "lightfast search_many"
CONTENDERS = ("lightfast async", "lightfast", "aiohttp + orjson", "urllib3 + orjson")


def growth(bench: Bench) -> Iterator[Line]:
    """Resident memory after warm-up and again 10,000 calls later."""
    rows: dict[str, dict[str, Value]] = {}
    absent: dict[str, str] = {}
    for name in CONTENDERS[:3] if bench.quick else CONTENDERS:
        try:
            rows[name] = dict(_growth(bench, name, bench.fewer(CALLS)))
        except ContenderError as error:
            absent[name] = str(error)
    ours = [rows[name]["KiB grown"] for name in CONTENDERS[:2] if name in rows]
    yield Line(
        name="memory",
        what=f"growth over {bench.fewer(CALLS):,} calls, the worse of both clients",
        figure=max((value for value in ours if isinstance(value, float)), default=None),
        unit=" KiB",
        target=Target("≤", 64),
        rows=rows,
        absent=absent,
    )
    queries = bench.fewer(QUERIES)
    bulk = _growth(bench, BULK, queries, concurrency=8)
    yield Line(
        name="bulk-memory",
        what=f"growth over {queries:,} queries in one search_many",
        figure=bulk["KiB grown"],
        unit=" KiB",
        target=Target("≤", 64),
        rows={BULK: dict(bulk)},
    )


def _growth(bench: Bench, name: str, calls: int, concurrency: int = 1) -> dict[str, float]:
    with worker(
        name, bench.origin, kind="ten", concurrency=concurrency, place="server's"
    ) as contender:
        contender.wait()
        contender.run(calls // 2, concurrency)
        before = contender.memory()
        contender.run(calls, concurrency)
        after = contender.memory()
    return {
        "KiB grown": (after["resident"] - before["resident"]) / 1024,
        "blocks grown": float(after["blocks"] - before["blocks"]),
        "peak MiB": after["peak"] / 2**20,
    }
