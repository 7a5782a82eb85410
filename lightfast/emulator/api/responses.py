"""What an answer looks like: its body, its headers, and the documented shape of every error."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import attrs
import orjson
from aiohttp import web

from lightfast._version import __version__
from lightfast.emulator.api import revision_2026_04_04
from lightfast.emulator.api.requests import BODY_TIMEOUT, MAX_BODY_BYTES, SlowBodyError
from lightfast.emulator.api.validation import InvalidRequestError, NotJsonError
from lightfast.emulator.errors import RefusedError
from lightfast.emulator.search.retrieval import NotConfiguredError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

__all__ = [
    "API_REVISION",
    "BASE_PATH",
    "HEADERS",
    "REQUEST_ID",
    "REVISION_2026_04_04",
    "answer",
    "failure_answer",
    "in_documented_shape",
]

BASE_PATH = "/api/v1"
REQUEST_ID = web.RequestKey("request_id", str)
API_REVISION = web.RequestKey("api_revision", str)
REVISION_2026_04_04 = "2026-04-04"
HEADERS = {
    "Cache-Control": "no-store",
    "Server": f"lightfast-emulator/{__version__}",
    "X-Content-Type-Options": "nosniff",
}

_log = logging.getLogger("lightfast.emulator")


@attrs.frozen
class Failure:
    """An answer other than 200."""

    status: int
    code: str
    message: str
    details: dict[str, Any] = attrs.field(factory=dict, kw_only=True)
    headers: dict[str, str] = attrs.field(factory=dict, kw_only=True)

    def body(self) -> dict[str, Any]:
        """The documented body, but for the request's id."""
        details = {"details": self.details} if self.details else {}
        return {"error": self.code, "message": self.message, **details}


@web.middleware
async def in_documented_shape(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer whatever a handler raises as the service would."""
    try:
        return await handler(request)
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the body is the documented one
        if isinstance(error, ConnectionError) and request.transport is None:
            return web.Response()  # nobody is there to read it
        failure = _failure(error, request)
    return failure_answer(request, failure.status, failure.body(), failure.headers)


def _failure(error: Exception, request: web.Request) -> Failure:
    """What to answer when a request could not be served."""
    match error:
        case SlowBodyError():
            message = f"Request body did not arrive within {BODY_TIMEOUT:g} s"
            return Failure(408, "REQUEST_TIMEOUT", message, headers={"Connection": "close"})
        case RefusedError():
            # RFC 9110 §15.5.2: a 401 names the scheme that would help.
            challenge = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
            return Failure(error.status, error.code, error.message, headers=challenge)
        case NotJsonError():
            return Failure(400, "INVALID_JSON", "Request body is not valid JSON")
        case InvalidRequestError():
            details = {"formErrors": error.form_errors, "fieldErrors": error.field_errors}
            return Failure(400, "VALIDATION_ERROR", f"Invalid request: {error}", details=details)
        case NotConfiguredError():
            return Failure(500, "CONFIG_ERROR", "Organization is not configured for search")
        case web.HTTPException():
            return _http_failure(error, request)
    _log.error("request %s failed", request[REQUEST_ID], exc_info=error)
    return Failure(500, "INTERNAL_ERROR", "Something went wrong; the emulator's log says what")


def _http_failure(error: web.HTTPException, request: web.Request) -> Failure:
    match error:
        case web.HTTPNotFound():
            return Failure(404, "NOT_FOUND", f"No such endpoint; search is {BASE_PATH}/search")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return Failure(405, "METHOD_NOT_ALLOWED", f"Use {allowed}", headers={"Allow": allowed})
        case web.HTTPRequestEntityTooLarge():
            message = f"Request body is larger than {MAX_BODY_BYTES} bytes"
            return Failure(413, "PAYLOAD_TOO_LARGE", message, headers={"Connection": "close"})
    return Failure(error.status, "BAD_REQUEST", error.reason)


def answer(request: web.Request, body: dict[str, Any]) -> web.Response:
    """200, on the wire that is spoken."""
    if request.get(API_REVISION) == REVISION_2026_04_04:
        body = revision_2026_04_04.answer(body)
    return _response(request, 200, body | {"requestId": request[REQUEST_ID]}, {})


def failure_answer(
    request: web.Request, status: int, body: Mapping[str, Any], headers: Mapping[str, str]
) -> web.Response:
    """An error, on the wire that is spoken.

    Args:
        request: What it answers.
        status: The HTTP status.
        body: The documented body, but for the request's id.
        headers: What else the head says.
    """
    if request.get(API_REVISION) == REVISION_2026_04_04:
        told = revision_2026_04_04.error(status, dict(body))
    else:
        told = {**body, "requestId": request[REQUEST_ID]}
    return _response(request, status, told, headers)


def _response(
    request: web.Request, status: int, body: dict[str, Any], headers: Mapping[str, str]
) -> web.Response:
    response = web.Response(
        status=status,
        body=orjson.dumps(body),
        content_type="application/json",
        headers={**HEADERS, "X-Request-ID": request[REQUEST_ID], **headers},
    )
    if response.headers.get("Connection") == "close":
        response.force_close()
    return response
