"""What is sent: paths, headers, bodies, and the request for the next page. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from lightfast._version import __version__
from lightfast._wire import converter
from lightfast.exceptions import ConfigurationError
from lightfast.models import SearchResponse
from lightfast.queries import MAX_OFFSET, SearchRequest

SEARCH_PATH = "/search"

HEADERS: Mapping[str, str] = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": f"lightfast/{__version__}",
}


# Not frozen: only the core sees it, and it is made in half the time.
@attrs.define(kw_only=True, weakref_slot=False)
class HttpRequest:
    """One POST, all but its credential.

    Args:
        url: Where it goes.
        body: JSON.
        advice: What the caller can do when it takes too long, beside raising the limit.
    """

    url: str
    body: bytes
    advice: str = ""


def search_request(base_url: str, request: SearchRequest) -> HttpRequest:
    """The POST that asks a search.

    Raises:
        ConfigurationError: The request holds something that JSON cannot.
    """
    return HttpRequest(
        url=base_url + SEARCH_PATH, body=converter.write_search(request), advice="use mode='fast'"
    )


def post_request(base_url: str, path: str, body: Any) -> HttpRequest:
    """The POST to any endpoint below the base URL.

    Raises:
        ConfigurationError: The path leads elsewhere, or the body is not JSON.
    """
    if not isinstance(path, str) or not _PATH.fullmatch(path) or ".." in path.split("/"):
        raise ConfigurationError(
            f"`path` must be an endpoint below the base URL such as 'search', not {path!r:.60}."
        )
    return HttpRequest(url=f"{base_url}/{path.lstrip('/')}", body=converter.write_json(body))


_PATH = re.compile(r"/?[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/?")


def next_page(request: SearchRequest, response: SearchResponse, fresh: int) -> SearchRequest | None:
    """The request for the page after this one; None when there is none worth asking for.

    Args:
        request: What was asked.
        response: What came.
        fresh: How many of its results were new. The alpha may ignore `offset`, and then
            sends the first page for ever: a page of nothing new is the last.
    """
    offset = request.offset + len(response)
    # The alpha's total may count this page only: it is believed when it promises more,
    # and when it promises no more only of a page that is not full.
    complete = len(response) < request.limit and offset >= response.meta.total
    if not fresh or complete or offset > MAX_OFFSET:
        return None
    return attrs.evolve(request, offset=offset)
