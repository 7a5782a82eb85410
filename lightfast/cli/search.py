"""``lightfast search``: one query, its results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import attrs
import click

from lightfast.cli import formats
from lightfast.cli.commands import Command
from lightfast.cli.connection import Connection, connection_options, open_search
from lightfast.cli.filters import filter_options
from lightfast.cli.output import note, print_json, verbosity
from lightfast.cli.results import parse_fields, web_address
from lightfast.cli.suggestions import Choice

if TYPE_CHECKING:
    from lightfast import Lightfast, SearchFilters, SearchResponse, SearchResult
    from lightfast.cli.local_search import LocalSearch

__all__ = ["search"]

_EXAMPLES = """
lightfast search login bug --source github --since 30d
lightfast search --local . how are failed requests retried
lightfast search payment webhook --format csv --fields score,title,url
lightfast search login bug --web
"""


@attrs.frozen(kw_only=True)
class _Output:
    """Options that say how results are printed.

    Args:
        format: One of `FORMATS`.
        fields: The fields to print; None for the format's own.
        snippets: Whether a table shows the text of every result.
    """

    format: str
    fields: Sequence[str] | None
    snippets: bool


@click.command(cls=Command, short_help="Search, and print the results", examples=_EXAMPLES)
@click.argument("query", nargs=-1, required=True, metavar="QUERY...")
@click.option("--limit", type=int, metavar="N", help="Results in a page, 1 to 100.")
@click.option("--offset", type=int, metavar="N", help="Results to skip.")
@click.option("--all", "everything", is_flag=True, help="Print all pages.")
@click.option(
    "--max-results", type=click.IntRange(1), metavar="N", help="Print all pages, up to N results."
)
@filter_options
@click.option("--snippets", is_flag=True, help="Show the text of every result.")
@click.option(
    "--format",
    "format_",
    type=Choice(formats.FORMATS),
    default="table",
    metavar="FORMAT",
    help="table, json, jsonl, csv or markdown.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--fields", callback=parse_fields, metavar="NAMES", help="Print these fields, comma-separated."
)
@click.option("--web", is_flag=True, help="Open the first result in the browser.")
@connection_options
@verbosity
def search(
    query: tuple[str, ...],
    *,
    limit: int | None,
    offset: int | None,
    everything: bool,
    max_results: int | None,
    snippets: bool,
    format_: str,
    as_json: bool,
    fields: Sequence[str] | None,
    web: bool,
    connection: Connection,
    mode: str | None,
    filters: SearchFilters | None,
) -> None:
    """Search for QUERY, and print the results, best first.

    Words need no quotes. A TIME is an ISO 8601 date or time, in UTC unless it
    names a time zone, or a span such as 7d (m, h, d, w) back from now.

    The API key comes from LIGHTFAST_API_KEY, from .env.local or .env, or from
    `lightfast login`. With --local no key is needed: the index is kept in your
    cache directory and brought up to date first.
    """
    output = _Output(format="json" if as_json else format_, fields=fields, snippets=snippets)
    given = {"limit": limit, "offset": offset, "mode": mode, "filters": filters}
    arguments: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
    with open_search(connection) as client:
        if web:
            found = _open(client.search(" ".join(query), **arguments | {"limit": 1}))
        elif everything or max_results:
            found = _print_all(client, " ".join(query), max_results, arguments, output)
        else:
            found = _print_page(client.search(" ".join(query), **arguments), output)
        if filters and not found and connection.local is not None:
            for sentence in cast("LocalSearch", client).unknown_names(filters):
                note(sentence)


def _open(response: SearchResponse) -> int:
    url = web_address(response[0]) if response else None
    if url is None:
        found = f"{response[0].title!r} has no web address" if response else "Nothing found"
        note(f"{found}; no page was opened.")
    else:
        note(f"Opening {url}")
        import webbrowser  # 5 ms

        webbrowser.open(url)
    return len(response)


def _print_page(response: SearchResponse, output: _Output) -> int:
    if output.format == "json" and not output.fields:
        from lightfast import to_dict

        print_json(to_dict(response))
        return len(response)
    _print(response, output, first=not response.meta.offset)
    if output.format in ("table", "markdown"):
        note(_summary(response))
    return len(response)


def _summary(response: SearchResponse) -> str:
    """Return how many results these are, of how many, and how to go on."""
    meta, start = response.meta, response.meta.offset or 0
    last = start + len(response)
    if not response:
        facts = ["Nothing found" if not start else f"Nothing after the first {start} results"]
    elif last < meta.total or start:
        shown = f"{start + 1}-{last}" if len(response) > 1 else f"{last}"
        facts = [f"{shown} of {max(meta.total, last)} results"]
    else:
        facts = [f"{len(response)} result{'s' if len(response) != 1 else ''}"]
    if meta.took_ms is not None:
        facts.append(f"{meta.took_ms:.0f} ms")
    if response and last < meta.total:
        facts.append(f"more with --offset {last}")
    return ", ".join(facts)


def _print_all(
    client: Lightfast | LocalSearch,
    query: str,
    max_results: int | None,
    arguments: dict[str, Any],
    output: _Output,
) -> int:
    found: list[SearchResult] = []
    results = client.iter_results(query, max_results=max_results, **arguments)
    if output.format == "json":  # one document would hold back everything until the end
        output = attrs.evolve(output, format="jsonl")
    if output.format != "table":
        _print(results, output)
        return 1  # streamed, and not counted
    try:
        found.extend(results)  # keeps what came before a page that fails
    finally:
        _print(found, output)
    note(f"{len(found)} result{'s' if len(found) != 1 else ''}" if found else "Nothing found")
    return len(found)


def _print(results: Iterable[SearchResult], output: _Output, *, first: bool = True) -> None:
    """Print results in the format that was chosen, as they come where it allows that."""
    match output.format:
        case "json":
            formats.print_json_array(results, output.fields or ())
        case "jsonl":
            formats.print_json_lines(results, output.fields)
        case "csv":
            formats.print_csv(results, output.fields)
        case "markdown":
            formats.print_markdown(results, output.fields)
        case _:
            from lightfast.cli.tables import print_results  # 45 ms for rich, and JSON does without

            print_results(list(results), output.fields, snippets=output.snippets, lead=first)
