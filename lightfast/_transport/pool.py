"""Connection pool of one event loop: one request, by the direct path or through aiohttp's session.

It raises our own errors only, and TimeoutError when the deadline of the attempt has passed.
"""

from __future__ import annotations

import asyncio
import io
import ssl

import aiohttp
import attrs
from yarl import URL

from lightfast._auth import Credential
from lightfast._config import ConnectionConfig
from lightfast._secrets import Secret
from lightfast._transport import errors
from lightfast._transport.connector import Connector, Resolver, receive, reused
from lightfast._transport.deadline import DeadlineTimer
from lightfast._transport.direct import DirectPath, open_path
from lightfast._transport.encoding import ACCEPTED
from lightfast._transport.incoming import IncomingResponse
from lightfast._transport.proxy import Route, route_to
from lightfast._transport.slots import Slots
from lightfast._transport.trust import Trust
from lightfast._wire.requests import HttpRequest
from lightfast._wire.responses import HttpResponse
from lightfast.exceptions import ConfigurationError, LightfastError

_MOST_ORIGINS = 100  # a client with a base URL for each tenant keeps that many
_SEND_WHOLE = 512 * 1024  # aiohttp warns of larger bytes, and sends files piece by piece

# aiohttp's own timers are off: they cost 4 to 7 % of a call, and the deadline is kept here.
_NO_LIMIT = aiohttp.ClientTimeout(total=None)


@attrs.frozen(kw_only=True)
class _Origin:
    """Scheme, host and port, and how to reach them: worked out once.

    Args:
        route: Which proxy is on the way.
        session: Session for requests that cannot go directly.
        direct: The direct path, where it can be taken.
        ssl: What the server's certificate is checked with.
    """

    route: Route
    session: aiohttp.ClientSession
    direct: DirectPath | None
    ssl: ssl.SSLContext | bool


class ConnectionPool:
    """Connections of the running event loop.

    Attributes:
        slots: Slots for requests under way.
        deadlines: Ends what takes too long.
        closed: Whether it was closed.
    """

    def __init__(self, config: ConnectionConfig, trust: Trust) -> None:
        self._config = config
        self._trust = trust
        self._origins: dict[str, _Origin] = {}
        self._reaching = asyncio.Lock()
        self.slots = Slots(config.max_connections)
        self.deadlines = DeadlineTimer()
        self.closed = False
        # Connections are counted by `slots`, where waiting does not use up an attempt's time.
        self._connectors: dict[str, Connector] = {"": Connector(limit=0, resolver=Resolver())}
        self._sessions: dict[str, aiohttp.ClientSession] = {"": _session(self._connectors[""])}

    async def exchange(
        self, request: HttpRequest, credential: Credential, until: float
    ) -> HttpResponse:
        """Send a request and return the response, whatever its status.

        Args:
            request: What to send.
            credential: As whom.
            until: When it must have ended, on the loop's clock.

        Raises:
            TimeoutError: It had not ended by then.
            NetworkError: No answer came, or only a part of one.
            ResponseError: What came is not HTTP, or is too large.
        """
        incoming = IncomingResponse(self._config.max_response_bytes)
        body = b""
        try:
            with self.deadlines.until(until):
                await self._send(request, credential, incoming)
                if incoming.status < 300:
                    body = await incoming.body()
        except (LightfastError, TimeoutError):
            if incoming.status < 300:
                raise
        if incoming.status >= 300:  # the status decides, whatever became of the body
            body = incoming.error_body()
        return HttpResponse(
            status=incoming.status,
            headers=incoming.headers,
            body=body,
            secret=credential.secret,
            url=request.url,
        )

    async def _send(
        self, request: HttpRequest, credential: Credential, incoming: IncomingResponse
    ) -> None:
        """Send, once more if a used connection turns out to be closed, and translate errors."""
        name = request.url[: request.url.find("/", 8)]  # after the scheme; there is a path
        origin = self._origins.get(name) or await self._reach(name)
        may_repeat = True
        while True:
            try:
                if origin.direct is not None and origin.direct.can_send(request.body):
                    return await origin.direct.send(request, credential, incoming)
                return await self._send_via_session(origin, request, credential, incoming)
            except LightfastError:
                raise
            except Exception as error:  # noqa: BLE001  # nothing foreign may reach a caller
                # The server closed an idle connection just as we wrote to it: RFC 9112 §9.3.1.
                # No answer was begun, so sending again is not a retry.
                stale = incoming.reused and not incoming.status and isinstance(error, errors.LOST)
                if not (stale and may_repeat):
                    route = origin.route
                    raise errors.translate(error, route.host, origin.ssl, route.source)  # noqa: B904  # it sets the cause
            may_repeat = False

    async def _send_via_session(
        self,
        origin: _Origin,
        request: HttpRequest,
        credential: Credential,
        incoming: IncomingResponse,
    ) -> None:
        """Send as other users of aiohttp do."""
        body = request.body
        headers = {
            **request.all_headers(),
            "Accept-Encoding": ACCEPTED,
            **credential.headers,
            **origin.route.headers,
        }
        reused.set(False)
        try:
            async with origin.session.request(
                request.method,
                URL(request.url),
                data=body if body is None or len(body) < _SEND_WHOLE else io.BytesIO(body),
                headers=headers,
                allow_redirects=False,  # the credential and the query would travel
                ssl=origin.ssl,
                proxy=origin.route.proxy,
                proxy_headers=origin.route.tunnel_headers,
            ) as response:
                incoming.begin(response.status, response.raw_headers, response.headers)
                protocol = response.connection.protocol if response.connection else None
                await receive(incoming, response.content, protocol)
        finally:
            incoming.reused = reused.get()

    async def _reach(self, name: str) -> _Origin:
        """Work out how to reach an origin."""
        async with self._reaching:
            origin = self._origins.get(name)
            if origin is None:
                while len(self._origins) >= _MOST_ORIGINS:
                    del self._origins[next(iter(self._origins))]
                try:
                    origin = self._origins[name] = await self._new_origin(name)
                except LightfastError:
                    raise
                except Exception as error:  # noqa: BLE001  # nothing foreign may reach a caller
                    raise errors.translate(error, name)  # noqa: B904  # it sets the cause
            return origin

    async def _new_origin(self, name: str) -> _Origin:
        route = route_to(name, self._config)
        secure = name.startswith("https:") or (route.proxy or "").startswith("https:")
        context = await self._trust.context() if secure else True
        key = "" if route.socks is None else self._open_socks(route.socks, route.source)
        session, connector = self._sessions[key], self._connectors[key]
        direct = None if route.proxy else open_path(URL(name), session, connector, context)
        return _Origin(route=route, session=session, direct=direct, ssl=context)

    def _open_socks(self, proxy: Secret, source: str) -> str:
        """Make sure of a session that goes through a SOCKS proxy. Returns: its key."""
        if source not in self._connectors:  # a variable is read once for each origin
            try:
                from lightfast._transport.socks import socks_connector
            except ImportError:
                from lightfast._install import install_command  # 15 ms, for a message only

                raise ConfigurationError(
                    f"{source} names a SOCKS proxy, which needs another package: "
                    f"{install_command('socks')}. To go without a proxy of the environment, pass "
                    "trust_env=False."
                ) from None
            self._connectors[source] = socks_connector(proxy)
            self._sessions[source] = _session(self._connectors[source])
        return source

    async def close(self) -> None:
        """Close the connections; a call in flight fails."""
        if self.closed:
            return
        self.closed = True
        self.deadlines.close()
        for session in self._sessions.values():
            await session.close()

    def disown(self) -> None:
        """Have aiohttp's sessions believe that they are closed, so that they say nothing."""
        self.closed = True
        for session in self._sessions.values():
            session.detach()

    def abandon(self) -> None:
        """Close connections whose event loop will not run again."""
        if self.closed:
            return
        self.disown()
        for connector in self._connectors.values():
            connector.close_sockets()
            # What is left to do runs through at once, because there is nothing to wait for.
            for _ in connector.close().__await__():
                break


def _session(connector: Connector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),  # a Set-Cookie is never sent back
        timeout=_NO_LIMIT,
        auto_decompress=False,  # aiohttp's own has no bound
    )
