"""This SDK, through its public names only; the decoder, which has none, is called in one place."""

import sys
from collections.abc import Callable
from typing import Any

from tests.benchmarks.contenders.base import AsyncContender, SyncContender
from tests.benchmarks.payloads import KEY, QUERY


class LightfastAsync(AsyncContender):
    options: dict[str, Any] = {}  # noqa: RUF012

    async def open(self, url: str, concurrency: int) -> None:
        from lightfast import AsyncLightfast

        connections = max(100, concurrency)
        self._client = AsyncLightfast(
            KEY, base_url=url, max_connections=connections, **self.options
        )

    async def call(self) -> Any:
        return await self._client.search(QUERY)

    async def close(self) -> None:
        await self._client.aclose()


class LightfastWithoutRetries(LightfastAsync):
    options = {"retries": 0}  # noqa: RUF012


class LightfastBulk(LightfastAsync):
    async def walk(self, calls: int, concurrency: int) -> None:
        queries = (f"{QUERY} {number}" for number in range(calls))
        async for outcome in self._client.search_many(queries, concurrency=concurrency):
            outcome.unwrap()


class LightfastSync(SyncContender):
    """As ``pip install lightfast`` leaves it: on an event loop of asyncio's own."""

    def open(self, url: str, concurrency: int) -> None:
        sys.modules["uvloop"] = None  # type: ignore[assignment]  # import says: not installed
        self.make_client(url)

    def make_client(self, url: str) -> None:
        """Make the client on whichever loop it finds."""
        from lightfast import Lightfast

        self._client = Lightfast(KEY, base_url=url)

    def call(self) -> Any:
        return self._client.search(QUERY)

    def close(self) -> None:
        self._client.close()


class LightfastSpeedups(LightfastSync):
    """With the extra ``speedups``: on one of uvloop's."""

    def open(self, url: str, concurrency: int) -> None:
        import uvloop  # noqa: F401  # without it this contender would be the other one

        self.make_client(url)


def reader() -> Callable[[bytes], Any]:
    """Return the SDK's decoder: response bytes in, a SearchResponse out."""
    from lightfast._wire.converter import read_search

    return lambda body: read_search(body)
