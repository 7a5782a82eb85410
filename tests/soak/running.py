"""Many calls through one face of the SDK, each compared with what the plan says of it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import attrs

from lightfast import AsyncLightfast, Lightfast, LightfastError, RetryPolicy, SearchResponse
from tests.soak.meter import Held, resident
from tests.soak.plan import HANGS_UP, Outcome, met, outcome
from tests.waiting import PATIENCE

KEY = "sk-lf-ThisKeyMustNeverBeSeenAnywhere0123456789abc"
ROOT = Path(__file__).parent.parent.parent
TASKS, THREADS = 50, 8
GROWTH = 4 << 20  # bytes that memory may grow by after the warm-up
_OPTIONS: dict[str, Any] = {
    "timeout": PATIENCE,
    "attempt_timeout": None,  # no fault stays silent, and a busy machine may
    "retries": RetryPolicy(retries=2, base_delay=0.005, max_delay=0.01),
}


class Server:
    """The soak's server, in a process of its own."""

    def __init__(self, seed: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.soak.server", str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.base_url = f"http://127.0.0.1:{int(self._line())}/api/v1"

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def figures(self) -> dict[str, Any]:
        """Return what it has seen so far."""
        assert self.process.stdin
        self.process.stdin.write("figures\n")
        self.process.stdin.flush()
        figures: dict[str, Any] = json.loads(self._line())
        return figures

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate(timeout=PATIENCE)


class Tally:
    """Results of the calls; nothing in it grows with their number.

    Args:
        seed: What the plan was made from.
        numbers: The calls.
    """

    def __init__(self, seed: int, numbers: range) -> None:
        self.seed = seed
        self.numbers = numbers
        self.done = 0
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.warm = 0  # bytes in use after the warm-up
        self._warmed_up = max(len(numbers) // 5, 1)
        self._lock = threading.Lock()
        self._left = iter(numbers)

    def __iter__(self) -> Iterator[int]:
        while True:
            with self._lock:
                number = next(self._left, None)
            if number is None:
                return
            yield number

    def note(self, number: int, came: SearchResponse | LightfastError) -> None:
        """Compare what came of a call with what must."""
        wanted = outcome(self.seed, number)
        problem = _problem(number, came, wanted)
        with self._lock:
            self.done += 1
            self.outcomes[type(came).__name__] += 1
            if problem and len(self.wrong) < 20:
                self.wrong.append(f"call {number}: {problem}; {list(met(self.seed, number))}")
            if self.done == self._warmed_up:
                self.warm = resident()


def _problem(number: int, came: SearchResponse | LightfastError, wanted: Outcome) -> str | None:
    """Return what is wrong with an answer or an error; None when it is as planned."""
    if isinstance(came, LightfastError):
        if type(came) is not wanted.error:
            return f"{came!r} instead of {wanted}"
        attempts = came.attempts
    elif wanted.error:
        return f"an answer instead of {wanted}"
    elif problem := _misread(number, came):
        return problem
    else:
        attempts = came.http.attempts if came.http else 0
    return (
        f"{attempts} attempts instead of {wanted.attempts}" if attempts != wanted.attempts else None
    )


def _misread(number: int, answer: SearchResponse) -> str | None:
    ids = [result.id for result in answer]
    titles = {result.title for result in answer}
    if ids != [f"obs_{number}_{place}" for place in range(5)] or titles != {f"Title {number}"}:
        return f"results {ids}, titled {titles}"
    if answer.request_id != f"req_{number}" or answer.meta.total != 57:
        return f"request id {answer.request_id}, total {answer.meta.total}"
    return None


@attrs.frozen(kw_only=True)
class Report:
    """Results of one face's part."""

    face: str
    tally: Tally
    seconds: float
    growth: int
    leaked: list[str]
    before: dict[str, Any]
    after: dict[str, Any]

    def problems(self) -> list[str]:
        """Everything that is not as it must be."""
        found = [*self.tally.wrong, *(f"leaked {what}" for what in self.leaked)]
        if self.tally.done != len(self.tally.numbers):
            found.append(f"{self.tally.done} calls done of {len(self.tally.numbers)}")
        if self.growth > GROWTH:
            found.append(f"memory grew by {self.growth / 2**20:.1f} MiB after the warm-up")
        if self.after["open"]:
            found.append(f"{self.after['open']} connections still open")
        if self.opened > self.may_open:
            found.append(f"{self.opened} connections opened, {self.may_open} were due")
        return found

    @property
    def opened(self) -> int:
        """Return the number of connections opened."""
        return int(self.after["connections"] - self.before["connections"])

    @property
    def may_open(self) -> int:
        """One for each call that may be under way, and one for each that a fault cost."""
        lost = sum(
            self.after["faults"].get(fault, 0) - self.before["faults"].get(fault, 0)
            for fault in HANGS_UP
        )
        return int((TASKS if self.face == "async" else THREADS) + lost)

    def lines(self) -> list[str]:
        """Return the figures, for people."""
        tally, calls = self.tally, len(self.tally.numbers)
        requests = self.after["requests"] - self.before["requests"]
        faults = sum(self.after["faults"].values()) - sum(self.before["faults"].values())
        outcomes = ", ".join(f"{n:,} {name}" for name, n in sorted(tally.outcomes.items()))
        return [
            f"{self.face}: {calls:,} calls in {self.seconds:.1f} s ({calls / self.seconds:,.0f}/s)",
            f"  {requests:,} requests, {faults:,} faults ({faults / requests:.2%}), {self.opened:,} connections",
            f"  {outcomes}; wrong: {len(tally.wrong)}",
            f"  memory {tally.warm / 2**20:.1f} MiB after the warm-up, {self.growth / 2**20:+.1f} MiB at the end",
        ]


def soak(face: str, server: Server, seed: int, numbers: range) -> Report:
    """Make the calls through `face`, async or sync, and say what came of them."""
    tally, before, held = Tally(seed, numbers), server.figures(), Held.now()
    started = time.monotonic()
    _FACES[face](tally, server.base_url)
    seconds = time.monotonic() - started
    growth = resident() - tally.warm
    leaked, after = _settled(held, server)
    return Report(
        face=face,
        tally=tally,
        seconds=seconds,
        growth=growth,
        leaked=leaked,
        before=before,
        after=after,
    )


def _settled(held: Held, server: Server) -> tuple[list[str], dict[str, Any]]:
    """Return what is still held, and what the server says, a moment after the end."""
    for _ in range(50):
        leaked, figures = Held.now().leaked(held), server.figures()
        if not leaked and not figures["open"]:
            break
        time.sleep(0.02)
    return leaked, figures


def _async(tally: Tally, base_url: str) -> None:
    async def work(client: AsyncLightfast) -> None:
        for number in tally:
            try:
                came: SearchResponse | LightfastError = await client.search(f"q-{number}")
            except LightfastError as error:
                came = error
            tally.note(number, came)

    async def main() -> None:
        unheard: list[str] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: unheard.append(str(context)))
        held = Held.now()
        async with AsyncLightfast(KEY, base_url=base_url, **_OPTIONS) as client:
            await asyncio.gather(*(work(client) for _ in range(TASKS)))
        tally.wrong += [f"unheard: {what}" for what in unheard]
        tally.wrong += [f"after the client closed: {what}" for what in Held.now().leaked(held)]

    asyncio.run(main())


def _sync(tally: Tally, base_url: str) -> None:
    def work(client: Lightfast) -> None:
        for number in tally:
            try:
                came: SearchResponse | LightfastError = client.search(f"q-{number}")
            except LightfastError as error:
                came = error
            tally.note(number, came)

    with Lightfast(KEY, base_url=base_url, **_OPTIONS) as client:
        threads = [threading.Thread(target=work, args=(client,)) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


_FACES: dict[str, Callable[[Tally, str], None]] = {"async": _async, "sync": _sync}
