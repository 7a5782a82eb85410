"""A real HTTP server whose answers are scripted: on loopback, port 0, a thread of its own.

Every test that needs HTTP done well uses it, with a small program for an answer. Three servers are apart from it, each for a
reason: that of `tests.faults` writes bytes that no HTTP library would write, and those of `tests.soak` and
`tests.benchmarks` run in processes of their own and must cost next to nothing, so that they write what was rendered before.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from tests.waiting import PATIENCE, eventually

CONTRACT = Path(__file__).parent / "contract"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def contract(name: str) -> Any:
    """Return a literal JSON document of the contract."""
    return json.loads((CONTRACT / name).read_text(encoding="utf-8"))


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    """Answers with JSON, or with text as it is."""
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "text/html" if isinstance(body, str) else "application/json"

    async def respond(_: web.Request) -> web.StreamResponse:
        return web.Response(
            text=text,
            status=status,
            content_type=kind,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    return respond


def error(status: int, code: str, **headers: str) -> Answer:
    """Answers with an error in the documented shape."""
    return answer({"error": code, "message": code.lower(), "requestId": "req_e"}, status, **headers)


def page(*ids: str, total: int | None = None, **meta: Any) -> Answer:
    """Answers with a page of results that have these ids."""
    document = contract("response_minimal.json")
    item = contract("response_nulls.json")["data"][0]
    document["data"] = [item | {"id": id_} for id_ in ids]
    document["meta"] |= {"total": len(ids) if total is None else total} | meta
    return answer(document)


def delayed(seconds: float, then: Answer) -> Answer:
    """Answers late."""

    async def respond(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await then(request)

    return respond


def held(until: threading.Event, then: Answer) -> Answer:
    """Answers as soon as an event is set."""

    async def respond(request: web.Request) -> web.StreamResponse:
        await eventually(until.is_set)
        return await then(request)

    return respond


async def stop_accepting(server: asyncio.Server) -> None:
    """Close a server's listeners, once what they accepted has begun.

    asyncio loses, and never closes, a connection that is accepted and has not begun.
    """
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener)
    for _ in range(5):
        await asyncio.sleep(0)
    server.close()


class Server:
    """Plays the script's answers one after another, and the last one for ever.

    Attributes:
        requests: The requests that came, as (headers, parsed body).
        script: What is still to be answered.
    """

    def __init__(self, *script: Answer) -> None:
        self.script = list(script) or [answer(contract("response_documented.json"))]
        self.requests: list[tuple[dict[str, str], Any]] = []
        self.paths: list[str] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._respond)
        runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=0.1)
        await runner.setup()
        listening = await self._loop.create_server(runner.server, "127.0.0.1", 0)  # type: ignore[arg-type]
        self.port = listening.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        await stop_accepting(listening)
        await runner.cleanup()

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append((dict(request.headers), json.loads(body) if body else None))
        self.paths.append(request.path)
        respond = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await respond(request)
        finally:
            self.in_flight -= 1
