"""Faults as values, and what makes them: `lightfast.emulator.faults` exports them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

__all__ = [
    "Fault",
    "config_error",
    "delay",
    "disconnect",
    "drip",
    "edge_error",
    "error",
    "error_without_message",
    "healthy",
    "internal_error",
    "not_json",
    "rate_limited",
    "raw",
    "unauthorized",
]


@attrs.frozen(kw_only=True)
class Fault:
    """Base of all faults: something that happens to a request, or to several in a row."""

    times: int = 1

    def __mul__(self, times: int) -> Self:
        if times < 1:
            raise ValueError(f"a fault must happen at least once, not {times} times")
        return attrs.evolve(self, times=self.times * times)

    __rmul__ = __mul__


@attrs.frozen(kw_only=True)
class Healthy(Fault):
    """Normal answer."""


@attrs.frozen(kw_only=True)
class ErrorAnswer(Fault):
    """Error of the API, in the revision that the emulator speaks."""

    status: int
    code: str
    message: str | None
    details: Mapping[str, Any]
    headers: Mapping[str, str]


@attrs.frozen(kw_only=True)
class RawAnswer(Fault):
    """Answer given byte for byte."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str]


@attrs.frozen(kw_only=True)
class Disconnect(Fault):
    """Closed connection: before the answer, or in the middle of it."""

    midway: bool


@attrs.frozen(kw_only=True)
class Drip(Fault):
    """Normal answer, sent a few bytes at a time."""

    seconds: float


@attrs.frozen(kw_only=True)
class Delay(Fault):
    """Normal answer, sent late."""

    seconds: float


# --- errors of the API ------------------------------------------------------------------------


def error(
    status: int,
    code: str,
    message: str | None = None,
    *,
    details: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Fault:
    """Answer with any error of the API.

    Args:
        status: The HTTP status.
        code: Such as ``INTERNAL_ERROR``.
        message: The message for people; None leaves it out.
        details: The ``details`` of the body.
        headers: Additional headers.
    """
    return ErrorAnswer(
        status=status, code=code, message=message, details=details or {}, headers=headers or {}
    )


def rate_limited(retry_after: float | datetime | None = 1) -> Fault:
    """Answer 429 with ``Retry-After`` in seconds or as a date (RFC 9110 §10.2.3), or without it."""
    if isinstance(retry_after, datetime):
        from email.utils import format_datetime  # 8 ms, and few faults have a date

        value = format_datetime(retry_after.astimezone(UTC), usegmt=True)
    else:
        value = "" if retry_after is None else f"{retry_after:g}"
    headers = {"Retry-After": value} if value else {}
    return error(429, "RATE_LIMITED", "Too many requests", headers=headers)


def internal_error() -> Fault:
    """Answer 500 INTERNAL_ERROR, which clients should retry."""
    return error(500, "INTERNAL_ERROR", "Something went wrong")


def config_error() -> Fault:
    """Answer 500 CONFIG_ERROR, which no retry can fix."""
    return error(500, "CONFIG_ERROR", "Organization is not configured for search")


def unauthorized() -> Fault:
    """Answer 401, as when the key has just been revoked."""
    headers = {"WWW-Authenticate": "Bearer"}
    return error(401, "UNAUTHORIZED", "Invalid API key: it has been revoked.", headers=headers)


def error_without_message() -> Fault:
    """Answer 400 VALIDATION_ERROR with ``details`` and without a ``message``, as the alpha service does."""
    fields = {"limit": ["Too big: expected number to be <=100"]}
    return error(400, "VALIDATION_ERROR", details={"formErrors": [], "fieldErrors": fields})


# --- answers that are not the API's -----------------------------------------------------------


def raw(
    status: int,
    body: str | bytes,
    *,
    content_type: str = "text/html",
    headers: Mapping[str, str] | None = None,
) -> Fault:
    """Answer exactly this, byte for byte."""
    return RawAnswer(
        status=status,
        body=body.encode() if isinstance(body, str) else body,
        content_type=content_type,
        headers=headers or {},
    )


def edge_error(status: int = 502, code: str = "ROUTER_EXTERNAL_TARGET_ERROR") -> Fault:
    """Answer with an HTML page of the hosting edge, with its ``x-vercel-error`` and ``x-vercel-id``."""
    title = f"{status}: {code}"
    page = f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    trace = "fra1::emulator-0000000000000-000000000000"
    return raw(status, page, headers={"x-vercel-error": code, "x-vercel-id": trace})


def not_json() -> Fault:
    """Answer 200 with an HTML page, as a captive portal does."""
    return raw(200, "<!doctype html><title>Welcome</title><h1>Please accept our terms</h1>")


# --- connections ------------------------------------------------------------------------------


def disconnect(*, midway: bool = False) -> Fault:
    """Close the connection without an answer, or in the middle of one."""
    return Disconnect(midway=midway)


def drip(seconds: float) -> Fault:
    """Send the normal answer a few bytes at a time, over this many seconds."""
    return Drip(seconds=_positive(seconds))


def delay(seconds: float) -> Fault:
    """Send the normal answer this many seconds late."""
    return Delay(seconds=_positive(seconds))


def healthy() -> Fault:
    """Answer normally, between two faults of a script."""
    return Healthy()


def _positive(seconds: float) -> float:
    if seconds <= 0:
        raise ValueError(f"`seconds` must be above 0, not {seconds:g}")
    return seconds
