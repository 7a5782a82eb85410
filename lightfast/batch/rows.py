"""Input of a batch: JSON lines or CSV, line by line, and the search that each row asks for."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final, Literal, TypeAlias

import attrs

from lightfast import (
    ConfigurationError,
    DateRange,
    SearchFilters,
    SearchRequest,
)

__all__ = [
    "MAX_LINE",
    "Format",
    "Row",
    "count_rows",
    "decoded",
    "format_of",
    "raise_cell_limit",
    "read_rows",
    "request_of",
]

Format: TypeAlias = Literal["jsonl", "csv"]
_SUFFIXES: Mapping[str, Format] = {
    ".csv": "csv",
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}

MAX_LINE: Final = 1024 * 1024  # characters

_NUMBERS: Final = ("limit", "offset")
_NAMES: Final = ("sources", "types", "actor_names")
_TIMES: Final = {"since": "start", "until": "end"}


@attrs.frozen(kw_only=True)
class Row:
    """One row of the input.

    Args:
        index: Its position, from 0.
        values: Its columns.
        text: The row as JSON, as it goes to the output.
        problem: Why it could not be read; None if it could.
    """

    index: int
    values: Mapping[str, Any]
    text: str
    problem: str | None = None


# --- reading ----------------------------------------------------------------------------------


def format_of(file: str | Path | IO[bytes]) -> Format:
    """Return the format that a file's name ends in; ``jsonl`` for an open file.

    Raises:
        ConfigurationError: The name does not tell the format.
    """
    if not isinstance(file, str | Path):
        return "jsonl"
    try:
        return _SUFFIXES[Path(file).suffix.lower()]
    except KeyError:
        known = ", ".join(_SUFFIXES)
        raise ConfigurationError(
            f"The format of {file} is unknown: name it one of {known}, or give its format."
        ) from None


def read_rows(text: io.TextIOWrapper, format_: Format) -> tuple[list[str] | None, Iterator[Row]]:
    """Read a file row by row, whatever its size.

    Args:
        text: The file, `decoded`.
        format_: ``jsonl`` or ``csv``.

    Returns:
        The columns, which only CSV has, and the rows.

    Raises:
        ConfigurationError: A CSV file has no column `query`, or a line is too long.
    """
    if format_ == "jsonl":
        return None, _json_rows(text)
    reader = csv.reader(_csv_lines(text), strict=True)
    columns = [name.strip() for name in _next(reader) or []]
    if "query" not in columns:
        raise ConfigurationError("The CSV input has no column `query` in its first line.")
    for name in columns:
        if columns.count(name) > 1:
            raise ConfigurationError(f"The CSV input has two columns {name!r:.100}; rename one.")
    return columns, _csv_rows(reader, columns)


def raise_cell_limit() -> None:
    """Let the csv module read cells as long as a line: its own limit, of the whole process, is 131,072 characters."""
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE))


def count_rows(file: IO[bytes], format_: Format) -> int:
    """Return the number of rows in a file, and go back to its beginning."""
    raise_cell_limit()
    with decoded(file) as text:
        if format_ == "jsonl":
            count = sum(1 for line in _lines(text) if line.strip())
        else:
            reader, count = csv.reader(_csv_lines(text), strict=True), -1  # without the header
            while (cells := _next(reader)) is not None:
                count += bool(cells)
    file.seek(0)
    return max(count, 0)


@contextlib.contextmanager
def decoded(file: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    """Decode a file, which stays open: it belongs to the caller."""
    text = io.TextIOWrapper(file, encoding=_encoding(file), errors="replace", newline="")
    try:
        yield text
    finally:
        text.detach()


def _encoding(file: IO[bytes]) -> str:
    """Return the encoding that the first bytes tell: programs on Windows write a mark there."""
    peek = getattr(file, "peek", None)
    start = peek(2)[:2] if peek else b""
    return "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def _json_rows(text: io.TextIOWrapper) -> Iterator[Row]:
    lines = (line.strip() for line in _lines(text))
    for index, line in enumerate(line for line in lines if line):
        if len(line) > MAX_LINE:
            problem = f"The line is longer than {MAX_LINE:,} characters."
            start = line[:100]
            yield Row(index=index, values={"query": start}, text=json.dumps(start), problem=problem)
            continue
        try:
            value = json.loads(line, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            problem = f"The line is not JSON: {error}."
            values = {"query": line}  # so that the output shows it
            yield Row(index=index, values=values, text=json.dumps(line), problem=problem)
            continue
        if isinstance(value, str):
            value = {"query": value}
        if isinstance(value, dict):
            yield Row(index=index, values=value, text=line)
        else:
            problem = "The line is neither a JSON object nor a string."
            yield Row(index=index, values={}, text=line, problem=problem)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")  # but Python's parser takes it


def _csv_rows(reader: Iterator[list[str]], columns: list[str]) -> Iterator[Row]:
    index = 0
    while (cells := _next(reader)) is not None:
        if not cells:  # an empty line
            continue
        values = dict(zip(columns, cells, strict=False))
        fits = len(cells) == len(columns)
        problem = None if fits else f"The row has {len(cells)} columns, not {len(columns)}."
        yield Row(index=index, values=values, text=json.dumps(values), problem=problem)
        index += 1


def _next(reader: Any) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        raise ConfigurationError(f"Line {reader.line_num} of the CSV input: {error}.") from None


def _csv_lines(text: io.TextIOWrapper) -> Iterator[str]:
    # A row may have several lines, so leaving out one would change the meaning of the next ones.
    for number, line in enumerate(_lines(text), 1):
        if len(line) > MAX_LINE:
            raise ConfigurationError(f"Line {number} is longer than {MAX_LINE:,} characters.")
        yield line


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Yield the lines; only the beginning of those that are too long."""
    while line := text.readline(MAX_LINE + 2):
        yield line
        while len(line) > MAX_LINE + 1 and not line.endswith(("\n", "\r")):
            line = text.readline(MAX_LINE + 2)


# --- meaning ----------------------------------------------------------------------------------


def request_of(row: Row, defaults: SearchRequest) -> SearchRequest:
    """Return the search that a row asks for.

    Args:
        row: The row. Its `query` is needed; `limit`, `offset`, `mode`, `sources`, `types`,
            `actor_names`, `since` and `until` may be there; in CSV several names are separated
            by commas. An empty cell is as good as none.
        defaults: What holds for a row that does not say otherwise.

    Raises:
        LightfastError: The row cannot be read, or asks for something that the API would refuse.
    """
    if row.problem:
        raise ConfigurationError(row.problem)
    values = {key: value for key, value in row.values.items() if value not in (None, "")}
    query = values.get("query")
    if not isinstance(query, str):
        raise ConfigurationError("The row has no `query`.")
    options: dict[str, Any] = {key: _integer(key, values[key]) for key in _NUMBERS if key in values}
    if "mode" in values:
        options["mode"] = values["mode"]
    if filters := _filters(values, defaults.filters):
        options["filters"] = filters
    return attrs.evolve(defaults, query=query, **options)


def _filters(values: Mapping[str, Any], defaults: SearchFilters | None) -> SearchFilters | None:
    changes: dict[str, Any] = {key: _names(values[key]) for key in _NAMES if key in values}
    times = {_TIMES[key]: values[key] for key in _TIMES if key in values}
    if times:
        before = defaults.date_range if defaults and defaults.date_range else DateRange()
        changes["date_range"] = attrs.evolve(before, **times)
    return attrs.evolve(defaults or SearchFilters(), **changes) if changes else None


def _integer(name: str, value: object) -> object:
    try:
        return int(value) if isinstance(value, str) else value
    except ValueError:
        raise ConfigurationError(f"`{name}` must be an integer, not {value!r:.40}.") from None


def _names(value: object) -> object:
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value
