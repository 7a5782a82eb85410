"""Outcomes of a batch's rows, as lines of JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from lightfast import LightfastError, SearchResponse
from lightfast.batch.rows import MAX_LINE

if TYPE_CHECKING:
    from lightfast.batch.rows import Row

__all__ = ["COLUMNS", "csv_cells", "csv_line", "facts_of", "json_line", "query_text"]

# Columns of a CSV output, after those of the input.
COLUMNS: Final = (
    "row",
    "result_count",
    "result_total",
    "result_title",
    "result_url",
    "result_path",
    "result_line",
    "result_score",
    "result_snippet",
    "error_type",
    "error_code",
    "error_message",
    "attempts",
    "request_id",
)
_OF_RESULT: Final = ("title", "url", "path", "line", "score", "snippet")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
# As the command line has it: neither a terminal nor a spreadsheet should obey a result.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def facts_of(outcome: SearchResponse | LightfastError) -> dict[str, Any]:
    """Return the results, or the error, as JSON."""
    if isinstance(outcome, SearchResponse):
        facts = outcome.to_dict()
        return {
            "results": facts.get("data", []),
            "total": outcome.meta.total,
            "request_id": outcome.request_id,
        }
    facts = {
        "type": type(outcome).__name__,
        "code": getattr(outcome, "code", None),
        "status": getattr(outcome, "status", None),
        "message": str(outcome),
        "attempts": outcome.attempts,
        "request_id": outcome.request_id,
    }
    return {"error": facts}


def csv_cells(
    columns: Sequence[str], row: Row, outcome: SearchResponse | LightfastError
) -> list[str]:
    """Return the cells of a CSV row: the input's, and the best result or the error."""
    values: dict[str, Any] = dict(row.values)
    if columns[1] == "input" and "input" not in values:  # the input is JSON
        values["input"] = row.text
    values |= {"row": row.index, "request_id": outcome.request_id}
    if isinstance(outcome, SearchResponse):
        first = outcome[0].to_dict() if outcome else {}
        values |= {f"result_{name}": _safe(first.get(name)) for name in _OF_RESULT}
        values |= {"result_count": len(outcome), "result_total": outcome.meta.total}
        values["attempts"] = outcome.http.attempts if outcome.http else None
    else:
        error = facts_of(outcome)["error"]
        values |= {f"error_{name}": _safe(error[name]) for name in ("type", "code", "message")}
        values["attempts"] = outcome.attempts
    return [_cell(values.get(name)) for name in columns]


def _safe(value: object) -> object:
    return _CONTROLS.sub("\ufffd", value[:MAX_LINE]) if isinstance(value, str) else value


def _cell(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value)
    return _SURROGATES.sub("\ufffd", value)  # which JSON can carry, and CSV cannot


def json_line(line: str) -> bytes:
    """Return a line of JSON with everything beyond printable ASCII escaped, within its strings."""
    return (
        _BEYOND_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], line)
        .replace("\x7f", "\\u007f")
        .encode()
        + b"\n"
    )


def query_text(values: object) -> str:
    """Return the query of a row as a CSV output has it; empty if the row has none."""
    if isinstance(values, str):  # a line of JSON may be the query alone
        return _cell(values)
    return _cell(values.get("query")) if isinstance(values, Mapping) else ""


def csv_line(cells: Sequence[str]) -> bytes:
    """Return a line of CSV (RFC 4180, with a newline alone)."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode()
