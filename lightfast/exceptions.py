"""Errors, as one tree.

::

    LightfastError
    ├── ConfigurationError (ValueError)      an argument cannot be used; nothing was sent
    ├── UsageError (RuntimeError)            the client cannot be used like that: closed, or reentered
    ├── NetworkError                         no answer came back
    │   └── RequestTimeoutError (TimeoutError)
    ├── APIError                             the API answered with an error
    │   ├── ValidationError                  400
    │   ├── AuthenticationError              401
    │   ├── PermissionDeniedError            403
    │   ├── NotFoundError                    404
    │   ├── RateLimitError                   429
    │   └── ServerError                      5xx
    │       └── OrganizationNotConfiguredError
    └── ResponseError                        an answer that cannot be read: not JSON, wrong shape, …
        └── DriftError                       one that can, with `on_drift="raise"`

Facts are attributes, not text to be parsed. All of them survive ``pickle`` and ``copy``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import attrs

__all__ = [
    "APIError",
    "Attempt",
    "AuthenticationError",
    "ConfigurationError",
    "Drift",
    "DriftError",
    "DriftKind",
    "LightfastError",
    "NetworkError",
    "NotFoundError",
    "OrganizationNotConfiguredError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestTimeoutError",
    "ResponseError",
    "ServerError",
    "UsageError",
    "ValidationError",
]


DriftKind = Literal[
    "revision", "unknown_field", "missing_field", "null_field", "ignored_option", "error_body"
]
"""Way in which an answer deviates from the pinned revision of the API."""


@attrs.frozen(weakref_slot=False)
class Drift:
    """Deviation of an answer from the pinned revision of the API.

    Args:
        kind: The kind of deviation: another ``revision``, an ``unknown_field``, a
            ``missing_field`` or ``null_field`` that the revision promises, an ``ignored_option``
            of the request, or an ``error_body`` of another form.
        path: Where it is: ``$.data[].sentiment`` in the answer, ``request.offset`` in the request.
        message: What it means.
    """

    kind: DriftKind
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind} {self.path}: {self.message}"


@attrs.frozen(kw_only=True, weakref_slot=False)
class Attempt:
    """One request that was made.

    Args:
        outcome: What it met, in words: ``200``, ``429 RATE_LIMITED``, ``connection reset``.
        status: The HTTP status; None when no answer came.
        elapsed: Seconds it took.
        delay: Seconds waited after it, before the next one.
    """

    outcome: str
    status: int | None
    elapsed: float
    delay: float = 0.0


class LightfastError(Exception):
    """Base of all errors that this package raises.

    Attributes:
        message: What happened, where, and what to do next.
        request_id: The server's id of the request, for support; None when it gave none.
        history: One `Attempt` per request that was made, oldest first.
        retryable: Whether the same call may succeed later.
    """

    retryable: bool = False

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.request_id = request_id
        self.history: tuple[Attempt, ...] = ()

    @property
    def attempts(self) -> int:
        """The number of requests that were made."""
        return len(self.history)

    def __reduce__(self) -> tuple[Any, ...]:
        # BaseException would call the class with `args` alone, and lose what is required besides.
        return _restore, (type(self), self.args, self.__dict__)

    def _facts(self) -> list[str]:
        """Return what `str()` adds in brackets after the message."""
        facts = [f"request {self.request_id}"] if self.request_id else []
        if self.attempts > 1:
            facts.append(f"{self.attempts} attempts")
        return facts

    def __str__(self) -> str:
        facts = ", ".join(self._facts())
        return f"{self.message} [{facts}]" if facts else self.message


def _restore(
    cls: type[LightfastError], args: tuple[Any, ...], facts: dict[str, Any]
) -> LightfastError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(facts)
    return error


class ConfigurationError(LightfastError, ValueError):
    """An argument or an environment variable cannot be used; nothing was sent."""


class UsageError(LightfastError, RuntimeError):
    """The client cannot be used in this way: it is closed, or a blocking call would deadlock."""


class NetworkError(LightfastError):
    """No answer came back: refused, reset, unresolvable, or a TLS failure."""

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class RequestTimeoutError(NetworkError, TimeoutError):
    """No answer came within the time that the caller allowed."""


class ResponseError(LightfastError):
    """An answer cannot be read: not JSON, the wrong shape, too large, or a redirect.

    Attributes:
        status: The HTTP status.
        body: The beginning of the body as text, without secrets and control characters.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        body: str = "",
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.status = status
        self.body = body


class DriftError(ResponseError):
    """An answer deviates from the pinned revision, and the client was made with ``on_drift="raise"``.

    Attributes:
        drift: The deviations.
    """

    def __init__(
        self,
        message: str,
        *,
        drift: tuple[Drift, ...] = (),
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, request_id=request_id)
        self.drift = drift


class APIError(LightfastError):
    """The API answered with an error.

    Each subclass can be constructed from a message alone, for tests of your own.

    Attributes:
        status: The HTTP status, 400..599.
        code: The API's error code, such as ``UNAUTHORIZED``; None when the answer had none.
        details: What the server said beyond the message, as it said it.
        retry_after: Seconds the server asked to wait; None when it did not ask.
        drift: How the body deviates from the pinned revision; usually not at all.
        body: The beginning of the body as text, without secrets and control characters.
    """

    _status: ClassVar[int] = 400

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
        retryable: bool | None = None,
        drift: tuple[Drift, ...] = (),
        body: str = "",
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.status = self._status if status is None else status
        self.code = code
        self.details: Mapping[str, Any] = details or {}
        self.retry_after = retry_after
        self.retryable = type(self).retryable if retryable is None else retryable
        self.drift = drift
        self.body = body

    def _facts(self) -> list[str]:
        return [f"{self.status} {self.code}" if self.code else str(self.status), *super()._facts()]


class ValidationError(APIError):
    """400: the server refused the request as malformed."""


class AuthenticationError(APIError):
    """401: no credential, or one that the server does not accept."""

    _status = 401


class PermissionDeniedError(APIError):
    """403: the credential is good, but not for this organization."""

    _status = 403


class NotFoundError(APIError):
    """404: no such endpoint."""

    _status = 404


class RateLimitError(APIError):
    """429: too many requests; `retry_after` tells how long to wait."""

    _status = 429
    retryable = True


class ServerError(APIError):
    """5xx: the server failed."""

    _status = 500
    retryable = True


class OrganizationNotConfiguredError(ServerError):
    """The organization is not set up for search; trying again does not help."""

    retryable = False
