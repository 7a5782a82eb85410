"""Searches in this process: an emulator asked directly, without HTTP between the two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lightfast import SearchRequest, SearchResponse, SearchResult

if TYPE_CHECKING:
    from lightfast import SearchFilters
    from lightfast.emulator import Emulator

__all__ = ["LocalSearch"]


class LocalSearch:
    """Search with the methods of a client that `lightfast search` uses.

    A server, a client and their HTTP library take longer to start than a search takes.

    Args:
        emulator: An emulator that has indexed something.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def search(self, query: str, **options: Any) -> SearchResponse:
        """Return one page of results."""
        request = SearchRequest(query, **options)
        return SearchResponse.from_dict(self._emulator.search(request.to_dict()))

    def iter_results(
        self, query: str, *, max_results: int | None = None, **options: Any
    ) -> Iterator[SearchResult]:
        """Yield results, page by page."""
        offset, left = options.pop("offset", 0), max_results
        while left is None or left > 0:
            page = self.search(query, offset=offset, **options)
            yield from page if left is None else page[:left]
            left = None if left is None else left - len(page)
            offset += len(page)
            if not page or offset >= page.meta.total:
                return

    def unknown_names(self, filters: SearchFilters) -> list[str]:
        """Return a sentence for each provider and kind that nothing in the index has."""
        known = self._emulator.facets()
        sentences = []
        for wanted, group, relation in (
            (filters.sources, "sources", "from"),
            (filters.types, "types", "of the kind"),
        ):
            names = [facet["name"] for facet in known[group]]
            missing = [name for name in wanted or () if name not in names]
            if missing and names:
                shown = ", ".join(repr(name) for name in missing)
                sentences.append(
                    f"No results {relation} {shown}; this index has {', '.join(names)}."
                )
        return sentences
