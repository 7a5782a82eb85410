"""``lightfast search``: one question, its answers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import click

import lightfast
from lightfast import DateRange, Lightfast, Mode, SearchFilters, SearchResponse, to_dict
from lightfast.cli.connection import Connection, connection_options, open_client
from lightfast.cli.output import note, print_json, verbosity
from lightfast.cli.tables import print_results
from lightfast.cli.timestamps import timestamp

__all__ = ["search"]


@click.command(short_help="Search, and print the results.")
@click.argument("query")
@click.option("--limit", type=int, metavar="N", help="Results in the page, 1 to 100.")
@click.option("--offset", type=int, metavar="N", help="Results to pass over.")
@click.option("--mode", type=click.Choice(get_args(Mode)), help="How hard to rank.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME",
    help="Only from this provider, such as github; repeatable.",
)
@click.option(
    "--type",
    "types",
    multiple=True,
    metavar="NAME",
    help="Only of this kind, such as commit or issue; repeatable.",
)
@click.option(
    "--actor",
    "actor_names",
    multiple=True,
    metavar="NAME",
    help="Only where this person took part, such as @sarah; repeatable.",
)
@click.option("--since", callback=timestamp(), metavar="TIME", help="Not before this.")
@click.option(
    "--until", callback=timestamp(end_of_day=True), metavar="TIME", help="Not after this."
)
@click.option("--all", "everything", is_flag=True, help="All pages.")
@click.option(
    "--max-results", type=click.IntRange(1), metavar="N", help="As many pages as N results take."
)
@click.option("--snippets", is_flag=True, help="Show the text that matched.")
@click.option("--json", "as_json", is_flag=True, help="Print the API's JSON.")
@connection_options
@verbosity
def search(
    query: str,
    *,
    limit: int | None,
    offset: int | None,
    mode: Mode | None,
    everything: bool,
    max_results: int | None,
    snippets: bool,
    as_json: bool,
    local: Path | None,
    base_url: str | None,
    timeout: float | None,
    allow_insecure_http: bool,
    allow_env_file_address: bool,
    **filters: Any,
) -> None:
    """Search for QUERY and print what was found, best first.

    A TIME is an ISO date or time, in UTC unless it says otherwise, or a span back from now such
    as 7d (m, h, d, w). With --until a date includes that day.

    The key comes from LIGHTFAST_API_KEY, the API's address from --base-url or
    LIGHTFAST_BASE_URL. Both may stand in .env.local or .env; the environment wins.

    --json prints one document, with --all or --max-results one result per line (JSON Lines).

    --local needs no key: an emulator answers for this one command, over an index that is kept
    in your cache directory and brought up to date first.
    """
    connection = Connection(
        local=local,
        base_url=base_url,
        timeout=timeout,
        allow_insecure_http=allow_insecure_http,
        allow_env_file_address=allow_env_file_address,
    )
    given = {"limit": limit, "offset": offset, "mode": mode, "filters": _filters(**filters)}
    arguments: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
    with open_client(connection) as client:
        if everything or max_results:
            _print_all(client, query, max_results, arguments, snippets=snippets, as_json=as_json)
        else:
            _print_page(client.search(query, **arguments), snippets=snippets, as_json=as_json)


def _filters(
    *, since: datetime | None, until: datetime | None, **names: tuple[str, ...]
) -> SearchFilters | None:
    chosen: dict[str, Any] = {name: values for name, values in names.items() if values}
    if since or until:
        chosen["date_range"] = DateRange(start=since, end=until)
    return SearchFilters(**chosen) if chosen else None


def _print_page(response: SearchResponse, *, snippets: bool, as_json: bool) -> None:
    if as_json:
        print_json(to_dict(response))
        return
    print_results(response, snippets=snippets)
    note(_summary(response))


def _summary(response: SearchResponse) -> str:
    """The page in one line: how many, of how many, how long, and how to go on."""
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
    client: Lightfast,
    query: str,
    max_results: int | None,
    arguments: dict[str, Any],
    *,
    snippets: bool,
    as_json: bool,
) -> None:
    found: list[lightfast.SearchResult] = []
    results = client.iter_results(query, max_results=max_results, **arguments)
    if as_json:
        for result in results:
            print_json(to_dict(result), indent=None)
        return
    try:
        found.extend(results)  # keeps what came before a page that fails
    finally:
        print_results(found, snippets=snippets)
    note(f"{len(found)} result{'s' if len(found) != 1 else ''}" if found else "Nothing found")
