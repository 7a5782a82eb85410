"""Local memory: an emulator in this process that follows new commits and edits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from lightfast import SearchRequest, SearchResponse, SearchResult
from lightfast.emulator import DocumentContents, Emulator, EmulatorError, RelatedDocument
from lightfast.mcp.memory import OnProgress

__all__ = ["LocalMemory"]

_T = TypeVar("_T")

PATIENCE = 45.0  # seconds that a first search waits for the first index; clients give up after 60
CHECK_INTERVAL = 1.0  # seconds within which a repository is not looked at again
CHECK_TIME = 0.3  # seconds that a search waits for the look
_TICK = 0.25


class LocalMemory:
    """Repositories, directories and files, through an emulator in this process that does not serve.

    It answers at once from what was indexed before, and looks for new commits and edits whenever it is asked.

    Args:
        open_emulator: Makes the emulator, given further arguments of `Emulator`.
    """

    def __init__(self, open_emulator: Callable[..., Emulator]) -> None:
        self._progress: tuple[int, int | None] = (0, None)
        self._emulator = open_emulator(on_progress=self._on_progress)
        self._refreshing: asyncio.Task[None] | None = None
        self._checked = -CHECK_INTERVAL
        self._indexed_once = False
        self._problem = ""

    async def __aenter__(self) -> Self:
        self._emulator.start_embedding()
        self._refresh_soon()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._emulator.close()
        if self._refreshing:  # it gives up by itself: the database is closed
            await asyncio.wait([self._refreshing])

    @property
    def note(self) -> str:
        """The state of the index, when it matters to the reader; else empty."""
        if self._problem:
            return f"The index may be out of date: {self._problem}"
        if self._refreshing and not self._refreshing.done():
            return f"The index is being brought up to date ({self._progress_text()})."
        return ""

    async def search(self, request: SearchRequest, on_progress: OnProgress) -> SearchResponse:
        """Return one page of results, of what is indexed by now."""
        await self._be_ready(on_progress)
        found = await asyncio.to_thread(self._emulator.search, request.to_dict())
        return SearchResponse.from_dict(found)

    async def document(self, identifier: str, on_progress: OnProgress) -> DocumentContents:
        """Return a document whole."""
        return await self._ask(on_progress, self._emulator.document, identifier)

    async def patch(self, identifier: str, on_progress: OnProgress) -> str | None:
        """Return what a commit changed; None for other documents."""
        return await self._ask(on_progress, self._emulator.patch, identifier)

    async def similar(
        self, identifier: str, limit: int, on_progress: OnProgress
    ) -> list[SearchResult]:
        """Return the documents that are most like one."""
        await self._be_ready(on_progress)
        found = await asyncio.to_thread(self._emulator.similar, identifier, limit=limit)
        return [SearchResult.from_dict(result) for result in found]

    async def related(self, identifier: str, on_progress: OnProgress) -> list[RelatedDocument]:
        """Return what a document refers to, and what refers to it."""
        return await self._ask(on_progress, self._emulator.related, identifier)

    async def _ask(self, on_progress: OnProgress, ask: Callable[[str], _T], identifier: str) -> _T:
        await self._be_ready(on_progress)
        return await asyncio.to_thread(ask, identifier)

    async def _be_ready(self, on_progress: OnProgress) -> None:
        """Look for changes, without making the asker wait; but wait for a first index."""
        task = self._refresh_soon()
        if self._indexed_once or await asyncio.to_thread(lambda: self._emulator.documents > 0):
            await asyncio.wait([task], timeout=CHECK_TIME)
            return
        deadline = time.monotonic() + PATIENCE
        while not task.done():
            if time.monotonic() > deadline:
                raise EmulatorError(
                    f"Still indexing ({self._progress_text()}); ask again in a minute."
                )
            done, total = self._progress
            await on_progress(done, total, "Indexing")
            await asyncio.wait([task], timeout=_TICK)
        if self._problem and not self._emulator.documents:
            raise EmulatorError(self._problem)

    def _refresh_soon(self) -> asyncio.Task[None]:
        """Start to look for changes, unless that is going on or was done a moment ago."""
        now = time.monotonic()
        if self._refreshing is None or (
            self._refreshing.done() and now - self._checked > CHECK_INTERVAL
        ):
            self._refreshing = asyncio.create_task(self._refresh())
        return self._refreshing

    async def _refresh(self) -> None:
        self._progress = (0, None)
        try:
            await self._emulator.arefresh()
            self._problem = ""
            self._indexed_once = True
        except EmulatorError as error:
            self._problem = str(error)
        self._checked = time.monotonic()

    def _on_progress(self, done: int, total: int | None) -> None:
        self._progress = (done, total)

    def _progress_text(self) -> str:
        done, total = self._progress
        return f"{done:,} of {total:,} read" if total else "looking for changes"
