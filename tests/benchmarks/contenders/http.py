"""Plain HTTP clients, which give their user an untyped dict; called as their documentation says."""

import contextlib
import socket
from typing import Any

import orjson

from tests.benchmarks.contenders.base import AsyncContender, Contender, SyncContender
from tests.benchmarks.payloads import KEY, QUERY

BODY: dict[str, Any] = {"query": QUERY, "limit": 10, "offset": 0, "mode": "balanced"}
HEADERS = {"Authorization": f"Bearer {KEY}"}


class Aiohttp(AsyncContender):
    """The base of the async measures: one session, ``post(json=…)``, orjson."""

    async def open(self, url: str, concurrency: int) -> None:
        import aiohttp

        connector = aiohttp.TCPConnector(limit=max(100, concurrency))
        self._session = aiohttp.ClientSession(headers=HEADERS, connector=connector)
        self._url = f"{url}/search"

    async def call(self) -> Any:
        async with self._session.post(self._url, json=BODY) as response:
            response.raise_for_status()
            return orjson.loads(await response.read())

    async def close(self) -> None:
        await self._session.close()


class AiohttpTuned(Aiohttp):
    """The same with everything turned off or prepared that a search does not need."""

    async def open(self, url: str, concurrency: int) -> None:
        import aiohttp
        import yarl

        self._session = aiohttp.ClientSession(
            headers=HEADERS | {"Content-Type": "application/json"},
            connector=aiohttp.TCPConnector(limit=max(100, concurrency)),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        self._address = yarl.URL(f"{url}/search")

    async def call(self) -> Any:
        body = orjson.dumps(BODY)
        post = self._session.post
        async with post(self._address, data=body, allow_redirects=False) as response:
            response.raise_for_status()
            return orjson.loads(await response.read())


class HttpxAsync(AsyncContender):
    async def open(self, url: str, concurrency: int) -> None:
        import httpx

        limits = httpx.Limits(max_connections=max(100, concurrency))
        self._client = httpx.AsyncClient(headers=HEADERS, limits=limits, timeout=60)
        self._url = f"{url}/search"

    async def call(self) -> Any:
        response = await self._client.post(self._url, json=BODY)
        return response.raise_for_status().json()

    async def close(self) -> None:
        await self._client.aclose()


class HttpxSync(SyncContender):
    def open(self, url: str, concurrency: int) -> None:
        import httpx

        self._client = httpx.Client(headers=HEADERS)
        self._url = f"{url}/search"

    def call(self) -> Any:
        return self._client.post(self._url, json=BODY).raise_for_status().json()

    def close(self) -> None:
        self._client.close()


class Requests(SyncContender):
    def open(self, url: str, concurrency: int) -> None:
        import requests

        self._session = requests.Session()
        self._session.headers.update(HEADERS)
        self._url = f"{url}/search"

    def call(self) -> Any:
        response = self._session.post(self._url, json=BODY)
        response.raise_for_status()
        return response.json()

    def close(self) -> None:
        self._session.close()


class Urllib3(SyncContender):
    """The base of the sync measures: one pool with room for every thread, orjson, untyped."""

    def open(self, url: str, concurrency: int) -> None:
        import urllib3

        self._pool = urllib3.PoolManager(maxsize=concurrency, headers=HEADERS)
        self._url = f"{url}/search"

    def call(self) -> Any:
        response = self._pool.request("POST", self._url, json=BODY, headers=HEADERS)
        return orjson.loads(response.data)

    def close(self) -> None:
        self._pool.clear()


class Socket(Contender):
    """The physical limit: bytes that were ready are sent, and read until they are all there.

    Nothing is parsed. Several calls at a time are as many sockets, all sent to before any is read.
    """

    def start(self, url: str, concurrency: int) -> None:
        host, _, path = url.removeprefix("http://").partition("/")
        body = orjson.dumps(BODY)
        head = f"POST /{path}/search HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        fields = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
        self._request = f"{head}{fields}Content-Type: application/json\r\n\r\n".encode() + body
        name, _, port = host.partition(":")
        self._sockets = [socket.create_connection((name, int(port))) for _ in range(concurrency)]
        self._sockets[0].sendall(self._request)
        self._size = self._first_size(self._sockets[0])

    def make(self, calls: int, concurrency: int) -> None:
        for _ in range(calls // concurrency):
            for connection in self._sockets:
                connection.sendall(self._request)
            for connection in self._sockets:
                missing = self._size
                while missing:
                    missing -= len(connection.recv(262144))

    def stop(self) -> None:
        with contextlib.ExitStack() as stack:
            for connection in self._sockets:
                stack.callback(connection.close)

    @staticmethod
    def _first_size(connection: socket.socket) -> int:
        """Return the length of an answer, head and body."""
        seen = connection.recv(262144)
        head, _, _ = seen.partition(b"\r\n\r\n")
        size = len(head) + 4 + int(head.rpartition(b":")[2])  # Content-Length comes last
        missing = size - len(seen)
        while missing:
            missing -= len(connection.recv(262144))
        return size
