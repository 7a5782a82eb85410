"""Responses: bodies, headers, and the response to each exception."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from lightfast._version import __version__
from lightfast.emulator.api.address import API_PREFIXES, BASE_PATH
from lightfast.emulator.api.dialect import Failure, Reply
from lightfast.emulator.api.requests import (
    BODY_TIMEOUT,
    DIALECT,
    MAX_BODY_BYTES,
    BrokenBodyError,
    SlowBodyError,
)
from lightfast.emulator.api.revision_2026_04_03 import DOCUMENTED
from lightfast.emulator.api.validation import InvalidRequestError, NotJsonError
from lightfast.emulator.errors import DamagedError, RefusedError
from lightfast.emulator.search.retrieval import NotConfiguredError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = [
    "HEADERS",
    "REQUEST_ID",
    "SEARCH_PATHS",
    "answer",
    "failure_answer",
    "in_documented_shape",
]

SEARCH_PATHS = tuple(f"{prefix}search" for prefix in API_PREFIXES)
REQUEST_ID = web.RequestKey("request_id", str)
HEADERS = {
    "Cache-Control": "no-store",
    "Server": f"lightfast-emulator/{__version__}",
    "X-Content-Type-Options": "nosniff",
}

_log = logging.getLogger("lightfast.emulator")


@web.middleware
async def in_documented_shape(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer every exception that a handler raises as the service would."""
    try:
        return await handler(request)
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - none may escape in another shape
        if isinstance(error, ConnectionError) and request.transport is None:
            return web.Response()  # the client has disconnected
        failure = _failure(error, request)
    return failure_answer(request, failure)


def _failure(error: Exception, request: web.Request) -> Failure:
    """Return what answers an exception."""
    match error:
        case SlowBodyError():
            message = f"Request body did not arrive within {BODY_TIMEOUT:g} s"
            return Failure(408, "REQUEST_TIMEOUT", message, headers={"Connection": "close"})
        case RefusedError():
            # RFC 9110 §15.5.2: a 401 names the scheme that would help.
            challenge = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
            return Failure(error.status, error.code, error.message, headers=challenge)
        case BrokenBodyError():
            message = "Request body is not what its headers say"
            return Failure(400, "INVALID_JSON", message, headers={"Connection": "close"})
        case NotJsonError():
            return Failure(400, "INVALID_JSON", "Request body is not valid JSON")
        case InvalidRequestError():
            details = {"formErrors": error.form_errors, "fieldErrors": error.field_errors}
            return Failure(400, "VALIDATION_ERROR", f"Invalid request: {error}", details=details)
        case NotConfiguredError():
            return Failure(500, "CONFIG_ERROR", "Organization is not configured for search")
        case web.HTTPException():
            return _http_failure(error, request)
        case DamagedError():
            _log.error("request %s failed: %s", request[REQUEST_ID], error)
            message = "The emulator's database is damaged; its log says what to do"
            return Failure(500, "INTERNAL_ERROR", message)
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
    """Return 200 with a body in the request's dialect."""
    document = request.get(DIALECT, DOCUMENTED).answer(body)
    request_id = request[REQUEST_ID]
    reply = Reply(200, {**document, "requestId": request_id}, {"X-Request-ID": request_id})
    return _response(reply)


def failure_answer(request: web.Request, failure: Failure) -> web.Response:
    """Return an error in the request's dialect."""
    return _response(request.get(DIALECT, DOCUMENTED).error(failure, request[REQUEST_ID]))


def _response(reply: Reply) -> web.Response:
    response = web.Response(
        status=reply.status,
        body=orjson.dumps(reply.body),
        content_type="application/json",
        headers={**HEADERS, **reply.headers},
    )
    if response.headers.get("Connection") == "close":
        response.force_close()
    return response
