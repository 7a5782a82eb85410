"""What the page sent along: a JSON object, and the texts in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightfast.emulator.api.requests import body
from lightfast.emulator.api.validation import read_json
from lightfast.emulator.errors import EmulatorError, RefusedError

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["asked", "text"]


async def asked(request: web.Request) -> dict[str, Any]:
    """The JSON object in the request's body.

    Raises:
        RefusedError: It is none.
    """
    content = read_json(await body(request))
    if not isinstance(content, dict):
        raise RefusedError("Send a JSON object.", status=400, code="BAD_REQUEST")
    return content


def text(content: dict[str, Any], name: str) -> str:
    """The text of that name in it.

    Raises:
        EmulatorError: There is none.
    """
    value = content.get(name)
    if not isinstance(value, str):
        raise EmulatorError(f"`{name}` must be text.")
    return value
