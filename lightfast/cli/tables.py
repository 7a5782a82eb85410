"""Results for people, on stdout: a terminal of any width, or a pipe."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lightfast.cli.output import printable
from lightfast.cli.results import place, row, web_address

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from lightfast import SearchResult

__all__ = ["print_results", "print_table"]

_HEADINGS = ("score", "source", "type", "when", "title")
_GAP = "  "
_NO_WIDTH = 80  # columns, where the environment says that there are none
_INDENT = "       "  # the width of a score and a gap
_MIN_WIDTH = 20  # columns that a text gets, however narrow the terminal
_LEAD_LINES = 8  # of the first result's snippet


def print_results(
    results: Sequence[SearchResult],
    fields: Sequence[str] | None = None,
    *,
    snippets: bool = False,
    lead: bool = False,
) -> None:
    """Print results, each with its place.

    Args:
        results: The results, best first.
        fields: The fields to print as columns; None for the usual ones.
        snippets: Whether to print the text of every result.
        lead: Whether the first result is the best of all, and printed in full.
    """
    if fields:
        rows = ([_text(row(result).get(name)) for name in fields] for result in results)
        print_table(fields, rows)
        return
    console = _stdout()
    if lead and results:
        _print_lead(console, results[0])
        results = results[1:]
    if not results:
        return
    if lead:
        _print(console, _plain())
    cells = [_cells(result) for result in results]
    widths = _widths([_HEADINGS, *cells])[:-1]
    _print_row(console, _HEADINGS, widths, style="dim")
    for result, columns in zip(results, cells, strict=True):
        url = web_address(result)
        _print_row(console, columns, widths, style=f"bold link {url}" if url else "bold")
        snippet = printable(result.snippet) if snippets else ""
        if snippet and snippet != columns[-1]:
            _print_wrapped(console, snippet, _INDENT)
        _print_place(console, result, _INDENT)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings."""
    console = _stdout()
    cleaned = [[printable(cell) for cell in row] for row in rows]
    widths = _widths([heads, *cleaned])[:-1]
    _print_row(console, heads, widths, style="dim")
    for cells in cleaned:
        _print_row(console, cells, widths)


# --- results ----------------------------------------------------------------------------------


def _print_lead(console: Console, result: SearchResult) -> None:
    """Print the best result: title, place, facts, and the text that matched."""
    url = web_address(result)
    title = printable(result.title)
    _print_wrapped(console, title, "", style=f"bold link {url}" if url else "bold")
    _print_place(console, result, "")
    score, source, kind, when, _ = _cells(result)
    facts = [f"{source} {kind}", *([when] if when != "-" else []), f"score {score}"]
    _print_wrapped(console, ", ".join(facts), "", style="dim")
    snippet = printable(result.snippet)
    if snippet and snippet != title:
        _print_wrapped(console, snippet, "  ", most=_LEAD_LINES)


def _print_place(console: Console, result: SearchResult, indent: str) -> None:
    """Print the file and line, or the commit, or the address: a link where there is one."""
    text, url = place(result), web_address(result)
    if url is None or text == url:
        if text:
            _print(console, _plain(indent, text, f"dim link {url}" if url else "dim"))
        return
    _print(console, _plain(indent, text, f"dim link {url}"))
    if not _has_links(console):
        _print(console, _plain(indent, url, "dim"))


def _cells(result: SearchResult) -> tuple[str, ...]:
    when = f"{result.occurred_at:%Y-%m-%d}" if result.occurred_at else "-"
    texts = (result.source, result.type, when, result.title)
    return (f"{result.score:.2f}", *(printable(text) for text in texts))


def _text(value: object) -> str:
    return "" if value is None else str(value)


# --- lines ------------------------------------------------------------------------------------


def _stdout() -> Console:
    """Return stdout as rich sees it: plain unless it is a terminal, and plain with NO_COLOR."""
    from rich.console import Console  # 45 ms, and --json does without

    class Stdout(Console):
        def on_broken_pipe(self) -> None:
            raise  # rich would exit with 1; what is raised has a code of its own

    plain = bool(os.environ.get("NO_COLOR"))
    console = Stdout(highlight=False, emoji=False, color_system=None if plain else "auto")
    console.width = console.width or _NO_WIDTH  # COLUMNS=0, as in containers without a terminal
    return console


def _has_links(console: Console) -> bool:
    return console.is_terminal and console.color_system is not None


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def _print_row(
    console: Console, row: Sequence[str], widths: Sequence[int], *, style: str = ""
) -> None:
    """Print one row; the last cell takes the rest of the line, and continues below itself."""
    from rich.cells import set_cell_size
    from rich.text import Text

    *cells, last = row
    sized = [set_cell_size(cell, width) for cell, width in zip(cells, widths, strict=True)]
    if cells and cells[0].replace(".", "").isdigit():
        sized[0] = cells[0].rjust(widths[0])
    start = Text("".join(cell + _GAP for cell in sized), style="dim" if style == "dim" else "")
    indent = " " * start.cell_len
    room = max(console.width - len(indent), _MIN_WIDTH)
    text = Text(last, style=style)
    is_address = "://" in last and " " not in last  # which a terminal without links needs whole
    for line in [text] if is_address else text.wrap(console, room) or [Text()]:
        line.rstrip()
        _print(console, start + line)
        start = Text(indent)


def _print_wrapped(
    console: Console, text: str, indent: str, *, style: str = "", most: int | None = None
) -> None:
    from rich.text import Text

    room = max(console.width - len(indent), _MIN_WIDTH)
    for line in list(Text(text, style=style).wrap(console, room))[:most]:
        line.rstrip()
        _print(console, Text(indent) + line)


def _plain(indent: str = "", text: str = "", style: str = "") -> Text:
    from rich.text import Text

    return Text(indent) + Text(text, style=style)


def _print(console: Console, line: Text) -> None:
    console.print(line, soft_wrap=True)
