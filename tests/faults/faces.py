"""Both faces, and both ways through aiohttp, driven alike: `search()` blocks until it has an answer."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import aiohttp

from lightfast import AsyncLightfast, Lightfast, RetryPolicy, SearchResponse

KEY = "sk-lf-Q7zRmXwK2pLvTn9BcYdHfJsGuEaW4oiNqZxVrMkDb8h"
QUICK = RetryPolicy(retries=2, base_delay=0.001, max_delay=0.002)
USUAL: dict[str, Any] = {"api_key": KEY, "retries": QUICK, "timeout": 50.0, "attempt_timeout": 10.0}


class Awaiting:
    """`AsyncLightfast` on an event loop of the test's own."""

    def __init__(self, **options: Any) -> None:
        self._runner = asyncio.Runner()
        try:
            self.client = AsyncLightfast(**options)
        except BaseException:
            self._runner.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self.client.aclose())
        self._runner.close()

    def search(self, query: str = "q", **options: Any) -> SearchResponse:
        return self._runner.run(self.client.search(query, **options))

    def search_elsewhere(self, base_url: str) -> SearchResponse:
        """Ask another server with the same client's connections."""
        return self._runner.run(self.client.with_options(base_url=base_url).search("q"))

    def idle(self, seconds: float) -> None:
        """Let the loop run, as an application does between two calls."""
        self._runner.run(asyncio.sleep(seconds))


class Blocking:
    """`Lightfast`."""

    def __init__(self, **options: Any) -> None:
        self.client = Lightfast(**options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def search(self, query: str = "q", **options: Any) -> SearchResponse:
        return self.client.search(query, **options)

    def search_elsewhere(self, base_url: str) -> SearchResponse:
        """Ask another server with the same client's connections."""
        return self.client.with_options(base_url=base_url).search("q")

    def idle(self, seconds: float) -> None:
        """Let the private loop run."""
        self.client._portal.run(asyncio.sleep(seconds))


class Traced(Awaiting):
    """`AsyncLightfast` while a tracer wraps aiohttp's session, and so must see every request."""

    def __enter__(self) -> Self:
        self._theirs = aiohttp.ClientSession._request

        async def traced(*args: Any, **kwargs: Any) -> aiohttp.ClientResponse:
            return await self._theirs(*args, **kwargs)

        aiohttp.ClientSession._request = traced  # type: ignore[method-assign]
        return super().__enter__()

    def __exit__(self, *exc_info: object) -> None:
        super().__exit__(*exc_info)
        aiohttp.ClientSession._request = self._theirs  # type: ignore[method-assign]


Face = type[Awaiting] | type[Blocking]
