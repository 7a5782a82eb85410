"""One chart: the client's CPU time per call, every contender, on a linear scale from zero."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

PANELS = {
    "async-sequential": "async, one call after another",
    "sync-1": "sync, one thread",
}
OURS, LIMIT, BASE, OTHERS = "#1f6f5c", "#b9b9b9", "#6b7785", "#d9a15b"


def draw(document: Mapping[str, Any], path: Path) -> None:
    """Write the chart of a run's document as SVG.

    Raises:
        SystemExit: The run measured nothing that is drawn.
    """
    mpl.rcParams.update({"svg.hashsalt": "lightfast", "font.size": 10})
    measures = {measure["name"]: measure for measure in document["measures"]}
    panels = [name for name in PANELS if name in measures]
    if not panels:
        raise SystemExit(f"the chart shows {' and '.join(PANELS)}; this run measured neither")
    figure = Figure(figsize=(8.4, 0.9 + 2.6 * len(panels)), facecolor="white", layout="constrained")
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for name, panel in zip(panels, axes, strict=True):
        _panel(panel, PANELS[name], measures[name]["rows"])
    axes[-1].set_xlabel("client CPU per search in µs, and ÷ the base (grey); shorter is better")
    figure.savefig(path, format="svg", metadata={"Date": None})


def _panel(axes: Axes, title: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
    shown = {name: row for name, row in rows.items() if not name.endswith("(control)")}
    names = sorted(shown, key=lambda name: shown[name]["CPU µs"]["median"], reverse=True)
    values = [shown[name]["CPU µs"]["median"] for name in names]
    base = next(iter(rows))
    bars = axes.barh(names, values, color=[_colour(name, base) for name in names], height=0.7)
    labels = [
        f"{value:.0f} µs  ({shown[name]['CPU ÷ base']['median']:.2f}x)"
        for name, value in zip(names, values, strict=True)
    ]
    axes.bar_label(bars, labels, padding=4)
    # From zero, so that a bar twice as long is twice the time; room for the longest label.
    axes.set_xlim(0, max(axes.get_xlim()[1], max(values) * 1.25))
    axes.set_title(title, loc="left", fontweight="bold")
    axes.axvline(rows[base]["CPU µs"]["median"], color=BASE, linewidth=0.8, linestyle=":")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _colour(name: str, base: str) -> str:
    if name.startswith("lightfast"):
        return OURS
    if name == "raw socket":
        return LIMIT
    return BASE if name == base else OTHERS
