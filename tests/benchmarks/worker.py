"""One contender in a process of its own: told on stdin what to do, answers on stdout.

Every line in and out is a JSON object. Ends when its stdin closes.
"""

import gc
import json
import os
import sys
import time
from typing import Any, TextIO, cast

from tests.benchmarks.contenders import load
from tests.benchmarks.contenders.base import Contender
from tests.benchmarks.system import (
    Place,
    normalise_allocator,
    peak_bytes,
    raise_file_limit,
    resident_bytes,
    sit,
)

# Clients drop connections that idled for longer; opening them anew is not what is measured.
# httpx keeps them for 5 s, aiohttp for 15 s.
IDLE_SECONDS = 4.0


def run(contender: Contender, calls: int, concurrency: int) -> dict[str, Any]:
    """CPU and wall seconds of `calls` calls, all threads of this process counted."""
    cpu, wall = time.process_time(), time.perf_counter()
    contender.make(calls, concurrency)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": cpu, "wall": wall, "calls": calls}


def memory() -> dict[str, Any]:
    """Return what this process holds, after everything unreachable is gone."""
    gc.collect()
    return {
        "resident": resident_bytes(),
        "peak": peak_bytes(),
        "blocks": sys.getallocatedblocks(),
    }


def obey(contender: Contender, commands: TextIO, replies: TextIO) -> None:
    """Do what each line says until there are no more."""
    idle_since = time.monotonic()
    for line in commands:
        command = json.loads(line)
        if command.get("memory"):
            reply = memory()
        else:
            if time.monotonic() - idle_since > IDLE_SECONDS:
                run(contender, command["concurrency"], command["concurrency"])
            reply = run(contender, **command)
        print(json.dumps(reply), file=replies, flush=True)
        idle_since = time.monotonic()


def main(name: str, origin: str, kind: str, concurrency: int, place: Place) -> None:
    """Start one contender against one of the server's answers, and do as told."""
    replies = os.fdopen(os.dup(1), "w")
    sys.stdout = sys.stderr  # whatever a client prints is no reply
    sit(place)
    raise_file_limit()
    normalise_allocator()
    try:
        contender = load(name)
        contender.start(f"{origin}/{contender.dialect}/{kind}", concurrency)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        print(json.dumps({"failed": reason}), file=replies, flush=True)
        return
    print(json.dumps({"ready": name}), file=replies, flush=True)
    try:
        obey(contender, sys.stdin, replies)
    finally:
        contender.stop()


if __name__ == "__main__":
    _, name, origin, kind, concurrency, place = sys.argv
    main(name, origin, kind, int(concurrency), cast(Place, place))
