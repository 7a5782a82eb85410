"""Parts of a result that are shown: its place, its web address, and its fields by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from lightfast.cli.output import printable
from lightfast.cli.suggestions import did_you_mean

if TYPE_CHECKING:
    from lightfast import SearchResult

__all__ = ["FIELDS", "parse_fields", "place", "row", "web_address"]

FIELDS: Final = (
    "id",
    "title",
    "place",
    "path",
    "line",
    "url",
    "source",
    "type",
    "occurredAt",
    "score",
    "snippet",
    "latestAction",
    "totalEvents",
    "significanceScore",
    "entities",
    "references",
)

_HASH = re.compile(r"(?:commit_)?([0-9a-f]{40}|[0-9a-f]{64})")  # SHA-1 or SHA-256
_SHORT = 10


def place(result: SearchResult) -> str:
    """Return where a result is: its file and line, its commit's short hash, or its address."""
    path = result.extra.get("path")
    if isinstance(path, str) and path:
        line = result.extra.get("line")
        return printable(f"{path}:{line}" if isinstance(line, int) else path)
    if result.type == "commit" and (match := _HASH.fullmatch(result.id)):
        return match[1][:_SHORT]
    return web_address(result) or ""


def web_address(result: SearchResult) -> str | None:
    """Return the result's address if it can be opened without a second thought."""
    url = result.url or ""
    safe = url.startswith(("https://", "http://")) and printable(url) == url and " " not in url
    return url if safe else None


def row(result: SearchResult) -> dict[str, Any]:
    """Return a result's fields by the API's names, and its place."""
    from lightfast import to_dict

    return {**to_dict(result), "place": place(result)}


def parse_fields(_: click.Context, __: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    """Parse the value of ``--fields``; ``occurred_at`` means ``occurredAt``."""
    if text is None:
        return None
    known = {name.lower(): name for name in FIELDS}
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name.replace("_", "").lower() not in known:
            meant = did_you_mean(name, FIELDS)
            raise click.BadParameter(f"{name!r} is not a field; use {', '.join(FIELDS)}.{meant}")
    return tuple(known[name.replace("_", "").lower()] for name in names)
