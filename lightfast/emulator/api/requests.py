"""What a request brings: who sends it, and its body."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from lightfast.emulator.accounts.authenticate import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BODY_TIMEOUT", "MAX_BODY_BYTES", "ON_BODY", "SlowBodyError", "body", "credentials"]

MAX_BODY_BYTES = 1 << 20
BODY_TIMEOUT = 10.0  # seconds for a body to arrive

ON_BODY: web.RequestKey[Callable[[bytes], None]] = web.RequestKey("on_body")
"""Called with the body once it is read."""


class SlowBodyError(Exception):
    """The request's body did not arrive in time."""


def credentials(request: web.Request) -> Credentials:
    """What the request says about who sends it."""
    return Credentials(
        authorization=tuple(request.headers.getall("Authorization", ())),
        session=request.cookies.get("__session"),
        organization=request.headers.get("X-Org-ID"),
        address=request.remote,
    )


async def body(request: web.Request) -> bytes:
    """The request's body.

    Raises:
        SlowBodyError: It did not arrive in time.
        web.HTTPRequestEntityTooLarge: It is too large.
    """
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            content = await request.read()
    except TimeoutError:
        raise SlowBodyError from None
    if ON_BODY in request:
        request[ON_BODY](content)
    return content
