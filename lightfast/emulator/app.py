"""The HTTP server: the search endpoint, the console and the control endpoints."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from time import perf_counter
from typing import TYPE_CHECKING

from aiohttp import web

from lightfast.emulator.api.requests import DIALECT, MAX_BODY_BYTES, credentials, document
from lightfast.emulator.api.responses import SEARCH_PATHS, answer, in_documented_shape
from lightfast.emulator.console import Console
from lightfast.emulator.control.routes import Control
from lightfast.emulator.executor import Executor
from lightfast.emulator.faults.middleware import FaultMiddleware
from lightfast.emulator.search import retrieval

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from lightfast.emulator.accounts.authenticate import Identity
    from lightfast.emulator.control.routes import Controlled
    from lightfast.emulator.embedding.index import VectorIndex
    from lightfast.emulator.faults.script import Script
    from lightfast.emulator.search.retrieval import Found
    from lightfast.emulator.store import Store

__all__ = ["serving"]

IDLE_TIMEOUT = 75.0  # seconds that a connection may stay silent, before its first request too
LINGERING_TIME = 2.0  # seconds to read on after an early answer, so that the sender sees it
SHUTDOWN_TIMEOUT = 5.0
_TURNS_TO_BEGIN = 5  # of the loop, from accepting a connection to its beginning; asyncio needs 3

_log = logging.getLogger("lightfast.emulator")


@contextlib.asynccontextmanager
async def serving(
    store: Store,
    identity: Identity,
    script: Script,
    *,
    host: str,
    port: int,
    organization: str,
    healed: Callable[[Callable[[], Found]], Found],
    controlled: Controlled,
    control_token: str,
    meaning: VectorIndex | None = None,
) -> AsyncIterator[tuple[str, int]]:
    """Serve as long as the block lasts, and give the address and port.

    Args:
        store: The database.
        identity: Checks credentials.
        script: Says which requests meet a fault, and records them.
        host: The address to listen on.
        port: The port to listen on.
        organization: Whose emulator it is: who signs up at the console becomes a member.
        healed: Does work on the database, after rebuilding it if it is damaged and may be rebuilt.
        controlled: What the control endpoints steer.
        control_token: The token that they require.
        meaning: Compares by meaning; None for words alone.

    Raises:
        OSError: The server cannot listen there.
    """
    executor = Executor()
    endpoint = _SearchEndpoint(store, identity, executor, healed, meaning)
    faults = FaultMiddleware(script)
    app = web.Application(
        client_max_size=MAX_BODY_BYTES, middlewares=[faults.handle, in_documented_shape]
    )
    for path in SEARCH_PATHS:
        app.router.add_post(path, endpoint.handle)
        app.router.add_route("*", f"{path}/", endpoint.handle_with_slash)
    console = Console(store, identity, executor, organization=organization, host=host)
    app.router.add_routes(console.routes())
    app.router.add_routes(Control(controlled, executor, token=control_token).routes())
    app.on_shutdown.append(faults.end)
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=IDLE_TIMEOUT,
        lingering_time=LINGERING_TIME,
        shutdown_timeout=SHUTDOWN_TIMEOUT,
    )
    try:
        await runner.setup()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(runner.server, host, port)  # type: ignore[arg-type]
        try:
            address = server.sockets[0].getsockname()
            yield address[0], address[1]
        finally:
            await _stop_accepting(server)
    finally:
        await runner.cleanup()
        await endpoint.close()
        executor.close()


async def _stop_accepting(server: asyncio.Server) -> None:
    """Close the listeners, after the connections that they accepted have begun.

    asyncio neither begins nor closes a connection that is accepted when its server closes, and aiohttp closes only
    those that have begun.
    """
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows' loop has no readers
        for listener in server.sockets:
            loop.remove_reader(listener)
    for _ in range(_TURNS_TO_BEGIN):
        await asyncio.sleep(0)
    server.close()


class _SearchEndpoint:
    """Handler of searches."""

    def __init__(
        self,
        store: Store,
        identity: Identity,
        executor: Executor,
        healed: Callable[[Callable[[], Found]], Found],
        meaning: VectorIndex | None,
    ) -> None:
        self._store = store
        self._identity = identity
        self._executor = executor
        self._healed = healed
        self._meaning = meaning
        self._writing_uses: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Return when the last uses of keys are written."""
        if self._writing_uses:
            await asyncio.wait([self._writing_uses])
        await self._write_uses()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer a search."""
        started = perf_counter()
        dialect = request[DIALECT]
        parsed_first = await document(request) if dialect.parses_first else None
        # Else before the body is read: an unauthenticated request costs little, and learns nothing of its rules.
        principal = await self._executor.read(self._identity.authenticate, credentials(request))
        if self._writing_uses is None or self._writing_uses.done():
            self._writing_uses = asyncio.create_task(self._write_uses())
        authenticated = perf_counter()
        query = dialect.query_from(
            parsed_first if dialect.parses_first else await document(request)
        )
        parsed = perf_counter()
        found = await self._executor.search(
            self._healed,
            lambda: retrieval.search(self._store, principal.organization, query, self._meaning),
        )
        finished = perf_counter()
        latency = {
            "total": finished - started,
            "auth": authenticated - started,
            "parse": parsed - authenticated,
            "search": finished - parsed,
        }
        return answer(request, found.content(query, latency))

    async def handle_with_slash(self, request: web.Request) -> web.Response:
        """Answer a search at a path that ends in a slash, where the revision has it."""
        if not request[DIALECT].trailing_slash:
            raise web.HTTPNotFound
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["POST"])
        return await self.handle(request)

    async def _write_uses(self) -> None:
        try:
            await self._executor.write(self._identity.keys.write_uses)
        except Exception:  # noqa: BLE001 - a search never fails for its bookkeeping
            _log.exception("could not write when keys were last used")
