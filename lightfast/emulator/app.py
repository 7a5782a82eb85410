"""The HTTP face: one endpoint of the API, and the console beside it."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web

from lightfast.emulator.api.dialect import DIALECT
from lightfast.emulator.api.requests import MAX_BODY_BYTES, credentials, document
from lightfast.emulator.api.responses import SEARCH_PATHS, answer, in_documented_shape
from lightfast.emulator.console import Console
from lightfast.emulator.faults.middleware import FaultMiddleware
from lightfast.emulator.search import retrieval
from lightfast.emulator.search.query import SearchQuery

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from lightfast.emulator.accounts.authenticate import Identity
    from lightfast.emulator.embedding.index import VectorIndex
    from lightfast.emulator.faults.script import Script
    from lightfast.emulator.store import Store

T = TypeVar("T")

__all__ = ["serving"]

IDLE_TIMEOUT = 75.0  # seconds that a connection may stay silent, before its first request too
LINGERING_TIME = 2.0  # seconds to read on after an early answer, so that the sender sees it
SHUTDOWN_TIMEOUT = 5.0
READERS = 4

_log = logging.getLogger("lightfast.emulator")


@asynccontextmanager
async def serving(
    store: Store,
    identity: Identity,
    script: Script,
    *,
    host: str,
    port: int,
    organization: str,
    meaning: VectorIndex | None = None,
) -> AsyncIterator[tuple[str, int]]:
    """The address and port where requests are answered, as long as the block lasts.

    Args:
        store: The database.
        identity: Who may ask.
        script: What shall go wrong, and who wants to know what came.
        host: The address to listen on.
        port: The port to listen on.
        organization: Whose emulator it is: who signs up at the console becomes a member.
        meaning: Compares by meaning; None for words alone.

    Raises:
        OSError: The port cannot be had.
    """
    executor = _Searcher(store, identity, meaning)
    faults = FaultMiddleware(script)
    app = web.Application(
        client_max_size=MAX_BODY_BYTES, middlewares=[faults.handle, in_documented_shape]
    )
    for path in SEARCH_PATHS:
        app.router.add_post(path, executor.search)
        app.router.add_route("*", f"{path}/", executor.search_with_slash)
    console = Console(store, identity, executor, organization=organization, host=host)
    app.router.add_routes(console.routes())
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
        await web.TCPSite(runner, host, port).start()
        address = runner.addresses[0]
        yield address[0], address[1]
    finally:
        await runner.cleanup()
        await executor.close()


class _Searcher:
    """Takes searches; the database is asked on other threads, so that the loop stays free."""

    def __init__(self, store: Store, identity: Identity, meaning: VectorIndex | None) -> None:
        self._store = store
        self._meaning = meaning
        self._identity = identity
        self._readers = ThreadPoolExecutor(READERS, "lightfast-emulator-reader")
        self._writer = ThreadPoolExecutor(1, "lightfast-emulator-writer")
        self._noting: asyncio.Future[None] | None = None

    async def close(self) -> None:
        self._readers.shutdown()
        if self._noting:
            await asyncio.wait([self._noting])
        await self._on(self._writer, self._note_uses)
        self._writer.shutdown()

    async def search(self, request: web.Request) -> web.Response:
        """One search, from the credentials to the answer."""
        started = perf_counter()
        dialect = request[DIALECT]
        parsed_first = await document(request) if dialect.parses_first else None
        # Else before the body is read: an unauthenticated request costs little, and learns nothing of its rules.
        principal = await self._on(self._readers, self._identity.authenticate, credentials(request))
        self._note_uses_soon()
        authenticated = perf_counter()
        query = dialect.query_from(
            parsed_first if dialect.parses_first else await document(request)
        )
        parsed = perf_counter()
        asked = (self._store, principal.organization, query, self._meaning)
        found = await self._on(self._readers, retrieval.search, *asked)
        finished = perf_counter()
        latency = {
            "total": finished - started,
            "auth": authenticated - started,
            "parse": parsed - authenticated,
            "search": finished - parsed,
            **found.latency,
        }
        return _answer(request, query, found, {n: round(s * 1000, 3) for n, s in latency.items()})

    async def search_with_slash(self, request: web.Request) -> web.Response:
        """Answer a search at a path that ends in a slash, where the revision has it."""
        if not request[DIALECT].trailing_slash:
            raise web.HTTPNotFound
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["POST"])
        return await self.search(request)

    async def read(self, work: Callable[..., T], *values: object) -> T:
        """What the work gives, done on a thread that may wait for the database."""
        return await self._on(self._readers, work, *values)

    async def write(self, work: Callable[..., T], *values: object) -> T:
        """The same for what changes the database, one after another."""
        return await self._on(self._writer, work, *values)

    async def _on(self, pool: ThreadPoolExecutor, work: Callable[..., T], *values: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, work, *values)

    def _note_uses_soon(self) -> None:
        if self._noting is None or self._noting.done():
            loop = asyncio.get_running_loop()
            self._noting = loop.run_in_executor(self._writer, self._note_uses)

    def _note_uses(self) -> None:
        try:
            self._identity.keys.write_uses()
        except Exception:  # noqa: BLE001 - a search never fails for its bookkeeping
            _log.exception("could not write down when keys were last used")


def _answer(
    request: web.Request, query: SearchQuery, found: retrieval.Found, latency: dict[str, float]
) -> web.Response:
    content = {
        "data": found.results,
        "meta": {
            "total": found.total,
            "limit": query.limit,
            "offset": query.offset,
            "took": latency["total"],
            "mode": query.mode,
            "paths": found.paths,
        },
        "latency": latency,
    }
    if found.clusters:
        content["context"] = {"clusters": found.clusters}
    return answer(request, content)
