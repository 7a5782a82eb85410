"""Holdings of a process: memory, descriptors, threads. Linux tells; elsewhere less is known."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import threading
from pathlib import Path

import attrs

_STATM, _FDS = Path("/proc/self/statm"), Path("/proc/self/fd")


def resident() -> int:
    """Bytes of memory that are in use now; where only the peak is known, the peak."""
    gc.collect()
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@attrs.frozen
class Held:
    """Counts that must be the same before and after.

    Args:
        descriptors: Open files and sockets.
        threads: The names of the threads that run.
        tasks: Tasks of the running event loop, if there is one.
    """

    descriptors: frozenset[str]
    threads: frozenset[str]
    tasks: int

    @classmethod
    def now(cls) -> Held:
        """Return what is held at this moment."""
        gc.collect()
        threads = frozenset(f"{thread.name} {thread.ident}" for thread in threading.enumerate())
        try:
            tasks = len(asyncio.all_tasks())
        except RuntimeError:
            tasks = 0
        return cls(_descriptors(), threads, tasks)

    def leaked(self, before: Held) -> list[str]:
        """Return what is held now and was not before."""
        return [
            *(f"descriptor {name}" for name in sorted(self.descriptors - before.descriptors)),
            *(f"thread {name}" for name in sorted(self.threads - before.threads)),
            *([f"{self.tasks - before.tasks} tasks"] if self.tasks > before.tasks else []),
        ]


def _descriptors() -> frozenset[str]:
    found = set()
    for name in os.listdir(_FDS) if _FDS.exists() else ():
        try:
            found.add(f"{name} {os.readlink(_FDS / name)}")
        except OSError:
            continue  # the one that the listing itself opened
    return frozenset(found)
