"""Serves on a thread with an event loop of its own, for callers that have none.

The thread is a daemon: a program that forgets to stop it still exits. The caller waits for two moments only,
"requests are answered" and "nothing is served any more", so an error at the start is raised where it is seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["ServingThread"]


class ServingThread(threading.Thread):
    """Calls `start` on its own loop, and `stop` when it has been enough.

    Args:
        start: Returns when requests are answered.
        stop: Returns when nothing is served any more.
    """

    def __init__(
        self,
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(name="lightfast-emulator", daemon=True)
        self._begin = start
        self._end = stop
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._enough = asyncio.Event()

    def start_serving(self) -> None:
        """Return when requests are answered, or raise what keeps them from it."""
        self.start()
        self._ready.wait()
        if self._error:
            raise self._error

    def stop_serving(self) -> None:
        """Return when nothing is served any more."""
        if self.ident is None:
            return
        # Ctrl-C may come while it starts; then there is no loop yet that could be told.
        self._ready.wait()
        if self._loop:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._enough.set)
        self.join()

    def run(self) -> None:
        """The life of the thread."""
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised again on the thread that waits
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._begin()
        self._ready.set()
        await self._enough.wait()
        await self._end()
