"""Results of a measure: one line with a target, a figure and a verdict, and everybody's figures."""

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from tests.benchmarks.race import Race, Row
from tests.benchmarks.stats import Spread

Value = Spread | float
CONTROL_TOLERANCE = 0.05


@attrs.frozen
class Target:
    """A bound that the figure must keep."""

    sign: Literal["≤", "≥"]
    bound: float

    def holds(self, figure: float) -> bool:
        """Tell whether that figure is good enough."""
        return figure <= self.bound if self.sign == "≤" else figure >= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"


@attrs.frozen(kw_only=True)
class Line:
    """One measure's outcome.

    Args:
        name: The measure, as ``--only`` takes it.
        what: What the figure is.
        figure: The figure; None when what it measures could not run.
        unit: Its unit; empty for a ratio.
        target: What it must keep, if anything.
        control: What a duplicate of the base read, if the figure is a ratio.
        tolerance: How far from 1 the control may be.
        rows: Everybody's figures, under headings that carry their unit.
        absent: Who could not take part, and why.
    """

    name: str
    what: str
    figure: float | None
    unit: str = ""
    target: Target | None = None
    control: float | None = None
    tolerance: float = CONTROL_TOLERANCE
    rows: Mapping[str, Mapping[str, Value]] = attrs.field(factory=dict)
    absent: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def counts(self) -> bool:
        """Tell whether the control reads what it must."""
        return self.control is None or abs(self.control - 1) <= self.tolerance

    @property
    def verdict(self) -> str:
        """``pass``, ``MISS``, or why there is neither."""
        if self.figure is None:
            return "SKIPPED"
        if not self.counts:
            return f"no verdict: the control reads {self.control:.3f}"
        if self.target is None:
            return "no target"
        return "pass" if self.target.holds(self.figure) else "MISS"

    def as_json(self) -> dict[str, Any]:
        """Return the line in plain values."""
        rows = {
            name: {
                heading: attrs.asdict(value) if isinstance(value, Spread) else value
                for heading, value in values.items()
            }
            for name, values in self.rows.items()
        }
        return {
            "name": self.name,
            "what": self.what,
            "target": str(self.target) if self.target else None,
            "figure": self.figure,
            "unit": self.unit,
            "verdict": self.verdict,
            "control": self.control,
            "rows": rows,
            "absent": dict(self.absent),
        }


def cpu_line(
    name: str,
    what: str,
    race: Race,
    contender: str,
    *,
    target: Target | None,
    tolerance: float = CONTROL_TOLERANCE,
) -> Line:
    """Return a line whose figure is a contender's CPU time per call ÷ the base's."""
    row = race.row(contender)
    return Line(
        name=name,
        what=what,
        figure=row.cpu_ratio.median if row else None,
        target=target,
        control=race.control.cpu_ratio.median,
        tolerance=tolerance,
        rows={row.name: _cpu_values(row) for row in race.rows},
        absent=race.absent,
    )


def _cpu_values(row: Row) -> dict[str, Value]:
    return {
        "CPU µs": row.cpu,
        "wall µs": row.wall,
        "CPU ÷ base": row.cpu_ratio,
        "wall ÷ base": row.wall_ratio,
    }
