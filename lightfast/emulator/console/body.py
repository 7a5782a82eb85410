"""Bodies that the console's page sends: a JSON object, and the strings in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightfast.emulator.api.requests import body
from lightfast.emulator.api.validation import read_json as parse_json
from lightfast.emulator.errors import EmulatorError, RefusedError

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["read_json", "text"]


async def read_json(request: web.Request) -> dict[str, Any]:
    """Read the JSON object in a request's body.

    Raises:
        RefusedError: The body is not a JSON object.
    """
    content = parse_json(await body(request))
    if not isinstance(content, dict):
        raise RefusedError("Send a JSON object.", status=400, code="BAD_REQUEST")
    return content


def text(content: dict[str, Any], name: str) -> str:
    """Return the string of a name in the body.

    Raises:
        EmulatorError: It is missing or not a string.
    """
    value = content.get(name)
    if not isinstance(value, str):
        raise EmulatorError(f"`{name}` must be a string.")
    return value
