"""Memory: what the tools search, and the API as one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:  # 100 ms, and a local memory does without
    from lightfast import AsyncLightfast, SearchRequest, SearchResponse

__all__ = ["Memory", "OnProgress", "RemoteMemory"]

OnProgress: TypeAlias = Callable[[float, float | None, str], Awaitable[None]]
"""Called with what is done, the total, and a message."""


class Memory(Protocol):
    """Something that can be searched."""

    async def search(self, request: SearchRequest, on_progress: OnProgress) -> SearchResponse:
        """Return one page of results.

        Raises:
            LightfastError: The search failed.
            EmulatorError: The index cannot be used.
        """
        ...

    @property
    def note(self) -> str:
        """The state of the index, when it matters to the reader; else empty."""
        ...


class RemoteMemory:
    """Memory of the API, through a client.

    Args:
        client: The client, which is left open.
    """

    note = ""

    def __init__(self, client: AsyncLightfast) -> None:
        self._client = client

    async def search(self, request: SearchRequest, on_progress: OnProgress) -> SearchResponse:
        """Return one page of results."""
        return await self._client.search(
            request.query,
            limit=request.limit,
            offset=request.offset,
            mode=request.mode,
            filters=request.filters,
            extra_body=request.extra,
        )
