"""The options that narrow a search down, and the filters that they mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lightfast.cli.timestamps import timestamp

if TYPE_CHECKING:
    from lightfast import SearchFilters

__all__ = ["filter_options", "search_filters"]

_F = TypeVar("_F", bound=Callable[..., Any])
_MODES = ("fast", "balanced", "thorough")
_NAMES = (
    ("--source", "sources", "Only from this provider, e.g. github."),
    ("--type", "types", "Only of this kind, e.g. commit."),
    ("--actor", "actor_names", "Only where this person took part, e.g. @ada."),
)


def filter_options(command: _F) -> _F:
    """Add the options for the mode, providers, kinds and times."""
    options = [
        click.option(
            "--mode", type=click.Choice(_MODES), metavar="MODE", help="fast, balanced or thorough."
        ),
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
    ]
    for option in reversed(options):
        command = option(command)
    return command


def search_filters(
    *, since: datetime | None, until: datetime | None, **names: tuple[str, ...]
) -> SearchFilters | None:
    """Return the filters that the options mean; None if they mean none."""
    from lightfast import DateRange, SearchFilters

    chosen: dict[str, Any] = {name: values for name, values in names.items() if values}
    if since or until:
        chosen["date_range"] = DateRange(start=since, end=until)
    return SearchFilters(**chosen) if chosen else None
