"""Runs the measures, prints one line for each, and ends with 1 when a target is missed.

``python -m tests.benchmarks [--quick] [--only NAME] [--json FILE]``
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.bench import Bench
from tests.benchmarks.measures import MEASURES
from tests.benchmarks.processes import ContenderError, loopback_server
from tests.benchmarks.results import Line


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, under 90 seconds")
    parser.add_argument("--only", action="append", choices=MEASURES, help="may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results")
    return parser.parse_args(arguments)


def run(names: list[str], *, quick: bool) -> Iterator[Line]:
    """Yield the lines of those measures, as they come."""
    with loopback_server() as origin:
        bench = Bench(origin, quick)
        for name in names:
            lines = measure(name, bench)
            if not quick and not all(line.counts for line in lines):
                print(f"{name}: the control is off; once more")
                lines = measure(name, bench)
            yield from lines


def measure(name: str, bench: Bench) -> list[Line]:
    """Return the lines of one measure; a single one when it could not run."""
    try:
        return list(MEASURES[name](bench))
    except ContenderError as error:
        return [Line(name=name, what="could not run", figure=None, absent={"the base": str(error)})]


def main() -> int:
    """Run and print every measure; return 1 when a target was missed."""
    options = parse()
    began = time.monotonic()
    about = report.conditions(quick=options.quick)
    print(f"Python {about['python']}, {about['system']}; ratios are CPU time unless they say so")
    lines = []
    for line in run(options.only or list(MEASURES), quick=options.quick):
        lines.append(line)
        print(report.headline(line), *report.details(line), sep="\n", flush=True)
    print(f"\nIn short, after {time.monotonic() - began:.0f} s:")
    print(*map(report.headline, lines), sep="\n")
    if options.json:
        document = report.document(lines, about)
        options.json.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return int(any(line.verdict == "MISS" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
