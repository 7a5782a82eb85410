"""Requests: their credentials and their bodies."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from lightfast.emulator.accounts.authenticate import Credentials
from lightfast.emulator.api.dialect import Dialect
from lightfast.emulator.api.validation import NotJsonError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "BODY_TIMEOUT",
    "DIALECT",
    "MAX_BODY_BYTES",
    "ON_BODY",
    "BrokenBodyError",
    "SlowBodyError",
    "body",
    "credentials",
    "document",
]

MAX_BODY_BYTES = 1 << 20
BODY_TIMEOUT = 10.0  # seconds for a body to arrive

DIALECT: web.RequestKey[Dialect] = web.RequestKey("dialect", Dialect)
ON_BODY: web.RequestKey[Callable[[bytes], None]] = web.RequestKey("on_body")
"""Called with the body once it is read."""


class BrokenBodyError(NotJsonError):
    """The request's body is not what its headers say."""


class SlowBodyError(Exception):
    """The request's body did not arrive in time."""


def credentials(request: web.Request) -> Credentials:
    """Return the credentials of a request."""
    return Credentials(
        authorization=tuple(request.headers.getall("Authorization", ())),
        session=request.cookies.get("__session"),
        organization=request.headers.get("X-Org-ID"),
        address=request.remote,
    )


async def body(request: web.Request) -> bytes:
    """Return the body of a request.

    Raises:
        BrokenBodyError: It is not what its Content-Encoding or Transfer-Encoding says.
        SlowBodyError: It did not arrive in time.
        web.HTTPRequestEntityTooLarge: It is too large.
    """
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            content = await request.read()
    except TimeoutError:
        raise SlowBodyError from None
    except web.RequestPayloadError:
        request.content.feed_eof()  # or aiohttp reads on, and logs the same error with a traceback
        raise BrokenBodyError from None
    if ON_BODY in request:
        request[ON_BODY](content)
    return content


async def document(request: web.Request) -> Any:
    """Return the body of a request, parsed.

    Raises:
        NotJsonError: It is not JSON, or not sent as JSON.
        SlowBodyError: It did not arrive in time.
        web.HTTPRequestEntityTooLarge: It is too large.
    """
    return request[DIALECT].parse(await body(request), request.headers.get("Content-Type"))
