"""Results for people, on stdout: a terminal of any width, or a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lightfast.cli.output import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from lightfast import SearchResult

__all__ = ["print_results", "print_table"]

_HEADINGS = ("score", "source", "type", "when", "title")
_GAP = "  "
_LEAST = 20  # columns that a text gets, however narrow the terminal


def print_results(results: Sequence[SearchResult], *, snippets: bool = False) -> None:
    """The results in columns, each with its link below.

    Args:
        results: What was found.
        snippets: Whether to show the text that matched.
    """
    if not results:
        return
    console = _stdout()
    rows = [_cells(result) for result in results]
    widths = _widths([_HEADINGS, *rows])[:-1]
    _print_row(console, _HEADINGS, widths, style="dim")
    for result, row in zip(results, rows, strict=True):
        url = _link(result)
        _print_row(console, row, widths, style=f"bold link {url}" if url else "bold")
        indent = " " * widths[0] + _GAP
        snippet = printable(result.snippet) if snippets else ""
        if snippet and snippet != row[-1]:
            _print_wrapped(console, snippet, indent)
        if url:
            _print_link(console, url, indent)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows under headings."""
    console = _stdout()
    cleaned = [[printable(cell) for cell in row] for row in rows]
    widths = _widths([heads, *cleaned])[:-1]
    _print_row(console, heads, widths, style="dim")
    for row in cleaned:
        _print_row(console, row, widths)


def _stdout() -> Console:
    """Stdout as rich sees it: plain unless it is a terminal, and plain with NO_COLOR."""
    from rich.console import Console  # 45 ms, and --json does without

    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")

    class Stdout(Console):
        def on_broken_pipe(self) -> None:
            raise  # rich would exit with 1; what is raised has a code of its own

    plain = bool(os.environ.get("NO_COLOR"))
    return Stdout(highlight=False, emoji=False, color_system=None if plain else "auto")


def _cells(result: SearchResult) -> tuple[str, ...]:
    when = f"{result.occurred_at:%Y-%m-%d}" if result.occurred_at else "-"
    texts = (result.source, result.type, when, result.title)
    return (f"{result.score:.2f}", *(printable(text) for text in texts))


def _link(result: SearchResult) -> str | None:
    """The result's address, if it is one that may be clicked."""
    url = result.url or ""
    good = url.startswith(("https://", "http://")) and printable(url) == url and " " not in url
    return url if good else None


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def _print_row(
    console: Console, row: Sequence[str], widths: Sequence[int], *, style: str = ""
) -> None:
    """One row; the last cell takes what is left of the line, and goes on below."""
    from rich.cells import set_cell_size
    from rich.text import Text

    *cells, last = row
    sized = [set_cell_size(cell, width) for cell, width in zip(cells, widths, strict=True)]
    if cells[0].replace(".", "").isdigit():
        sized[0] = cells[0].rjust(widths[0])
    start = Text("".join(cell + _GAP for cell in sized), style="dim" if style == "dim" else "")
    indent = " " * start.cell_len
    room = max(console.width - len(indent), _LEAST)
    for line in Text(last, style=style).wrap(console, room) or [Text()]:
        line.rstrip()
        _print(console, start + line)
        start = Text(indent)


def _print_wrapped(console: Console, text: str, indent: str) -> None:
    from rich.text import Text

    for line in Text(text).wrap(console, max(console.width - len(indent), _LEAST)):
        line.rstrip()
        _print(console, Text(indent) + line)


def _print_link(console: Console, url: str, indent: str) -> None:
    """The address: cut to the line where it can be clicked all the same, else whole."""
    from rich.text import Text

    shown = Text(url, style=f"dim link {url}")
    if console.is_terminal and console.color_system:
        shown.truncate(max(console.width - len(indent), _LEAST), overflow="ellipsis")
    _print(console, Text(indent) + shown)


def _print(console: Console, line: Text) -> None:
    console.print(line, soft_wrap=True)
