"""The server and the contenders as child processes that never outlive their context."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import attrs

from tests.benchmarks.system import Place, child_environment

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds for one reply: far more than any batch takes


class ContenderError(Exception):
    """A contender is not installed, stopped, or took longer than anybody waits."""


@attrs.frozen
class Sample:
    """One measured batch.

    Args:
        cpu: CPU seconds, per call.
        wall: Wall-clock seconds, per call.
        calls: How many calls the batch had.
    """

    cpu: float
    wall: float
    calls: int


@contextlib.contextmanager
def child(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run that module in a Python process; tell it to end, and kill it if it does not."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=child_environment(),
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(BrokenPipeError):
        _pipe(process.stdin).close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _pipe(process.stdout).close()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def _line(process: subprocess.Popen[str], patience: float) -> str:
    """Return the next line a child prints; empty when it ended or had to be killed."""
    timer = threading.Timer(patience, process.kill)
    timer.start()
    try:
        return _pipe(process.stdout).readline()
    finally:
        timer.cancel()


@contextlib.contextmanager
def loopback_server() -> Iterator[str]:
    """Yield the server's origin, such as ``http://127.0.0.1:40001``."""
    with child("server") as process:
        yield f"http://127.0.0.1:{int(_line(process, 10))}"


class Worker:
    """One contender's process.

    Args:
        name: The contender.
        process: What runs it.
    """

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self.name = name
        self._process = process

    def wait(self) -> None:
        """Return when it is ready.

        Raises:
            ContenderError: It cannot start.
        """
        self._read()

    def run(self, calls: int, concurrency: int) -> Sample:
        """Make it call so many times and return what one call cost."""
        reply = self._ask({"calls": calls, "concurrency": concurrency})
        return Sample(reply["cpu"] / calls, reply["wall"] / calls, calls)

    def memory(self) -> dict[str, int]:
        """Bytes it holds, the most it held, and the number of blocks Python has allocated."""
        return self._ask({"memory": True})

    def _read(self) -> dict[str, Any]:
        line = _line(self._process, PATIENCE)
        if not line:
            raise ContenderError(f"{self.name} stopped or took more than {PATIENCE:.0f} s")
        reply: dict[str, Any] = json.loads(line)
        if "failed" in reply:
            raise ContenderError(f"{self.name} cannot start: {reply['failed']}")
        return reply

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        try:
            print(json.dumps(command), file=_pipe(self._process.stdin), flush=True)
        except BrokenPipeError:
            raise ContenderError(f"{self.name} has stopped") from None
        return self._read()


@contextlib.contextmanager
def worker(
    name: str, origin: str, *, kind: str, concurrency: int, place: Place
) -> Iterator[Worker]:
    """Yield a contender that is starting; it has started when `Worker.wait` returns."""
    with child("worker", name, origin, kind, str(concurrency), place) as process:
        yield Worker(name, process)
