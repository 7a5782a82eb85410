"""Drift that no model shows: options of a request that were ignored, and error bodies of another form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lightfast._text import printable
from lightfast._wire.queries import write_filters
from lightfast._wire.revisions import PINNED, SECOND, SECOND_MODES
from lightfast.exceptions import Drift
from lightfast.models import SearchResponse
from lightfast.queries import SearchFilters, SearchRequest

REPEATED_PAGE = Drift(
    "ignored_option", "request.offset", "the page has nothing but results of the pages before it"
)


def ignored_options(request: SearchRequest, response: SearchResponse) -> tuple[Drift, ...]:
    """Return the options of a request that its answer did not honor."""
    if response.revision == SECOND:
        return tuple(
            Drift("ignored_option", f"request.{path}", f"revision {SECOND} does not have it")
            for path in _unknown_to_second(request)
        )
    offset = response.meta.offset
    if offset is not None and offset != request.offset:
        message = f"{request.offset} was asked for, {offset} was used"
        return (Drift("ignored_option", "request.offset", message),)
    return ()


def _unknown_to_second(request: SearchRequest) -> Iterator[str]:
    if request.offset:
        yield "offset"
    if request.mode not in SECOND_MODES:
        yield "mode"
    filters = request.filters or SearchFilters()
    # `sources`, `types` and `date_range` stand at the top, too.
    single = SearchFilters(
        actor_names=filters.actor_names,
        source_types=filters.source_types,
        observation_types=filters.observation_types,
        entity_types=filters.entity_types,
        extra=filters.extra,
    )
    for name in write_filters(single):
        yield f"filters.{printable(name, 60)}"


def error_body_drift(document: Mapping[str, Any]) -> tuple[Drift, ...]:
    """Return how the JSON object of an error deviates from `error`, `message` and `requestId`."""
    if isinstance(document.get("defined"), bool):
        form = f"the error has the form of revision {SECOND}"
    elif "title" in document or "detail" in document:
        form = "the error has the form of problem+json (RFC 9457)"
    else:
        missing = [name for name in ("error", "message", "requestId") if not document.get(name)]
        if not missing:
            return ()
        form = f"the error has no {' and no '.join(missing)}"
    return (Drift("error_body", "$", f"{form}, unlike {PINNED}"),)
