"""Every measure: a function from a bench to the lines it prints.

A new one is a function here or in a module beside, entered in the table under its name.
"""

from collections.abc import Callable, Iterable

from tests.benchmarks.bench import Bench
from tests.benchmarks.measures import calls, decode, emulator, flight, imports, memory
from tests.benchmarks.results import Line

Measure = Callable[[Bench], Iterable[Line]]

MEASURES: dict[str, Measure] = {
    "async-sequential": calls.async_sequential,
    "async-50": calls.async_fifty,
    "async-100-results": calls.async_hundred_results,
    "sync-1": calls.sync_one_thread,
    "sync-8": calls.sync_eight_threads,
    "retries": calls.retries,
    "decode": decode.decode,
    "import": imports.imports,
    "memory": memory.growth,
    "flight": flight.in_flight,
    "bulk": flight.bulk,
    "emulator": emulator.emulator,
    "local": emulator.local,
}
