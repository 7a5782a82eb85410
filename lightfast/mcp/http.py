"""Streamable HTTP: the server, and checks of Host, Origin and bearer token.

A web page that the user visits must not reach the server: neither by a cross-origin request (``Origin`` is
checked) nor by DNS rebinding (``Host`` is checked).
https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lightfast import ConfigurationError
from lightfast._loopback import is_loopback

__all__ = ["Guard", "listen", "serve_http"]

PATH = "/mcp"


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        ConfigurationError: The address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        problem = error.strerror or str(error)
    raise ConfigurationError(f"Cannot listen on {host}:{port}: {problem}.")


async def serve_http(
    server: Server[Any],
    listener: socket.socket,
    *,
    token: str | None = None,
    names: Iterable[str] = (),
    on_start: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve MCP over streamable HTTP, until the process is told to stop.

    Args:
        server: The server.
        listener: A socket from `listen`.
        token: The bearer token that every request must have; None for no check.
        names: Host names that requests may use, besides IP addresses and ``localhost``.
        on_start: Called with the URL to give to clients.
    """
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        # The guard checks all requests, also of other machines.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        Guard(app, token=token, names=names, loopback_only=is_loopback(host)),
        lifespan="on",
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    authority = f"[{host}]" if ":" in host else host
    on_start(f"http://{authority}:{port}{PATH}")
    await uvicorn.Server(config).serve(sockets=[listener])


class Guard:
    """ASGI middleware that checks Host, Origin and bearer token.

    Args:
        app: The application behind it.
        token: The required bearer token; None for no check.
        names: Host names of this machine.
        loopback_only: Whether to accept loopback addresses only.
    """

    def __init__(
        self, app: ASGIApp, *, token: str | None, names: Iterable[str], loopback_only: bool
    ) -> None:
        self._app = app
        self._token = token
        self._names = {name.lower() for name in names} | {"localhost"}
        self._loopback_only = loopback_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        refusal = self._refusal(Headers(scope=scope)) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, headers: Headers) -> PlainTextResponse | None:
        if not self._is_ours(f"//{headers.get('host', '')}"):
            return PlainTextResponse("This Host is not served here.", 421)
        if (origin := headers.get("origin")) is not None and not self._is_ours(origin):
            return PlainTextResponse("This Origin may not ask.", 403)
        if self._token is None or self._has_token(headers):
            return None
        return PlainTextResponse(
            "A bearer token is needed.", 401, headers={"WWW-Authenticate": "Bearer"}
        )

    def _is_ours(self, address: str) -> bool:
        try:
            host = urlsplit(address).hostname or ""
            if host in self._names:
                return True
            # DNS rebinding needs a name; an address cannot be rebound.
            return ipaddress.ip_address(host).is_loopback or not self._loopback_only
        except ValueError:
            return False

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        is_same = hmac.compare_digest(given.encode("utf-8", "replace"), f"{self._token}".encode())
        return is_same and scheme.lower() == "bearer"  # in any case: RFC 9110 §11.1
