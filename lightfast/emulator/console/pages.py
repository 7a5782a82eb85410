"""Files of the console's page, and the headers that protect them."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from aiohttp import web

from lightfast.emulator.api.responses import HEADERS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["SECURITY_HEADERS", "routes"]

# Nothing but our own files runs or shows, and no text can become a script:
# https://www.w3.org/TR/CSP3/ and https://www.w3.org/TR/trusted-types/
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
SECURITY_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}

_KINDS = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


def routes(
    guarded: Callable[
        [Callable[[web.Request], Awaitable[web.Response]]],
        Callable[[web.Request], Awaitable[web.Response]],
    ],
) -> list[web.RouteDef]:
    """Return a route for each file; ``/`` is the page."""
    found = []
    for file in files(__package__).joinpath("static").iterdir():
        suffix = file.name[file.name.rfind(".") :]
        if suffix in _KINDS:
            path = "/" if file.name == "index.html" else f"/console/{file.name}"
            found.append(web.get(path, guarded(_page(file.read_bytes(), _KINDS[suffix]))))
    return found


def _page(content: bytes, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def page(_: web.Request) -> web.Response:
        return web.Response(
            body=content, content_type=kind, charset="utf-8", headers=SECURITY_HEADERS
        )

    return page
