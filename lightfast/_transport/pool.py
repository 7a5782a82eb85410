"""One POST through aiohttp.

A `Session` holds one event loop's connections. `exchange` fills a `ResponseBuffer` as bytes arrive,
so that whoever stops waiting still has what came, and raises nothing but our own errors.
"""

from __future__ import annotations

import asyncio
import os

import aiohttp
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError, PayloadEncodingError

from lightfast._auth import Credential
from lightfast._config import ConnectionConfig
from lightfast._text import printable
from lightfast._transport.buffer import ResponseBuffer
from lightfast._transport.connector import Connector, Resolver
from lightfast._transport.deadline import DeadlineTimer
from lightfast._transport.direct import NO_LIMIT, BrokenBodyError, Router, Target
from lightfast._transport.proxy import route_to
from lightfast._wire.requests import HttpRequest
from lightfast.exceptions import (
    ConfigurationError,
    LightfastError,
    NetworkError,
    ResponseError,
)


class ConnectionPool:
    """The connections of the running event loop."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._config = config
        self._targets: dict[str, Target] = {}
        self.slots = asyncio.Semaphore(config.max_connections)
        self.watch = DeadlineTimer()
        self.closed = False
        self._connector = Connector(
            # Counted by `slots` instead, where waiting does not use up an attempt's time.
            limit=0,
            resolver=Resolver(),
            ssl=True if config.ssl is None else config.ssl,
        )
        self._client = aiohttp.ClientSession(
            connector=self._connector,
            cookie_jar=aiohttp.DummyCookieJar(),  # a Set-Cookie is never sent back
            timeout=NO_LIMIT,
            auto_decompress=False,  # aiohttp's own has no bound
        )
        self._ways = Router(self._client, self._connector, config.max_response_bytes)

    async def close(self) -> None:
        """Close the connections; a call in flight fails."""
        self.closed = True
        self.watch.close()
        await self._client.close()

    def abandon(self) -> None:
        """Let go of connections whose event loop was closed before them."""
        self._client.detach()
        # With a closed loop there is nothing to wait for: this runs through at once.
        for _ in self._connector.close().__await__():
            return

    async def exchange(
        self,
        request: HttpRequest,
        credential: Credential,
        reply: ResponseBuffer,
        *,
        may_repeat: bool = True,
    ) -> None:
        """Post, and read the answer into `reply`.

        Args:
            request: What to post.
            credential: As whom.
            reply: Filled as bytes arrive.
            may_repeat: Whether to post again when a connection kept from before turns out
                to be closed: no answer was begun, so that this is no retry.

        Raises:
            NetworkError: No answer came, or only a part of one.
            ResponseError: What came is no HTTP, or is too large.
        """
        target = self._targets.get(request.url) or self._target(request.url)
        ways = self._ways
        go = (
            ways.send_direct
            if ways.can_send_direct(target, request.body)
            else ways.send_via_session
        )
        problem: LightfastError
        stale = False
        try:
            await go(target, request.body, credential, reply)
            return
        except LightfastError as error:
            problem = error
        except Exception as error:  # noqa: BLE001  # nothing foreign may reach a caller
            problem = _translate(error, target.route.host)
            stale = reply.kept and isinstance(error, _LOST) and not reply.status
        if stale and may_repeat:
            # The server closed an idle connection just as we wrote to it: RFC 9112 §9.3.1.
            await self.exchange(request, credential, reply, may_repeat=False)
            return
        # Raised out here, so that no aiohttp error, which may print the key, hangs on it.
        raise problem

    def _target(self, url: str) -> Target:
        target = self._targets[url] = Target(url, route_to(url, self._config), self._client)
        return target


# --- foreign errors → ours --------------------------------------------------------------------

_LOST = (aiohttp.ServerDisconnectedError, OSError)
_NOT_HTTP = (
    aiohttp.ClientResponseError,
    aiohttp.ClientPayloadError,
    HttpProcessingError,
    BrokenBodyError,
)


def _translate(error: Exception, host: str) -> LightfastError:
    """Our words for what went wrong, most specific first. No foreign text but an errno's."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or "not trusted"
            return NetworkError(
                f"{host} cannot prove who it is: {printable(reason, 200)}. To trust a private "
                "authority, pass `ssl=ssl.create_default_context(cafile=…)`.",
                retryable=False,
            )
        case aiohttp.ClientSSLError():
            return NetworkError(
                f"No TLS connection to {host}: {_errno(error.os_error)}. Does it speak https "
                "on this port?",
                retryable=False,
            )
        case aiohttp.ClientProxyConnectionError():
            return NetworkError(f"The proxy on the way to {host} cannot be reached.")
        case aiohttp.ClientHttpProxyError():
            return NetworkError(
                f"The proxy on the way to {host} answered {error.status}.",
                retryable=error.status >= 500,
            )
        case aiohttp.ClientConnectorDNSError():
            return NetworkError(f"The name {host} cannot be resolved.")
        case aiohttp.ClientConnectorError():
            return NetworkError(f"Cannot connect to {host}: {_errno(error.os_error)}.")
        case aiohttp.ServerDisconnectedError():
            return NetworkError(f"{host} closed the connection without an answer.")
        case aiohttp.ClientPayloadError() if _breaks_off(error):
            return NetworkError(f"{host} broke off in the middle of its answer.")
        case _ if isinstance(error, _NOT_HTTP):
            return ResponseError(f"{host} answered something that is not HTTP.")
        case aiohttp.InvalidURL():
            return ConfigurationError(f"`base_url` leads to no valid address: {host}.")
        case OSError():
            return NetworkError(f"The connection to {host} was lost: {_errno(error)}.")
        case _:
            return NetworkError(f"The request to {host} failed with {type(error).__name__}.")


def _breaks_off(error: aiohttp.ClientPayloadError) -> bool:
    """Whether a body is cut short, rather than nonsense."""
    cause = error.__cause__
    return not isinstance(cause, BadHttpMessage) or isinstance(cause, PayloadEncodingError)


def _errno(error: OSError) -> str:
    """What the operating system calls it."""
    words = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    # asyncio's own has neither, and aiohttp's has words of its own.
    if not error.errno and isinstance(error, ConnectionError | aiohttp.ClientOSError):
        return "connection reset"
    return printable(words or type(error).__name__, 200).lower()
