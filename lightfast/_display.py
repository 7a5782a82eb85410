"""Results for notebooks and data frames: an HTML table, and rows of plain values. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lightfast.exceptions import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["COLUMNS", "data_frame", "html_table", "polars_frame", "row_of"]

# Columns of a row; `path` and `line` are what a local index adds to results from files.
COLUMNS = (
    "score",
    "title",
    "source",
    "type",
    "occurred_at",
    "url",
    "path",
    "line",
    "snippet",
    "latest_action",
    "total_events",
    "significance_score",
    "id",
)
_EXTRA = ("path", "line")
_SNIPPET = 300  # characters

# Colors are the page's own, made fainter: the table reads in light and in dark.
_FAINT = "opacity:.65"
_CELL = "padding:.3em .7em;text-align:left;vertical-align:top"
_BAR = "display:block;height:4px;border-radius:2px;background:currentColor;opacity:.5"


def row_of(result: Any) -> dict[str, Any]:
    """Return a result as a flat row: plain values and an aware datetime, by column."""
    extra = {name: result.extra.get(name) for name in _EXTRA}
    return {name: extra[name] if name in extra else getattr(result, name) for name in COLUMNS}


# --- data frames ------------------------------------------------------------------------------


def data_frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a pandas data frame, whose times are UTC timestamps."""
    library = _library("pandas", "to_pandas")
    frame: pd.DataFrame = library.DataFrame(rows, columns=list(COLUMNS))
    frame["occurred_at"] = library.to_datetime(frame["occurred_at"], utc=True)
    return frame


def polars_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as a polars data frame, whose times are UTC timestamps."""
    library = _library("polars", "to_polars")
    types = {
        "score": library.Float64,
        "significance_score": library.Float64,
        "line": library.Int64,
        "total_events": library.Int64,
        "occurred_at": library.Datetime("us", "UTC"),
    }
    schema = {name: types.get(name, library.String) for name in COLUMNS}
    frame: pl.DataFrame = library.DataFrame(rows, schema=schema, strict=False)
    return frame


def _library(name: str, method: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        pass
    raise ConfigurationError(f"{method}() needs {name}; run: python -m pip install {name}")


# --- HTML -------------------------------------------------------------------------------------


def html_table(results: Iterable[Any], caption: str = "") -> str:
    """Return results as an HTML table: score, title, place, time and snippet, all escaped."""
    results = list(results)
    best = max((result.score for result in results), default=0.0)
    heads = "".join(f'<th style="{_CELL}">{name}</th>' for name in ("score", "title", "when"))
    rows = "".join(_html_row(result, best) for result in results)
    foot = f'<caption style="caption-side:bottom;{_CELL};{_FAINT}">{escape(caption)}</caption>'
    return (
        f'<table style="border-collapse:collapse;max-width:60em">{foot if caption else ""}'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _html_row(result: Any, best: float) -> str:
    share = result.score / best if best > 0 else 0.0
    width = round(100 * max(share, 0.0)) if math.isfinite(share) else 0
    title = _link(escape(_cut(result.title, _SNIPPET)), result.url)
    place = escape(_cut(_place(result), _SNIPPET))
    when = f"{result.occurred_at:%Y-%m-%d}" if result.occurred_at else ""
    return (
        f'<tr><td style="{_CELL};min-width:4em">{result.score:.2f}'
        f'<span style="{_BAR};width:{width}%"></span></td>'
        f'<td style="{_CELL}"><strong>{title}</strong><br><span style="{_FAINT}">{place}</span><br>'
        f"{escape(_cut(result.snippet, _SNIPPET))}</td>"
        f'<td style="{_CELL};white-space:nowrap">{when}</td></tr>'
    )


def _link(html: str, url: str | None) -> str:
    # Only these: a `javascript:` address would run in the notebook.
    if url is None or not url.lower().startswith(("https://", "http://")):
        return html
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{html}</a>'


def _place(result: Any) -> str:
    path, line = result.extra.get("path"), result.extra.get("line")
    kind = f"{result.source} · {result.type}"
    if not isinstance(path, str) or not path:
        return kind
    return f"{kind} · {path}:{line}" if isinstance(line, int) and line else f"{kind} · {path}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
