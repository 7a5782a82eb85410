"""What HTTP means here: paths, headers, statuses, error bodies, the next page. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from lightfast import _wire
from lightfast._auth import Secret
from lightfast._encoding import ACCEPTED
from lightfast._retry import parse_retry_after
from lightfast._version import __version__
from lightfast.exceptions import (
    APIError,
    AuthenticationError,
    ConfigurationError,
    LightfastError,
    NotFoundError,
    OrganizationNotConfiguredError,
    PermissionDeniedError,
    RateLimitError,
    ResponseError,
    ServerError,
    ValidationError,
)
from lightfast.models import Headers, HttpInfo, JsonResponse, SearchResponse
from lightfast.queries import MAX_OFFSET, SearchRequest

SEARCH_PATH = "/search"

HEADERS: Mapping[str, str] = {
    "Accept": "application/json",
    "Accept-Encoding": ACCEPTED,
    "Content-Type": "application/json",
    "User-Agent": f"lightfast/{__version__}",
}

_BLOT = "…".encode()
_EXCERPT = 500
_MESSAGE = 1_000

_CLASSES: dict[int, type[APIError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
}
_RETRYABLE = frozenset({429, 500, 502, 503, 504})
_EDGE_HEADERS = ("x-vercel-error", "x-vercel-id")


@attrs.frozen(kw_only=True, weakref_slot=False)
class HttpRequest:
    """One POST, all but its credential."""

    url: str
    body: bytes


@attrs.frozen(kw_only=True, weakref_slot=False)
class HttpResponse:
    """An answer, its body decompressed.

    Args:
        status: The HTTP status.
        headers: As received.
        body: The body; of an error, perhaps its beginning only.
        secret: What the request was sent with: never to be seen in what is told of it.
        attempts: How many requests it took.
        elapsed: Seconds it took, waits included.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    secret: Secret
    attempts: int = 1
    elapsed: float = 0.0

    def info(self) -> HttpInfo:
        """What the caller is told of it."""
        return HttpInfo(
            status=self.status,
            headers=self.safe_headers(),
            attempts=self.attempts,
            elapsed=self.elapsed,
        )

    def safe_headers(self) -> Headers:
        """The headers, with the credential blotted out where the server echoed it."""
        needle = self.secret.reveal().encode()
        for _, value in self.headers:
            if needle in value:
                return Headers((name, text.replace(needle, _BLOT)) for name, text in self.headers)
        return Headers(self.headers)

    def safe_body(self) -> bytes:
        """The body likewise: what an error quotes from."""
        return self.body.replace(self.secret.reveal().encode(), _BLOT)


# --- requests ---------------------------------------------------------------------------------


def search_request(base_url: str, request: SearchRequest) -> HttpRequest:
    """The POST that asks a search.

    Raises:
        ConfigurationError: The request holds something that JSON cannot.
    """
    return HttpRequest(url=base_url + SEARCH_PATH, body=_wire.write_search(request))


def post_request(base_url: str, path: str, body: Any) -> HttpRequest:
    """The POST to any endpoint below the base URL.

    Raises:
        ConfigurationError: The path leads elsewhere, or the body is not JSON.
    """
    if not isinstance(path, str) or not _PATH.fullmatch(path) or ".." in path.split("/"):
        raise ConfigurationError(
            f"`path` must be an endpoint below the base URL such as 'search', not {path!r:.60}."
        )
    return HttpRequest(url=f"{base_url}/{path.lstrip('/')}", body=_wire.write_json(body))


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


# --- answers ----------------------------------------------------------------------------------


def read_search(response: HttpResponse) -> SearchResponse:
    """A search's results.

    Raises:
        ResponseError: The body is no answer to a search.
    """
    info = response.info()
    try:
        result = _wire.read_search(response.body, info)
    except _wire.WireError as error:
        raise _unreadable(response, str(error)) from None
    if result.request_id is None and (request_id := info.headers.get("x-request-id")):
        result = attrs.evolve(result, request_id=clean(request_id, 200))
    return result


def read_any(response: HttpResponse) -> JsonResponse:
    """Whatever JSON an endpoint answered.

    Raises:
        ResponseError: The body is not JSON.
    """
    info = response.info()
    try:
        data = _wire.read_json(response.body)
    except _wire.WireError as error:
        raise _unreadable(response, str(error)) from None
    return JsonResponse(data=data, request_id=_request_id(data, info.headers), http=info)


def _unreadable(response: HttpResponse, problem: str) -> ResponseError:
    """A 200 whose body is no answer; when it is an error document, what that says."""
    document = _document(response.safe_body())
    code, message = _code(document), _message(document)
    said = f" It holds an error: {code or ''} {message or ''}".rstrip() if code or message else ""
    return ResponseError(
        f"The server's answer cannot be read: {clean(problem, 200)}.{said}",
        status=response.status,
        request_id=_request_id(document, response.safe_headers()),
        body=excerpt(response.safe_body()),
    )


# --- errors -----------------------------------------------------------------------------------


def error_from(response: HttpResponse, now: datetime | None = None) -> LightfastError | None:
    """The error that an answer is; None when it is a success.

    Args:
        response: The answer.
        now: The current time, aware, for a Retry-After that is a date.
    """
    status = response.status
    if 200 <= status < 300:
        return None
    if 400 <= status < 600:
        return _api_error(response, now or datetime.now(UTC))
    headers = response.safe_headers()
    to = clean(headers.get("location", ""), 200)
    problem = f"a redirect to {to!r}, which is never followed" if to else "neither answer nor error"
    return ResponseError(
        f"The server answered {status}, {problem}; check `base_url`.",
        status=status,
        request_id=_request_id(None, headers),
        body=excerpt(response.safe_body()),
    )


def _api_error(response: HttpResponse, now: datetime) -> APIError:
    status, headers = response.status, response.safe_headers()
    document = _document(response.safe_body())
    details = _details(document, headers)
    code = _code(document) or details.get("x-vercel-error")
    retry_after = parse_retry_after(headers.get("retry-after"), now)
    cls = _CLASSES.get(status, ServerError if status >= 500 else APIError)
    if code == "CONFIG_ERROR":
        cls = OrganizationNotConfiguredError
    return cls(
        _message(document) or _message_without_one(status, code, headers),
        status=status,
        code=code,
        request_id=_request_id(document, headers),
        details=details,
        retry_after=retry_after,
        retryable=status in _RETRYABLE and cls is not OrganizationNotConfiguredError,
        body=excerpt(response.safe_body()),
    )


def _document(body: bytes) -> dict[str, Any]:
    """A body's JSON object; empty when it is none."""
    try:
        document = _wire.read_json(body)
    except _wire.WireError:
        return {}
    return document if isinstance(document, dict) else {}


def _code(document: Mapping[str, Any]) -> str | None:
    """`error` of the documented shape, `code` of the one from 2026-04-04."""
    for key in ("error", "code"):
        value = document.get(key)
        if isinstance(value, str) and value:
            return clean(value, 100)
    return None


def _message(document: Mapping[str, Any]) -> str | None:
    """What the server says, or what its validation details say in its place."""
    message = document.get("message")
    if isinstance(message, str) and message.strip():
        return clean(message, _MESSAGE)
    details = document.get("details")
    if not isinstance(details, Mapping):
        return None
    lines = [str(line) for line in _list(details.get("formErrors"))]
    fields = details.get("fieldErrors")
    for name, problems in fields.items() if isinstance(fields, Mapping) else ():
        lines += [f"{name}: {problem}" for problem in _list(problems)]
    return clean("; ".join(lines), _MESSAGE) or None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _message_without_one(status: int, code: str | None, headers: Headers) -> str:
    edge_id = headers.get("x-vercel-id")
    by = " from the hosting edge" if any(name in headers for name in _EDGE_HEADERS) else ""
    named = f" ({code})" if code else ""
    trace = f"; x-vercel-id {clean(edge_id, 100)}" if edge_id else ""
    return f"The server answered {status}{by}{named} and no message{trace}"


def _details(document: Mapping[str, Any], headers: Headers) -> dict[str, Any]:
    """`details` or `data` of the body, and the edge's own headers."""
    details: dict[str, Any] = {}
    for key in ("details", "data"):
        value = document.get(key)
        if isinstance(value, Mapping):
            details.update(value)
        elif value is not None:
            details[key] = value
    return details | {name: clean(headers[name], 200) for name in _EDGE_HEADERS if name in headers}


def _request_id(document: object, headers: Headers) -> str | None:
    value = document.get("requestId") if isinstance(document, Mapping) else None
    if not isinstance(value, str) or not value:
        value = headers.get("x-request-id")
    return clean(value, 200) or None if value else None


# --- text from strangers ----------------------------------------------------------------------


def excerpt(body: bytes) -> str:
    """The beginning of a body, printable."""
    return clean(body[: 4 * _EXCERPT].decode("utf-8", "replace"), _EXCERPT)


def clean(text: str, length: int) -> str:
    """Text that is safe to print: no control characters, no lone surrogates, not too long."""
    text = text[: 4 * length]
    printable = "".join(char if char.isprintable() else " " for char in text)
    words = " ".join(printable.split())
    return words if len(words) <= length else words[: length - 1] + "…"
