"""Contenders: each opens, makes calls, and closes."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar


class Contender:
    """One way to make the call that is measured.

    Attributes:
        dialect: Which of the server's answers this client understands.
    """

    dialect: ClassVar[str] = "lightfast"

    def start(self, url: str, concurrency: int) -> None:
        """Get ready for that many calls at once and make one, to see that it answers."""
        raise NotImplementedError

    def make(self, calls: int, concurrency: int) -> None:
        """Make `calls` calls, `concurrency` of them at a time."""
        raise NotImplementedError

    def stop(self) -> None:
        """Give everything back."""
        raise NotImplementedError


class SyncContender(Contender):
    """A blocking client; several calls at a time are as many threads sharing it."""

    def start(self, url: str, concurrency: int) -> None:
        self.open(url, concurrency)
        check(self.call(), url)
        self._threads = ThreadPoolExecutor(concurrency) if concurrency > 1 else None

    def make(self, calls: int, concurrency: int) -> None:
        if self._threads is None:
            self._walk(calls)
        else:
            share = calls // concurrency
            list(self._threads.map(self._walk, [share] * concurrency))

    def stop(self) -> None:
        if self._threads is not None:
            self._threads.shutdown()
        self.close()

    def _walk(self, calls: int) -> None:
        call = self.call
        for _ in range(calls):
            call()

    def open(self, url: str, concurrency: int) -> None:
        """Make the client."""
        raise NotImplementedError

    def call(self) -> Any:
        """One search: what the client gives its user."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the client, where it can be closed."""


class AsyncContender(Contender):
    """An async client on one event loop; several calls at a time are as many tasks."""

    def start(self, url: str, concurrency: int) -> None:
        self._runner = asyncio.Runner()
        self._runner.run(self._start(url, concurrency))

    def make(self, calls: int, concurrency: int) -> None:
        self._runner.run(self.walk(calls, concurrency))

    def stop(self) -> None:
        self._runner.run(self.close())
        self._runner.close()

    async def _start(self, url: str, concurrency: int) -> None:
        await self.open(url, concurrency)
        check(await self.call(), url)

    async def walk(self, calls: int, concurrency: int) -> None:
        """Make `calls` calls from `concurrency` tasks, each taking the next ticket when it is free."""
        if concurrency == 1:
            for _ in range(calls):
                await self.call()
            return
        tickets = iter(range(calls))

        async def one_by_one() -> None:
            for _ in tickets:
                await self.call()

        await asyncio.gather(*(one_by_one() for _ in range(concurrency)))

    async def open(self, url: str, concurrency: int) -> None:
        """Make the client, inside the running loop."""
        raise NotImplementedError

    async def call(self) -> Any:
        """One search: what the client gives its user."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close the client."""


def check(answer: Any, url: str) -> None:
    """Make sure that a contender really has the results before its speed is believed.

    Raises:
        ValueError: It does not.
    """
    found = answer
    if isinstance(answer, dict):
        found = answer["data"]
    for name in ("results", "data"):
        found = getattr(answer, name, found)
    expected = 100 if "/hundred" in url else 10
    if len(found) != expected:
        raise ValueError(f"{len(found)} results instead of {expected}: {answer!r:.200}")
