"""One POST through aiohttp: the only file that knows it.

A `Session` holds one event loop's connections. `exchange` fills a `Reply` as bytes arrive,
so that whoever stops waiting still has what came, and raises nothing but our own errors.
"""

from __future__ import annotations

import asyncio
import base64
import io
import os
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass
from weakref import WeakKeyDictionary

import aiohttp
import attrs
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http_exceptions import BadHttpMessage, PayloadEncodingError
from multidict import CIMultiDict
from yarl import URL

from lightfast._auth import Credential, HeaderText, Secret
from lightfast._config import ConnectionConfig, check_proxy, is_loopback
from lightfast._deadline import Watch
from lightfast._encoding import EncodingError, TooLargeError, decompress
from lightfast._protocol import HEADERS, HttpRequest, HttpResponse, clean
from lightfast._threads import in_daemon_thread
from lightfast.exceptions import (
    Attempt,
    ConfigurationError,
    LightfastError,
    NetworkError,
    ResponseError,
)

ERROR_BODY_BYTES = 256 * 1024
"""How much of an error's body is read: enough for any message."""

_SEND_WHOLE = 512 * 1024  # aiohttp warns of larger bytes, and sends files piece by piece


class Reply:
    """What has arrived of an answer so far."""

    __slots__ = ("chunks", "coding", "headers", "status")

    def __init__(self) -> None:
        self.status = 0
        self.headers: tuple[tuple[bytes, bytes], ...] = ()
        self.coding: str | None = None
        self.chunks: list[bytes] = []

    def response(
        self, limit: int, secret: Secret, history: tuple[Attempt, ...], elapsed: float
    ) -> HttpResponse:
        """The answer, decompressed.

        Raises:
            ResponseError: It is longer than `limit` bytes, or not what it says it is.
        """
        body = self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)
        if self.coding:
            body = self._decompressed(body, limit)
        return HttpResponse(
            status=self.status,
            headers=self.headers,
            body=body,
            secret=secret,
            history=history,
            elapsed=elapsed,
        )

    def _decompressed(self, body: bytes, limit: int) -> bytes:
        problem: LightfastError
        try:
            return decompress(body, self.coding or "", limit)
        except TooLargeError:
            problem = _too_large(self.status, limit)
        except EncodingError as error:
            problem = ResponseError(
                f"The server's answer cannot be read: {error}.", status=self.status
            )
        if self.status >= 300:  # the status says more than a body that cannot be read
            return b""
        raise problem


def _too_large(status: int, limit: int) -> ResponseError:
    return ResponseError(
        f"The answer is larger than {limit:,} bytes; ask for fewer results, or raise "
        "`max_response_bytes`.",
        status=status,
    )


@attrs.frozen
class _Target:
    """A URL and the way to it, worked out once."""

    url: URL
    host: str
    proxy: URL | None
    proxy_headers: dict[str, str]  # for the CONNECT that opens a tunnel
    headers: dict[str, str]  # for the request itself


_reused: ContextVar[bool] = ContextVar("reused", default=False)
"""Whether this task's last request went over a connection that had been used before."""


class _Connector(aiohttp.TCPConnector):
    """Hands out fresh connections, and used ones on which nobody has spoken meanwhile.

    What a server sends without being asked would pass for the answer to the next request.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._used: WeakKeyDictionary[object, Callable[[], bool]] = WeakKeyDictionary()

    async def connect(self, *args: Any, **options: Any) -> Any:
        _reused.set(False)
        while True:
            connection: Any = await super().connect(*args, **options)
            protocol = connection.protocol
            has_news = self._used.get(protocol)
            if has_news is None:
                self._used[protocol] = _ear_on(connection.transport)
                return connection
            if not protocol.should_close and not has_news():
                _reused.set(True)
                return connection
            connection.close()


def _ear_on(transport: asyncio.BaseTransport) -> Callable[[], bool]:
    """Tells whether something waits to be read there, data or the end: one system call."""
    sock = transport.get_extra_info("socket")
    if not hasattr(select, "poll"):
        return lambda: bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return lambda: bool(poll.poll(0))


class Session:
    """The connections of the running event loop."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._config = config
        self._targets: dict[str, _Target] = {}
        self._prepared: tuple[Credential | None, CIMultiDict[str]] = (None, CIMultiDict())
        self.slots = asyncio.Semaphore(config.max_connections)
        self.watch = Watch()
        self._connector = _Connector(
            # Counted by `slots` instead, where waiting does not use up an attempt's time.
            limit=0,
            resolver=_Resolver(),
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
            problem = _translate(error, target)
            stale = _reused.get() and isinstance(error, _LOST) and not reply.status
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
            proxy_headers=target.proxy_headers,
        ) as response:
            reply.status = response.status
            reply.headers = response.raw_headers
            reply.coding = response.headers.get("Content-Encoding")
            with _until_lost(response) if response.content_length is None else _KNOWN_END:
                if response.status >= 300:
                    await _read_some(response, reply)
                else:
                    await _read_all(response, reply, self._config.max_response_bytes)

    def _headers(self, target: _Target, credential: Credential) -> CIMultiDict[str]:
        """All headers of a request; those of the last credential are kept prepared: 2 %."""
        if target.headers:
            return CIMultiDict({**HEADERS, **credential.headers, **target.headers})
        if self._prepared[0] is not credential:
            self._prepared = (credential, CIMultiDict({**HEADERS, **credential.headers}))
        return self._prepared[1]

    def _target(self, url: str) -> _Target:
        """The way to a URL; the environment's proxies are looked up here and kept."""
        secret = self._config.proxy or (self._proxy_of_environment(url))
        check_proxy(secret)
        proxy, headers = _split_proxy(secret) if secret else (None, {})
        parts = urlsplit(url)
        # Without a tunnel, it is the request itself that the proxy reads.
        tunnelled = parts.scheme == "https"
        target = _Target(
            url=URL(url),
            host=parts.netloc,
            proxy=proxy,
            proxy_headers=headers if tunnelled else {},
            headers={} if tunnelled else headers,
        )
        self._targets[url] = target
        return target

    def _proxy_of_environment(self, url: str) -> Secret | None:
        parts = urlsplit(url)
        # A proxy could not reach this machine's loopback, and must not see its traffic.
        if not self._config.trust_env or is_loopback(parts.hostname) or proxy_bypass(parts.netloc):
            return None
        proxies = getproxies()
        name = parts.scheme if parts.scheme in proxies else "all"
        if name not in proxies:
            return None
        return Secret(proxies[name] if "://" in proxies[name] else f"http://{proxies[name]}")


def _split_proxy(proxy: Secret) -> tuple[URL, dict[str, str]]:
    """A proxy's URL, and the header that its user name and password become."""
    parts = urlsplit(proxy.reveal())
    if parts.username is None:
        return URL(proxy.reveal()), {}
    basic = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    value = HeaderText("Basic " + base64.b64encode(basic).decode())
    return URL(proxy.reveal()).with_user(None), {"Proxy-Authorization": value}


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


async def _read_all(response: aiohttp.ClientResponse, reply: Reply, limit: int) -> None:
    """A success's body; not one byte of it when it says that it is too long."""
    length = response.content_length
    if length is not None and length <= limit:  # the parser holds the server to it
        reply.chunks.append(await response.read())
        return
    if length is not None:
        raise _too_large(response.status, limit)
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise _too_large(response.status, limit)
        reply.chunks.append(chunk)


async def _read_some(response: aiohttp.ClientResponse, reply: Reply) -> None:
    """The beginning of an error's body; what is lost of it does not matter."""
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        reply.chunks.append(chunk)
        if size > ERROR_BODY_BYTES:
            return


# --- foreign errors → ours --------------------------------------------------------------------

_LOST = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


class _NotHttpError(Exception):
    """A body breaks the rules of its framing."""


def _translate(error: Exception, target: _Target) -> LightfastError:
    """Our words for what went wrong, most specific first. No foreign text but an errno's."""
    host = target.host
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
    if not words and isinstance(error, ConnectionError):  # asyncio's own has neither
        return "connection reset"
    return clean(words or type(error).__name__, 200).lower()


# --- names ------------------------------------------------------------------------------------


class _Resolver(AbstractResolver):
    """getaddrinfo on a daemon thread: a look-up that hangs must not keep the process alive."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        infos = await in_daemon_thread(
            lambda: socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=found,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found, _, proto, _, address in infos
        ]

    async def close(self) -> None:
        pass
