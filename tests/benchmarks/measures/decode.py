"""Cost of turning bytes into checked values."""

from collections.abc import Iterator

from tests.benchmarks.bench import Bench
from tests.benchmarks.race import Plan
from tests.benchmarks.results import Line, Target, cpu_line

READERS = (
    "lightfast decode",
    "pydantic, extra allowed",
    "msgspec Struct, drops unknown",
    "cattrs as it comes, drops unknown",
)


def decode(bench: Bench) -> Iterator[Line]:
    """Ten results, no I/O."""
    race = bench.race("orjson.loads", READERS, Plan(seconds=0.05))
    what = "read_search ÷ orjson.loads"
    yield cpu_line("decode", what, race, "lightfast decode", target=Target("≤", 3.3))
