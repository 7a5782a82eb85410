"""One POST through aiohttp.

A `Session` holds one event loop's connections. `exchange` fills a `Reply` as bytes arrive,
so that whoever stops waiting still has what came, and raises nothing but our own errors.
"""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import aiohttp
import attrs
from aiohttp.http_exceptions import BadHttpMessage, PayloadEncodingError
from multidict import CIMultiDict
from yarl import URL

from lightfast._auth import Credential
from lightfast._config import ConnectionConfig
from lightfast._connections import Connector, Resolver, reused
from lightfast._deadline import Watch
from lightfast._protocol import HEADERS, HttpRequest
from lightfast._reply import Reply, too_large
from lightfast._route import Route, route_to
from lightfast._text import clean
from lightfast.exceptions import (
    ConfigurationError,
    LightfastError,
    NetworkError,
    ResponseError,
)

ERROR_BODY_BYTES = 256 * 1024
"""How much of an error's body is read: enough for any message."""

_SEND_WHOLE = 512 * 1024  # aiohttp warns of larger bytes, and sends files piece by piece


@attrs.frozen
class _Target:
    """A URL and the way to it, worked out once."""

    url: URL
    proxy: URL | None
    route: Route


class Session:
    """The connections of the running event loop."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._config = config
        self._targets: dict[str, _Target] = {}
        self._prepared: tuple[Credential | None, CIMultiDict[str]] = (None, CIMultiDict())
        self.slots = asyncio.Semaphore(config.max_connections)
        self.watch = Watch()
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
            timeout=aiohttp.ClientTimeout(total=None),  # the caller holds the one timer
            auto_decompress=False,  # aiohttp's own has no bound
        )

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
        reply: Reply,
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
        problem: LightfastError
        stale = False
        try:
            await self._post(target, request.body, credential, reply)
            return
        except LightfastError as error:
            problem = error
        except Exception as error:  # noqa: BLE001  # nothing foreign may reach a caller
            problem = _translate(error, target.route.host)
            stale = reused.get() and isinstance(error, _LOST) and not reply.status
        if stale and may_repeat:
            # The server closed an idle connection just as we wrote to it: RFC 9112 §9.3.1.
            await self.exchange(request, credential, reply, may_repeat=False)
            return
        # Raised out here, so that no aiohttp error, which may print the key, hangs on it.
        raise problem

    async def _post(
        self, target: _Target, body: bytes, credential: Credential, reply: Reply
    ) -> None:
        async with self._client.post(
            target.url,
            data=body if len(body) < _SEND_WHOLE else io.BytesIO(body),
            headers=self._headers(target, credential),
            allow_redirects=False,  # the credential and the query would travel
            proxy=target.proxy,
            proxy_headers=target.route.tunnel_headers,
        ) as response:
            reply.status = response.status
            reply.headers = response.raw_headers
            reply.coding = response.headers.get("Content-Encoding")
            length, limit = response.content_length, self._config.max_response_bytes
            with _until_lost(response) if length is None else _KNOWN_END:
                if response.status >= 300:  # what is lost of an error's body does not matter
                    await _read(response.content, reply, ERROR_BODY_BYTES)
                elif (length or 0) > limit or not await _read(response.content, reply, limit):
                    raise too_large(response.status, limit)

    def _headers(self, target: _Target, credential: Credential) -> CIMultiDict[str]:
        """All headers of a request; those of the last credential are kept prepared: 2 %."""
        if target.route.headers:
            return CIMultiDict({**HEADERS, **credential.headers, **target.route.headers})
        if self._prepared[0] is not credential:
            self._prepared = (credential, CIMultiDict({**HEADERS, **credential.headers}))
        return self._prepared[1]

    def _target(self, url: str) -> _Target:
        route = route_to(url, self._config)
        proxy = URL(route.proxy) if route.proxy else None
        target = self._targets[url] = _Target(URL(url), proxy, route)
        return target


_KNOWN_END = nullcontext()


@contextmanager
def _until_lost(response: aiohttp.ClientResponse) -> Iterator[None]:
    """Reading ends when the connection does.

    Over a broken chunk, aiohttp 3.14 closes the connection and leaves the reader waiting.
    """
    connection, content = response.connection, response.content
    if connection is None or connection.protocol is None:
        yield  # all has come already
        return

    def lost(closed: asyncio.Future[None] | None) -> None:
        if closed is not None and not closed.cancelled():
            closed.exception()  # has been seen: the content has it, too
        if not content.is_eof() and content.exception() is None:
            content.set_exception(_NotHttpError())

    closed = connection.protocol.closed
    if closed is None:
        lost(None)
        yield
        return
    closed.add_done_callback(lost)
    try:
        yield
    finally:
        closed.remove_done_callback(lost)


async def _read(content: aiohttp.StreamReader, reply: Reply, limit: int) -> bool:
    """Read a body; False when it was longer than the limit, where reading stopped."""
    size = 0
    while not content.at_eof():
        chunk = await content.readany()
        size += len(chunk)
        reply.chunks.append(chunk)
        if size > limit:
            return False
    return True


# --- foreign errors → ours --------------------------------------------------------------------

_LOST = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


class _NotHttpError(Exception):
    """A body breaks the rules of its framing."""


def _translate(error: Exception, host: str) -> LightfastError:
    """Our words for what went wrong, most specific first. No foreign text but an errno's."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or "not trusted"
            return NetworkError(
                f"{host} cannot prove who it is: {clean(reason, 200)}. To trust a private "
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
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError() | _NotHttpError():
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
    return clean(words or type(error).__name__, 200).lower()
