"""Responses decoded: into a value, or into the error that status and body stand for. No I/O.

Whatever is told of a response is told without the credential, should the server echo it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any, Protocol, TypeAlias, TypeVar

import attrs

from lightfast._retry import parse_retry_after
from lightfast._secrets import Secret
from lightfast._text import excerpt, printable
from lightfast._wire import converter, error_bodies
from lightfast._wire.drift import error_body_drift
from lightfast._wire.moved import advice
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

REDACTED = "…".encode()
_PREFIX = 8  # as many first characters of a secret are taken for the beginning of it

_CLASSES: dict[int, type[APIError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
}
_NO_CONTENT = 204
# What may pass by itself: RFC 9110 §15.5.9 and §15.6, RFC 6585 §4.
_RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})


class Answer(Protocol):
    """Value that a response was decoded into."""

    @property
    def http(self) -> HttpInfo | None:
        """Facts about the HTTP response."""

    @property
    def request_id(self) -> str | None:
        """The server's ID of the request."""


_T = TypeVar("_T")


# Not frozen: only the core sees it, and it is made in 0.3 µs instead of 0.65.
@attrs.define(kw_only=True, weakref_slot=False)
class HttpResponse:
    """Response whose body is decompressed.

    Args:
        status: HTTP status.
        headers: Headers as received.
        body: The body; of an error, perhaps its beginning only.
        secret: What the request was sent with: never to be seen in what is told of it.
        url: Where the request went.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...] = attrs.field(repr=False)  # may echo the secret
    body: bytes = attrs.field(repr=False)
    secret: Secret
    url: str = ""

    def info(self, attempts: int, elapsed: float) -> HttpInfo:
        """Return what the caller is told of it."""
        return HttpInfo(
            status=self.status, headers=self.safe_headers(), attempts=attempts, elapsed=elapsed
        )

    def safe_headers(self) -> Headers:
        """Return the headers, with the credential redacted where the server echoed it."""
        needle = self.secret.reveal().encode()
        if needle in b"\n".join([value for _, value in self.headers]):
            return Headers((name, value.replace(needle, REDACTED)) for name, value in self.headers)
        return Headers(self.headers)

    def safe_body(self) -> bytes:
        """Return the body likewise: what an error quotes from."""
        # UTF-16 is ASCII with zeros in between.
        return _without(self.secret, self.body.replace(b"\0", b""))

    def redact(self, text: str) -> str:
        """Return a text that was made from the body likewise."""
        if self.secret.reveal()[:_PREFIX] not in text:
            return text
        return _without(self.secret, text.encode("utf-8", "replace")).decode()


def _without(secret: Secret, data: bytes) -> bytes:
    """Return bytes in which a secret is redacted, also where it was cut short."""
    first, *others = data.split(secret.reveal()[:_PREFIX].encode())
    return REDACTED.join([first, *(piece[_length_of_rest(secret, piece) :] for piece in others)])


def _length_of_rest(secret: Secret, data: bytes) -> int:
    """Return how many bytes, after the beginning of a secret, still belong to it."""
    pairs = zip(data, secret.reveal()[_PREFIX:].encode(), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


# --- values -----------------------------------------------------------------------------------


Read: TypeAlias = Callable[[HttpResponse, int, float], _T]
"""Decodes a successful response, given the number of attempts and the seconds that the call took."""


def read_search(response: HttpResponse, attempts: int = 1, elapsed: float = 0.0) -> SearchResponse:
    """Decode a page of search results.

    Raises:
        ResponseError: The body is not an answer to a search.
    """
    info = response.info(attempts, elapsed)
    try:
        result = converter.read_search(response.body, info)
    except converter.WireError as error:
        raise _unreadable(response, str(error)) from None
    # It is logged and traced. A search of the whole body for the credential would take 5 µs, a twentieth of a call.
    request_id = response.redact(result.request_id or info.headers.get("x-request-id") or "")
    if request_id != (result.request_id or ""):
        result = attrs.evolve(result, request_id=printable(request_id, 200))
    return result


def read_any(response: HttpResponse, attempts: int = 1, elapsed: float = 0.0) -> JsonResponse:
    """Decode whatever JSON an endpoint answered.

    Raises:
        ResponseError: The body is not JSON.
    """
    info = response.info(attempts, elapsed)
    try:
        data = None if response.status == _NO_CONTENT else converter.read_json(response.body)
    except converter.WireError as error:
        raise _unreadable(response, str(error)) from None
    return JsonResponse(
        data=data,
        request_id=response.redact(error_bodies.request_id(data, info.headers) or "") or None,
        http=info,
    )


def _unreadable(response: HttpResponse, problem: str) -> ResponseError:
    """Return the error for a body that cannot be decoded, with what it says if it is an error."""
    document = _document(response)
    code, message = error_bodies.code(document), error_bodies.message(document)
    error = " ".join(filter(None, [code, message]))
    quoted = f" It holds an error: {error}" if error else ""
    status = f" of status {response.status}" if response.status != 200 else ""
    return ResponseError(
        f"The server's answer{status} cannot be read: "
        f"{printable(response.redact(problem), 200)}.{quoted}",
        status=response.status,
        request_id=error_bodies.request_id(document, response.safe_headers()),
        body=excerpt(response.safe_body()),
    )


# --- errors -----------------------------------------------------------------------------------


def error_from(response: HttpResponse, now: datetime | None = None) -> LightfastError | None:
    """Return the error that an answer is; None when it is a success.

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
    to = printable(headers.get("location", ""), 200)
    problem = (
        f"a redirect to {to!r}, which is never followed" if to else "neither an answer nor an error"
    )
    return ResponseError(
        f"The server answered {status}, {problem}; check `base_url`.",
        status=status,
        request_id=error_bodies.request_id(None, headers),
        body=excerpt(response.safe_body()),
    )


def _api_error(response: HttpResponse, now: datetime) -> APIError:
    status, headers = response.status, response.safe_headers()
    document = _document(response)
    details = error_bodies.details(document, headers)
    code = error_bodies.code(document) or details.get("x-vercel-error")
    retry_after = parse_retry_after(headers.get("retry-after"), now)
    cls = _CLASSES.get(status, ServerError if status >= 500 else APIError)
    if code == "CONFIG_ERROR":
        cls = OrganizationNotConfiguredError
    message = error_bodies.message(document) or error_bodies.no_message(status, code, headers)
    return cls(
        message + advice(status, response.url, headers, response.secret),
        status=status,
        code=code,
        request_id=error_bodies.request_id(document, headers),
        details=details,
        retry_after=retry_after,
        retryable=status in _RETRYABLE and cls is not OrganizationNotConfiguredError,
        drift=error_body_drift(document) if document else (),
        body=excerpt(response.safe_body()),
    )


def _document(response: HttpResponse) -> dict[str, Any]:
    """Return a body's JSON object, without the credential; empty when it is not one."""
    try:
        document = converter.read_json(response.safe_body())
        # Written and read again: behind JSON's escapes, a secret hides from a search. What
        # is too deep to be written is too deep to be pickled with an error, too.
        document = converter.read_json(_without(response.secret, converter.write_json(document)))
    except (converter.WireError, ConfigurationError):
        return {}
    return document if isinstance(document, dict) else {}
