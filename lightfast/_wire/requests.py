"""Requests: paths, headers, bodies, and the request for the next page. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from operator import index
from typing import Any, SupportsIndex
from urllib.parse import urlencode

import attrs

from lightfast._secrets import HeaderText
from lightfast._version import __version__
from lightfast._wire import converter
from lightfast.exceptions import ConfigurationError
from lightfast.models import SearchResponse
from lightfast.queries import MAX_OFFSET, SearchRequest

SEARCH_PATH = "/search"

HEADERS: Mapping[str, str] = {
    # Without `*/*`, the hosted service answers unknown paths with 500 instead of 404.
    "Accept": "application/json, */*;q=0.5",
    "Content-Type": "application/json",
    "User-Agent": f"lightfast/{__version__}",
}


_NO_HEADERS: Mapping[str, str] = {}


# Not frozen: only the core sees it, and it is made in half the time.
@attrs.define(kw_only=True, weakref_slot=False)
class HttpRequest:
    """One request, all but its credential.

    Args:
        url: Where it goes.
        body: JSON; None for a GET.
        headers: Headers beside `HEADERS`, which they may replace.
        advice: What the caller can do when it takes too long, beside raising the limit.
    """

    url: str
    body: bytes | None
    headers: Mapping[str, str] = _NO_HEADERS
    advice: str = ""

    @property
    def method(self) -> str:
        """``POST`` or ``GET``."""
        return "GET" if self.body is None else "POST"

    def all_headers(self) -> dict[str, str]:
        """Return all headers but the credential's and those of the connection."""
        headers = {**HEADERS, **self.headers} if self.headers else dict(HEADERS)
        if self.body is None:
            del headers["Content-Type"]
        return headers


def search_request(
    base_url: str, request: SearchRequest, headers: Mapping[str, str] = _NO_HEADERS
) -> HttpRequest:
    """Return the POST of a search.

    Raises:
        ConfigurationError: The request holds something that JSON cannot.
    """
    return HttpRequest(
        url=base_url + SEARCH_PATH,
        body=converter.write_search(request),
        headers=headers,
        advice="use mode='fast'",
    )


def post_request(
    base_url: str, path: str, body: Any, headers: Mapping[str, str] = _NO_HEADERS
) -> HttpRequest:
    """Return the POST to any endpoint below the base URL.

    Raises:
        ConfigurationError: The path leads elsewhere, or the body is not JSON.
    """
    return HttpRequest(url=_below(base_url, path), body=converter.write_json(body), headers=headers)


def get_request(
    base_url: str,
    path: str,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] = _NO_HEADERS,
) -> HttpRequest:
    """Return the GET of any endpoint below the base URL.

    Raises:
        ConfigurationError: The path leads elsewhere, or the parameters cannot stand in a URL.
    """
    query = _query_string({} if params is None else params)
    return HttpRequest(url=_below(base_url, path) + query, body=None, headers=headers)


def _below(base_url: str, path: str) -> str:
    if not isinstance(path, str) or not _PATH.fullmatch(path) or ".." in path.split("/"):
        raise ConfigurationError(
            f"`path` must be an endpoint below the base URL such as 'search', not {path!r:.60}."
        )
    return f"{base_url}/{path.lstrip('/')}"


def _query_string(params: Mapping[str, Any]) -> str:
    if not isinstance(params, Mapping):
        raise ConfigurationError(f"`params` takes a mapping, not {type(params).__name__}.")
    pairs = []
    for name, value in params.items():
        if not isinstance(name, str):
            raise ConfigurationError(f"The names in `params` must be strings, not {name!r:.40}.")
        items = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, _parameter(item)) for item in items]
    try:
        return "?" + urlencode(pairs) if pairs else ""
    except UnicodeEncodeError:
        pass
    raise ConfigurationError("`params` has a lone surrogate, which a URL cannot carry.")


def _parameter(value: object) -> str:
    """Return a value as it stands in a URL."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return str.__str__(value)  # of an enum, its value
        case float():
            return str(float(value))
        case SupportsIndex():
            with suppress(TypeError):  # numpy's arrays have an __index__, too
                return str(index(value))
    raise ConfigurationError(
        f"`params` takes strings, numbers and lists of them, not {value!r:.40}."
    )


# Headers that say who asks, what is sent or how the connection is used: the SDK writes them.
REFUSED_HEADERS = frozenset(
    {"accept-encoding", "authorization", "connection", "content-encoding", "content-length",
     "content-type", "cookie", "expect", "host", "keep-alive", "proxy-authorization", "te",
     "trailer", "transfer-encoding", "upgrade", "x-org-id"}
)  # fmt: skip
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token: RFC 9110 §5.6.2
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?")  # RFC 9110 §5.5, in ASCII


def check_headers(what: str, headers: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return headers that may be sent beside the SDK's own.

    Raises:
        ConfigurationError: One cannot be sent, or is the SDK's to write. Values are not repeated.
    """
    if headers is None:
        return _NO_HEADERS
    if not isinstance(headers, Mapping):
        raise ConfigurationError(f"`{what}` takes a mapping, not {type(headers).__name__}.")
    checked: dict[str, str] = {}
    for name, value in headers.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ConfigurationError(f"`{what}` has a name that no header can have: {name!r:.60}.")
        if name.lower() in REFUSED_HEADERS:
            raise ConfigurationError(
                f"`{what}` cannot set {name!r}; the SDK writes {', '.join(sorted(REFUSED_HEADERS))}."
            )
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise ConfigurationError(
                f"The value of {name!r} in `{what}` must be a string of printable ASCII characters "
                "that neither begins nor ends with a blank."
            )
        # One spelling, so that a header of the SDK's is replaced and not sent twice.
        checked["-".join(part.capitalize() for part in name.split("-"))] = HeaderText(value)
    return checked


_PATH = re.compile(r"/?[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/?")


def next_page(request: SearchRequest, response: SearchResponse, fresh: int) -> SearchRequest | None:
    """Return the request for the page after this one; None when there is none worth asking for.

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
