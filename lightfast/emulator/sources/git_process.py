"""A running git: its answer and its complaint are read, and it is killed when it is silent for too long."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING

from lightfast.emulator.sources.git_safety import safe_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

TIME_LIMIT = 60.0  # seconds that git may be silent
CHUNK = 1 << 16  # bytes that are read at once
_MAX_COMPLAINT = 2000  # bytes of what git says when it fails
_GRACE = 5.0  # seconds for what git said last to arrive
# Bytes that git may allocate: a tree can hold another one ten times, and so on.
_MAX_MEMORY = 2 << 30
_PIPE = 1 << 20  # git goes on while documents are made; only Linux heeds it


class GitProcess:
    """Git as it runs.

    Args:
        command: The command, with an absolute path.
        stdin: What git reads from.
    """

    def __init__(self, command: list[str], *, stdin: int = subprocess.DEVNULL) -> None:
        self._complaint = bytearray()
        self._waiting_since: float | None = None
        self._stopped = threading.Event()
        self._is_late = False
        self.process = subprocess.Popen(  # noqa: S603 - an argument list, and no shell
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pipesize=_PIPE,
            process_group=0 if os.name == "posix" else None,
            env=safe_environment(),
        )
        _limit_memory(self.process.pid)
        # Threads of their own: reading from a pipe cannot be given up otherwise on every system.
        threading.Thread(target=self._watch, daemon=True).start()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None  # noqa: S101 - it is a pipe
        with contextlib.suppress(OSError, ValueError):
            while chunk := self.process.stderr.read(_MAX_COMPLAINT):
                self._complaint += chunk[: _MAX_COMPLAINT - len(self._complaint)]

    def _watch(self) -> None:
        while not self._stopped.wait(TIME_LIMIT / 10):
            since = self._waiting_since
            if since is not None and time.monotonic() - since > TIME_LIMIT:
                self._is_late = True
                self._kill()
                return

    def _kill(self) -> None:
        """Kill git and what it started, which would keep the pipes open."""
        if os.name != "posix":
            self.process.kill()
        elif self.process.returncode is None:  # until it is waited for, its number is its own
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[IO[bytes]]:
        """Yield what git writes to; while the block lasts, it has to."""
        assert self.process.stdout is not None  # noqa: S101 - it is a pipe
        self._waiting_since = time.monotonic()
        try:
            yield self.process.stdout
        finally:
            self._waiting_since = None

    def read(self) -> bytes:
        """Return the next bytes; none at the end."""
        with self.waiting() as out:
            return out.read1(CHUNK)  # type: ignore[attr-defined,no-any-return]

    def read_whole(self, size: int) -> bytes:
        """Return what git writes, as far as it is not longer than `size` bytes."""
        with self.waiting() as out:
            return out.read(size)

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code, and what git complained of."""
        with self.waiting() as out:
            if out.read(1):
                self._kill()
            code = self.process.wait()
        self._listener.join(_GRACE)
        complaint = self._complaint.decode("utf-8", "replace").strip()
        return code, f"no answer within {TIME_LIMIT:.0f} s" if self._is_late else complaint

    def stop(self) -> None:
        """Kill git, if it is still running, and let go of everything."""
        self._stopped.set()
        self._kill()
        self.process.wait()
        self._listener.join(_GRACE)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()


def _limit_memory(process: int) -> None:
    """Let git fail before it takes all of the machine's memory, where the system can be told so."""
    if sys.platform != "linux":
        return
    import resource  # there is none on Windows

    with contextlib.suppress(OSError, ValueError):  # it has ended, or may have less
        _, most = resource.prlimit(process, resource.RLIMIT_DATA)
        resource.prlimit(process, resource.RLIMIT_DATA, (_MAX_MEMORY, most))
