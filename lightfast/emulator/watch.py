"""Watcher thread: indexes what changes while the emulator serves."""

from __future__ import annotations

import logging
import threading
import weakref
from time import monotonic
from typing import TYPE_CHECKING

from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Watcher"]

INTERVAL = 1.0  # seconds between two looks
SHARE = 0.1  # of its time that looking may take: a large repository is looked at less often

_log = logging.getLogger("lightfast.emulator")


class Watcher(threading.Thread):
    """Thread that refreshes the index about once a second.

    Git has no event for "HEAD has moved" that works on every platform and file system; a look costs some
    milliseconds.

    Args:
        refresh: Indexes what has changed.
    """

    def __init__(self, refresh: Callable[[], int]) -> None:
        super().__init__(name="lightfast-emulator-watch", daemon=True)
        # Weakly: watching must not keep an emulator alive that was never closed.
        self._refresh = weakref.WeakMethod(refresh)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Refresh until `stop` is called; this is the thread's target."""
        pause, reported = INTERVAL, ""
        while not self._stopping.wait(pause):
            started = monotonic()
            try:
                self._look()
                reported = ""
            except EmulatorError as error:
                # A repository in the middle of a rebase, a file half written: the next look may succeed.
                if str(error) != reported and not self._stopping.is_set():
                    _log.warning("not indexed: %s", error)
                reported = str(error)
            pause = max(INTERVAL, (monotonic() - started) / SHARE)

    def _look(self) -> None:
        refresh = self._refresh()
        if refresh is None:
            self._stopping.set()
        else:
            refresh()

    def stop(self) -> None:
        """Ask the thread to end after its next look."""
        self._stopping.set()
