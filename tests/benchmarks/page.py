"""Writes what runs said into the page "How fast, and why", and draws its chart.

``python -m tests.benchmarks.page RUN.json [RUN.json …]``: the documents of ``--json``. The first is
charted and compared with every peer; the others stand beside it.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.plot import draw
from tests.benchmarks.processes import ROOT
from tests.benchmarks.race import CONTROL

PAGE = ROOT / "docs/explanation/how-fast.md"
CHART = ROOT / "docs/images/how-fast.svg"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"

Run = Mapping[str, Any]

PEERS = {
    "Awaited": {
        "async-sequential": "one after another",
        "async-50": "50 at once",
        "async-100-results": "100 results",
    },
    "Blocking": {"sync-1": "one thread", "sync-8": "8 threads"},
    "Decoding alone": {"decode": "10 results"},
}


def main() -> None:
    """Rewrites the page between its marks, and the chart."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.page", description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN.json")
    runs = [json.loads(path.read_text("utf-8")) for path in parser.parse_args().runs]
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    figures = "\n".join(_figures(runs))
    PAGE.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}", "utf-8")
    draw(runs[0], CHART)


def _figures(runs: Sequence[Run]) -> Iterator[str]:
    yield "### Targets\n"
    yield from _targets(runs)
    for title, measures in PEERS.items():
        yield f"\n### {title}\n"
        yield from _peers(runs[0], measures)
    yield "\n### Measured with\n"
    yield from dict.fromkeys(map(_conditions, runs))


def _targets(runs: Sequence[Run]) -> Iterator[str]:
    """One row for each measure that has a target, or says how something grows."""
    found = [{line["name"]: line for line in run["measures"]} for run in runs]
    yield from _head("What", "Target", *(_label(runs, n) for n in range(len(runs))))
    for name, line in found[0].items():
        cells = [_figure(one.get(name)) for one in found]
        yield _row(
            line["what"], f"{line['target'] or '-'}{line['unit'] * bool(line['target'])}", *cells
        )


def _label(runs: Sequence[Run], number: int) -> str:
    python = ".".join(runs[number]["python"].split(".")[:2])
    again = sum(run["python"] == runs[number]["python"] for run in runs[:number])
    return f"Python {python}" + (", again" if again else "")


def _figure(line: Mapping[str, Any] | None) -> str:
    if line is None or line["figure"] is None:
        return "-"
    figure = _number(line["figure"]) + line["unit"]
    if line["verdict"].startswith("no verdict"):
        return f"({figure})"
    return f"**{figure}** missed" if line["verdict"] == "MISS" else figure


def _peers(run: Run, measures: Mapping[str, str]) -> Iterator[str]:
    """One row for each contender: microseconds of CPU, and how many times the base's."""
    found = {line["name"]: line for line in run["measures"]}
    present = {name: title for name, title in measures.items() if name in found}
    yield from _head("", *present.values())
    contenders = dict.fromkeys(row for name in present for row in found[name]["rows"])
    for contender in contenders:
        if not contender.endswith(CONTROL):
            rows = [found[name]["rows"].get(contender) for name in present]
            yield _row(contender, *map(_cost, rows))


def _cost(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "-"
    return f"{_number(row['CPU µs']['median'])} µs · {row['CPU ÷ base']['median']:.2f}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _conditions(run: Run) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in run["versions"].items())
    return f"- Python {run['python']}, {run['system']}: {versions}"


def _head(*titles: str) -> Iterator[str]:
    yield _row(*titles)
    yield _row("---", *("--:" for _ in titles[1:]))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
