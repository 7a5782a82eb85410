"""One search, as every part of the emulator sees it: checked, and free of the wire."""

from __future__ import annotations

import attrs

__all__ = ["SearchQuery"]


@attrs.frozen(kw_only=True)
class SearchQuery:
    """Valid request for a search. A filter that is None filters nothing, an empty one lets nothing through.

    Args:
        query: What to search for.
        limit: Maximum number of results to return.
        offset: Number of results to skip.
        mode: How thoroughly to rank.
        sources: Providers, compared with the `source` of a result.
        types: Kinds, compared with the `type` of a result.
        actors: People, at least one of whom took part.
        start: Earliest time of occurrence, in microseconds since 1970, inclusive.
        end: Latest time of occurrence, inclusive.
    """

    query: str
    limit: int = 10
    offset: int = 0
    mode: str = "balanced"
    sources: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    actors: tuple[str, ...] | None = None
    start: int | None = None
    end: int | None = None
