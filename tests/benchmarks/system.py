"""Settings and figures of the operating system, so that runs compare."""

import contextlib
import os
import resource
import sys
from pathlib import Path
from typing import Literal

Place = Literal["server's", "own", "anywhere"]
"""A process's core: the one the server has, another one, or whichever the scheduler likes."""

PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, KiB elsewhere


def normalise_allocator() -> None:
    """Make reads of 256 KiB come from the heap, whatever was allocated before.

    glibc serves a block above its threshold by mmap and raises the threshold when such a block is
    freed. asyncio reads with ``recv(262144)``: without this, each read may cost an mmap, a munmap
    and three page faults, or not, and 20 % of a call looks like somebody's merit.
    """
    block = bytearray(1 << 20)
    del block


def raise_file_limit() -> None:
    """Allow as many open sockets as the system grants: 1,000 in flight need 1,000."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def sit(place: Place) -> None:
    """Chooses this process's core, where the system allows it.

    Waking a process on another core costs the waker 10 to 20 µs in a virtual machine, and whether
    two processes share a core is the scheduler's whim: without this, a raw socket's call costs
    10 µs in one run and 22 in the next, and a duplicate of the base reads 1.06. On the server's
    core, everybody's spread falls from 0.15 to 0.02.
    """
    if place == "anywhere" or not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1] if place == "server's" else cores[0]})


def child_environment() -> dict[str, str]:
    """Return the environment of every measured process: no proxies, one hash seed."""
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return kept | {"PYTHONHASHSEED": "0"}


def resident_bytes() -> int | None:
    """Return the bytes of memory that this process holds; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * resource.getpagesize()


def peak_bytes() -> int:
    """Return the most that this process ever held in memory."""
    # Not ru_maxrss on Linux: it remembers the parent's size from before exec.
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT
