"""Results for programs and documents: JSON, JSON lines, CSV and Markdown."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from lightfast.cli.output import print_json, printable
from lightfast.cli.results import row, web_address

if TYPE_CHECKING:
    from lightfast import SearchResult

__all__ = ["FORMATS", "print_csv", "print_json_array", "print_json_lines", "print_markdown"]

FORMATS: Final = ("table", "json", "jsonl", "csv", "markdown")

_CSV: Final = ("score", "source", "type", "occurredAt", "title", "place", "url", "snippet")
_MARKDOWN: Final = ("score", "type", "occurredAt", "title", "place")
# Everything that begins or ends something in a table cell of GitHub-flavoured Markdown.
_MARKUP = re.compile(r"([\\`*_\[\]<>|~@#])")


def print_json_array(results: Iterable[SearchResult], fields: Sequence[str]) -> None:
    """Print one JSON array with an object of these fields for each result."""
    print_json([_selected(result, fields) for result in results])


def print_json_lines(results: Iterable[SearchResult], fields: Sequence[str] | None) -> None:
    """Print each result as one line of JSON: these fields, or all of the API's."""
    for result in results:
        document = _selected(result, fields) if fields else row(result)
        if not fields:
            del document["place"]  # it is ours, and not the API's
        print_json(document, indent=None)


def print_csv(results: Iterable[SearchResult], fields: Sequence[str] | None) -> None:
    """Print the results as CSV (RFC 4180) with a header."""
    fields = fields or _CSV
    _print_csv_line(fields)
    for result in results:
        _print_csv_line([_cell(value) for value in _selected(result, fields).values()])


def print_markdown(results: Iterable[SearchResult], fields: Sequence[str] | None) -> None:
    """Print the results as a Markdown table, their titles linked."""
    fields = fields or _MARKDOWN
    click.echo(f"| {' | '.join(fields)} |")
    click.echo(f"|{'---|' * len(fields)}")
    for result in results:
        values = _selected(result, fields)
        cells = {name: _MARKUP.sub(r"\\\1", _cell(value)) for name, value in values.items()}
        if "title" in cells and (url := web_address(result)):
            cells["title"] = f"[{cells['title']}]({_link_target(url)})"
            if values.get("place") == url:  # said already
                cells["place"] = ""
        if "occurredAt" in cells:
            cells["occurredAt"] = cells["occurredAt"][:10]
        click.echo(f"| {' | '.join(cells.values())} |")


def _selected(result: SearchResult, fields: Sequence[str]) -> dict[str, Any]:
    values = row(result)
    return {name: values.get(name) for name in fields}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return printable(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def _link_target(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29").replace("|", "%7C").replace("<", "%3C")


def _print_csv_line(cells: Sequence[str]) -> None:
    csv.writer(sys.stdout, lineterminator="\n").writerow(cells)
