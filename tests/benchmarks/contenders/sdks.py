"""Other SDKs that search, called as their own documentation says, against their own wire shape."""

from typing import Any

from tests.benchmarks.contenders.base import AsyncContender, SyncContender
from tests.benchmarks.payloads import KEY, QUERY


class ExaAsync(AsyncContender):
    dialect = "exa"

    async def open(self, url: str, concurrency: int) -> None:
        from exa_py import AsyncExa

        self._exa = AsyncExa(api_key=KEY, api_base=url)

    async def call(self) -> Any:
        return await self._exa.search(QUERY, num_results=10)

    async def close(self) -> None:
        await self._exa.aclose()


class ExaSync(SyncContender):
    """Exa's blocking client opens a connection for every call: ``requests.post``."""

    dialect = "exa"

    def open(self, url: str, concurrency: int) -> None:
        from exa_py import Exa

        self._exa = Exa(api_key=KEY, base_url=url)

    def call(self) -> Any:
        return self._exa.search(QUERY, num_results=10)


class OpenAIAsync(AsyncContender):
    dialect = "openai"

    async def open(self, url: str, concurrency: int) -> None:
        from openai import AsyncOpenAI

        self._client = AsyncOpenAI(api_key=KEY, base_url=url)

    async def call(self) -> Any:
        return await self._client.vector_stores.search("vs_bench", query=QUERY, max_num_results=10)

    async def close(self) -> None:
        await self._client.close()


class OpenAISync(SyncContender):
    dialect = "openai"

    def open(self, url: str, concurrency: int) -> None:
        from openai import OpenAI

        self._client = OpenAI(api_key=KEY, base_url=url)

    def call(self) -> Any:
        return self._client.vector_stores.search("vs_bench", query=QUERY, max_num_results=10)

    def close(self) -> None:
        self._client.close()
