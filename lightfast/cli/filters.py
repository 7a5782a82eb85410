"""The options that narrow a search down, and the filters that they mean."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lightfast.cli.suggestions import Choice
from lightfast.cli.timestamps import timestamp

if TYPE_CHECKING:
    from lightfast import SearchFilters

__all__ = ["filter_options"]

_T = TypeVar("_T")
_MODES = ("fast", "balanced", "thorough")
_NAMES = (
    ("--source", "sources", "Only from this provider, e.g. github."),
    ("--type", "types", "Only of this kind, e.g. commit."),
    ("--actor", "actor_names", "Only where this person took part, e.g. @ada."),
)
_OPTIONS = (
    click.option("--mode", type=Choice(_MODES), metavar="MODE", help="fast, balanced or thorough."),
    *(
        click.option(flag, name, multiple=True, metavar="NAME", help=text)
        for flag, name, text in _NAMES
    ),
    click.option("--since", callback=timestamp(), metavar="TIME", help="Not before this."),
    click.option(
        "--until",
        callback=timestamp(end_of_day=True),
        metavar="TIME",
        help="Not after this; a date includes its day.",
    ),
)


def filter_options(command: Callable[..., _T]) -> Callable[..., _T]:
    """Add the options for the mode, providers, kinds and times; the command gets `mode` and `filters`."""

    @functools.wraps(command)
    def filtered(
        *,
        sources: tuple[str, ...],
        types: tuple[str, ...],
        actor_names: tuple[str, ...],
        since: datetime | None,
        until: datetime | None,
        **others: Any,
    ) -> _T:
        names = {"sources": sources, "types": types, "actor_names": actor_names}
        return command(filters=_filters(names, since, until), **others)

    for option in reversed(_OPTIONS):
        filtered = option(filtered)
    return filtered


def _filters(
    names: dict[str, tuple[str, ...]], since: datetime | None, until: datetime | None
) -> SearchFilters | None:
    from lightfast import DateRange, SearchFilters

    given: dict[str, Any] = {name: values for name, values in names.items() if values}
    if since or until:
        given["date_range"] = DateRange(start=since, end=until)
    return SearchFilters(**given) if given else None
