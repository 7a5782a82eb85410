"""Server thread with an event loop of its own, for callers that have none.

The thread is a daemon: a program that forgets to stop it still exits. The caller waits twice, until the server
has started and until it has stopped, so that an error at the start is raised where it is seen.
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
    """Thread that serves until `stop_serving` is called.

    Args:
        start: Starts the server; returns when it accepts requests.
        stop: Stops the server.
    """

    def __init__(
        self,
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(name="lightfast-emulator", daemon=True)
        self._start_server = start
        self._stop_server = stop
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    def start_serving(self) -> None:
        """Return when the server accepts requests, or raise what kept it from starting."""
        self.start()
        self._ready.wait()
        if self._error:
            raise self._error

    def stop_serving(self) -> None:
        """Stop the server, and return when it has stopped."""
        if self.ident is None:
            return
        # Ctrl-C may come while it starts, when there is no loop yet.
        self._ready.wait()
        if self._loop:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stopping.set)
        self.join()

    def run(self) -> None:
        """Run the server; this is the thread's target."""
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised again on the thread that waits
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._start_server()
        self._ready.set()
        await self._stopping.wait()
        await self._stop_server()
