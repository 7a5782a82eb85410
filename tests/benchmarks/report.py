"""The printed table and the JSON document."""

import os
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tests.benchmarks.results import Line, Value
from tests.benchmarks.stats import Spread

PACKAGES = (
    "lightfast", "aiohttp", "attrs", "cattrs", "orjson", "tenacity", "httpx", "requests",
    "urllib3", "exa-py", "openai", "pydantic", "msgspec",
)  # fmt: skip


def headline(line: Line) -> str:
    """One line: name, target, figure, verdict."""
    figure = "-" if line.figure is None else f"{line.figure:.3g}{line.unit}"
    target = f"target {line.target}{line.unit}" if line.target else "no target"
    control = "" if line.control is None else f"  control {line.control:.3f}"
    return f"{line.name:<18} {target:<16} {figure:>9}  {line.verdict}{control}  — {line.what}"


def details(line: Line) -> Iterable[str]:
    """Everybody's figures, one contender a line, and who is missing."""
    if line.rows:
        headings = next(iter(line.rows.values())).keys()
        yield f"    {'':36}" + "".join(f"{heading:>22}" for heading in headings)
    for name, values in line.rows.items():
        yield f"    {name:36}" + "".join(f"{_cell(value):>22}" for value in values.values())
    for name, reason in line.absent.items():
        yield f"    !!! {name} TOOK NO PART: {reason}"


def _cell(value: Value) -> str:
    if isinstance(value, Spread):
        return f"{_number(value.median)} [{_number(value.low)} {_number(value.high)}]"
    return _number(value)


def _number(value: float) -> str:
    return f"{value:.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2}f}"


def conditions(*, quick: bool) -> dict[str, Any]:
    """Return the machine and the versions that the figures were measured with."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "quick": quick,
        "versions": dict(_versions()),
    }


def _versions() -> Iterable[tuple[str, str]]:
    for package in PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            yield package, "not installed"


def document(lines: Iterable[Line], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole run in plain values."""
    return {**about, "measures": [line.as_json() for line in lines]}
