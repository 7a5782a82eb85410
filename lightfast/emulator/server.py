"""The HTTP face: one endpoint, and the documented body for every error."""

from __future__ import annotations

import asyncio
import logging
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import orjson
from aiohttp import web

from lightfast._version import __version__
from lightfast.emulator import retrieval
from lightfast.emulator.identity import Credentials, Identity, RefusedError
from lightfast.emulator.retrieval import NotConfiguredError
from lightfast.emulator.validation import InvalidRequestError, NotJsonError, SearchQuery, read_query

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from lightfast.emulator.store import Store
    from lightfast.emulator.vectors import Meaning

T = TypeVar("T")

__all__ = ["BASE_PATH", "serving"]

BASE_PATH = "/api/v1"
MAX_BODY_BYTES = 1 << 20
BODY_TIMEOUT = 10.0  # seconds for a body to arrive
IDLE_TIMEOUT = 75.0  # seconds that a connection may stay silent, before its first request too
LINGERING_TIME = 2.0  # seconds to read on after an early answer, so that the sender sees it
SHUTDOWN_TIMEOUT = 5.0
READERS = 4

_log = logging.getLogger("lightfast.emulator")
_REQUEST_ID = web.RequestKey("request_id", str)
_HEADERS = {
    "Cache-Control": "no-store",
    "Server": f"lightfast-emulator/{__version__}",
    "X-Content-Type-Options": "nosniff",
}


class _SlowBodyError(Exception):
    """The request's body did not arrive in time."""


@attrs.frozen
class _Failure:
    """An answer other than 200."""

    status: int
    code: str
    message: str
    details: dict[str, Any] = attrs.field(factory=dict, kw_only=True)
    headers: dict[str, str] = attrs.field(factory=dict, kw_only=True)

    def body(self) -> dict[str, Any]:
        """The documented body, but for the request's id."""
        details = {"details": self.details} if self.details else {}
        return {"error": self.code, "message": self.message, **details}


@asynccontextmanager
async def serving(
    store: Store, identity: Identity, *, host: str, port: int, meaning: Meaning | None = None
) -> AsyncIterator[tuple[str, int]]:
    """The address and port where requests are answered, as long as the block lasts.

    Raises:
        OSError: The port cannot be had.
    """
    desk = _Desk(store, identity, meaning)
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_in_documented_shape])
    app.router.add_post(f"{BASE_PATH}/search", desk.search)
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
        await desk.close()


class _Desk:
    """Takes searches; the database is asked on other threads, so that the loop stays free."""

    def __init__(self, store: Store, identity: Identity, meaning: Meaning | None) -> None:
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
        # Before the body is read: strangers cost as little as possible, and learn nothing of the body's rules.
        principal = await self._on(
            self._readers, self._identity.authenticate, _credentials(request)
        )
        self._note_uses_soon()
        authenticated = perf_counter()
        query = read_query(await _body(request))
        parsed = perf_counter()
        found = await self._on(
            self._readers,
            retrieval.search,
            self._store,
            principal.organization,
            query,
            self._meaning,
        )
        finished = perf_counter()
        latency = {
            "total": finished - started,
            "auth": authenticated - started,
            "parse": parsed - authenticated,
            "search": finished - parsed,
            **found.latency,
        }
        return _answer(request, query, found, {n: round(s * 1000, 3) for n, s in latency.items()})

    async def _on(self, pool: ThreadPoolExecutor, work: Callable[..., T], *values: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, work, *values)

    def _note_uses_soon(self) -> None:
        if self._noting is None or self._noting.done():
            loop = asyncio.get_running_loop()
            self._noting = loop.run_in_executor(self._writer, self._note_uses)

    def _note_uses(self) -> None:
        try:
            self._identity.write_uses()
        except Exception:  # noqa: BLE001 - a search never fails for its bookkeeping
            _log.exception("could not write down when keys were last used")


def _credentials(request: web.Request) -> Credentials:
    return Credentials(
        authorization=tuple(request.headers.getall("Authorization", ())),
        session=request.cookies.get("__session"),
        organization=request.headers.get("X-Org-ID"),
        address=request.remote,
    )


async def _body(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            return await request.read()
    except TimeoutError:
        raise _SlowBodyError from None


def _answer(
    request: web.Request, query: SearchQuery, found: retrieval.Found, latency: dict[str, float]
) -> web.Response:
    body = {
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
        body["context"] = {"clusters": found.clusters}
    return _response(request, 200, body)


@web.middleware
async def _in_documented_shape(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    request[_REQUEST_ID] = f"req_{secrets.token_hex(12)}"
    try:
        return await handler(request)
    except (asyncio.CancelledError, ConnectionError):
        raise  # nobody is there to read an answer
    except Exception as error:  # noqa: BLE001 - whatever it is, the body is the documented one
        failure = _failure(error, request)
    return _response(request, failure.status, failure.body(), failure.headers)


def _failure(error: Exception, request: web.Request) -> _Failure:
    """What to answer when a request could not be served."""
    match error:
        case _SlowBodyError():
            message = f"Request body did not arrive within {BODY_TIMEOUT:g} s"
            return _Failure(408, "REQUEST_TIMEOUT", message, headers={"Connection": "close"})
        case RefusedError():
            # RFC 9110 §15.5.2: a 401 names the scheme that would help.
            challenge = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
            return _Failure(error.status, error.code, error.message, headers=challenge)
        case NotJsonError():
            return _Failure(400, "INVALID_JSON", "Request body is not valid JSON")
        case InvalidRequestError():
            details = {"formErrors": error.form_errors, "fieldErrors": error.field_errors}
            return _Failure(400, "VALIDATION_ERROR", f"Invalid request: {error}", details=details)
        case NotConfiguredError():
            return _Failure(500, "CONFIG_ERROR", "Organization is not configured for search")
        case web.HTTPException():
            return _http_failure(error, request)
    _log.error("request %s failed", request[_REQUEST_ID], exc_info=error)
    return _Failure(500, "INTERNAL_ERROR", "Something went wrong; the emulator's log says what")


def _http_failure(error: web.HTTPException, request: web.Request) -> _Failure:
    match error:
        case web.HTTPNotFound():
            return _Failure(404, "NOT_FOUND", f"No such endpoint; search is {BASE_PATH}/search")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return _Failure(405, "METHOD_NOT_ALLOWED", f"Use {allowed}", headers={"Allow": allowed})
        case web.HTTPRequestEntityTooLarge():
            message = f"Request body is larger than {MAX_BODY_BYTES} bytes"
            return _Failure(413, "PAYLOAD_TOO_LARGE", message, headers={"Connection": "close"})
    return _Failure(error.status, "BAD_REQUEST", error.reason)


def _response(
    request: web.Request, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
) -> web.Response:
    request_id = request[_REQUEST_ID]
    response = web.Response(
        status=status,
        body=orjson.dumps(body | {"requestId": request_id}),
        content_type="application/json",
        headers={**_HEADERS, "X-Request-ID": request_id, **(headers or {})},
    )
    if response.headers.get("Connection") == "close":
        response.force_close()
    return response
