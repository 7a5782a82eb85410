"""One search, as every part of the emulator sees it: checked, and free of the wire."""

from __future__ import annotations

import attrs

__all__ = ["SearchQuery"]


@attrs.frozen(kw_only=True)
class SearchQuery:
    """A valid request. An empty filter filters nothing.

    Args:
        query: What is looked for.
        limit: How many results to return at most.
        offset: How many results to leave out first.
        mode: How hard to rank.
        types: Kinds of thing that may be returned.
        observation_types: Kinds of observation that may be returned.
        sources: Where it may come from.
        entity_types: At least one entity of such a category must be mentioned.
        actors: One of these people must have taken part.
        start: Nothing that happened earlier, in microseconds since 1970.
        end: Nothing that happened later.
    """

    query: str
    limit: int = 10
    offset: int = 0
    mode: str = "balanced"
    types: tuple[str, ...] = ()
    observation_types: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    entity_types: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
