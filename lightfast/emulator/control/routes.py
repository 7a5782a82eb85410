"""The control endpoints: health, description, reset, seeds, faults, requests, revision."""

from __future__ import annotations

import hmac
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

from lightfast._loopback import is_loopback
from lightfast._version import __version__
from lightfast.emulator import timestamps
from lightfast.emulator.api.address import CONTROL_PATH
from lightfast.emulator.api.requests import body
from lightfast.emulator.api.responses import HEADERS, answer
from lightfast.emulator.api.validation import read_json
from lightfast.emulator.control.fault_specs import fault_from
from lightfast.emulator.errors import EmulatorError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from lightfast.emulator.executor import Executor
    from lightfast.emulator.faults.script import RecordedRequest, Script

    Handler = Callable[[web.Request], Awaitable[web.Response]]

__all__ = ["Control", "Controlled"]


class Controlled(Protocol):
    """Parts of an emulator that the control endpoints use."""

    @property
    def faults(self) -> Script:
        """The scripted faults, the revision that is spoken, and the recorded requests."""

    @property
    def documents(self) -> int:
        """The number of documents indexed."""

    def seed(self, observations: Iterable[Mapping[str, Any]]) -> int:
        """Index observations; return the number of documents indexed."""

    def reset(self) -> None:
        """Forget seeds, faults and recorded requests."""


class Control:
    """Control endpoints of one emulator, for programs on this machine that know its token.

    Args:
        emulator: What is controlled.
        executor: Runs what waits for the database.
        token: The bearer token to require.
    """

    def __init__(self, emulator: Controlled, executor: Executor, *, token: str) -> None:
        self._emulator = emulator
        self._executor = executor
        self._token = token

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        public: list[tuple[str, str, Handler]] = [
            ("GET", "health", self._health),
            ("GET", "openapi.json", self._description),
        ]
        protected: list[tuple[str, str, Handler]] = [
            ("POST", "reset", self._reset),
            ("POST", "observations", self._seed),
            ("POST", "faults", self._script),
            ("GET", "requests", self._requests),
            ("GET", "revision", self._revision),
            ("PUT", "revision", self._set_revision),
        ]
        return [
            *(web.route(m, f"{CONTROL_PATH}/{p}", _local(h)) for m, p, h in public),
            *(
                web.route(m, f"{CONTROL_PATH}/{p}", _local(self._authorized(h)))
                for m, p, h in protected
            ),
        ]

    def _authorized(self, handler: Handler) -> Handler:
        async def authorized(request: web.Request) -> web.Response:
            given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
            if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
                raise RefusedError("Send the emulator's control token as a bearer token.")
            return await handler(request)

        return authorized

    async def _health(self, request: web.Request) -> web.Response:
        documents = await self._executor.read(lambda: self._emulator.documents)
        return answer(request, {"status": "ok", "version": __version__, "documents": documents})

    async def _description(self, _: web.Request) -> web.Response:
        content = files(__package__).joinpath("openapi.json").read_bytes()
        return web.Response(body=content, content_type="application/json", headers=HEADERS)

    async def _reset(self, request: web.Request) -> web.Response:
        await self._executor.write(self._emulator.reset)
        return answer(request, {})

    async def _seed(self, request: web.Request) -> web.Response:
        observations = (await _object(request, "observations")).get("observations")
        if not isinstance(observations, list):
            raise EmulatorError("`observations` must be an array of objects.")
        indexed = await self._executor.write(self._emulator.seed, observations)
        return answer(request, {"indexed": indexed})

    async def _script(self, request: web.Request) -> web.Response:
        content = await _object(request, "faults", "rate", "seed")
        specs, rate, seed = (content.get(name) for name in ("faults", "rate", "seed"))
        if not isinstance(specs, list):
            raise EmulatorError("`faults` must be an array of objects.")
        if not _is_number(rate) or not _is_number(seed):
            raise EmulatorError("`rate` and `seed` must be numbers.")
        self._emulator.faults.script(
            *(fault_from(spec) for spec in specs), rate=rate, seed=int(seed or 0)
        )
        return answer(request, {"scripted": len(specs)})

    async def _requests(self, request: web.Request) -> web.Response:
        return answer(request, {"requests": [_recorded(r) for r in self._emulator.faults.requests]})

    async def _revision(self, request: web.Request) -> web.Response:
        script = self._emulator.faults
        return answer(request, {"apiRevision": script.api_revision, "behavior": script.behavior})

    async def _set_revision(self, request: web.Request) -> web.Response:
        content = await _object(request, "apiRevision", "behavior")
        script = self._emulator.faults
        before = script.api_revision
        script.api_revision = content.get("apiRevision", before)
        try:
            script.behavior = content.get("behavior", script.behavior)
        except EmulatorError:
            script.api_revision = before
            raise
        return await self._revision(request)


def _local(handler: Handler) -> Handler:
    """Refuse requests from other machines, and errors of ours as 400."""

    async def local(request: web.Request) -> web.Response:
        # The name, too: a page whose own name was pointed at this machine (DNS rebinding) has another one.
        name = request.host.rpartition(":")[0] or request.host
        if not (is_loopback(request.remote or "") and is_loopback(name.strip("[]"))):
            message = "The emulator is controlled from its own machine only."
            raise RefusedError(message, status=403, code="FORBIDDEN")
        try:
            return await handler(request)
        except EmulatorError as error:
            raise RefusedError(str(error), status=400, code="BAD_REQUEST") from None

    return local


async def _object(request: web.Request, *names: str) -> dict[str, Any]:
    content = read_json(await body(request))
    if not isinstance(content, dict):
        raise EmulatorError("Send a JSON object.")
    if unknown := content.keys() - set(names):
        known = ", ".join(f"`{name}`" for name in names)
        raise EmulatorError(f"There is no `{min(unknown):.40}` here; send {known}.")
    return content


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _recorded(request: RecordedRequest) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "headers": [[name, value] for name, value in request.headers.items()],
        "at": timestamps.datetime_to_wire(request.at),
        "requestId": request.request_id,
        "status": request.status,
        "body": request.body.decode("utf-8", "replace"),
        "json": request.json,
    }
