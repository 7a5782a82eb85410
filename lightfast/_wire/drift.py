"""Drift that no model shows: options of a request that were ignored, and error bodies of another form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lightfast._text import printable
from lightfast._wire.queries import write_request
from lightfast._wire.revisions import (
    PINNED,
    SECOND,
    SECOND_FIELDS,
    SECOND_MODES,
    stands_at_the_top,
)
from lightfast.exceptions import Drift
from lightfast.models import SearchResponse
from lightfast.queries import SearchRequest

REPEATED_PAGE = Drift(
    "ignored_option", "request.offset", "the page has nothing but results of the pages before it"
)


def ignored_options(request: SearchRequest, response: SearchResponse) -> tuple[Drift, ...]:
    """Return the options of a request that its answer did not honor."""
    sent = write_request(request)
    if response.revision == SECOND:
        return tuple(
            Drift("ignored_option", f"request.{path}", f"revision {SECOND} does not have it")
            for path in _unknown_to_second(sent)
        )
    wanted, used = sent["offset"], response.meta.offset
    if used is not None and isinstance(wanted, int) and used != wanted:
        message = f"{wanted} was asked for, {used} was used"
        return (Drift("ignored_option", "request.offset", message),)
    return ()


def _unknown_to_second(sent: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parts of a request's body that 2026-04-04 ignores, and that say something."""
    if sent["offset"]:
        yield "offset"
    if sent["mode"] not in SECOND_MODES:
        yield "mode"
    filters = sent.get("filters")
    for name, value in filters.items() if isinstance(filters, Mapping) else ():
        if value and not stands_at_the_top(name, value, sent):
            yield f"filters.{printable(name, 60)}"
    for name in sent:
        if name not in SECOND_FIELDS:
            yield printable(name, 60)


def error_body_drift(document: Mapping[str, Any]) -> tuple[Drift, ...]:
    """Return how the JSON object of an error deviates from `error`, `message` and `requestId`."""
    if isinstance(document.get("defined"), bool):
        form = f"the error has the form of revision {SECOND}"
    elif "error" not in document and ("title" in document or "detail" in document):
        form = "the error has the form of problem+json (RFC 9457)"
    else:
        missing = [name for name in ("error", "message", "requestId") if not document.get(name)]
        if not missing:
            return ()
        form = f"the error has no {' and no '.join(missing)}"
    return (Drift("error_body", "$", f"{form}, unlike {PINNED}"),)
