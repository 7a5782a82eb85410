"""N searches, at most K at once, failures as values.

K workers pull queries and push outcomes. A ticket is taken before a query is pulled and
given back when its outcome has been consumed, so that whatever the number of queries, no
more than two outcomes per worker wait for a slow consumer, or for a slow query ahead of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
)
from typing import TypeAlias

from lightfast._config import check_count
from lightfast._retry import OnRetry
from lightfast.exceptions import ConfigurationError, LightfastError, RateLimitError
from lightfast.models import SearchOutcome, SearchResponse
from lightfast.queries import SearchRequest

Query: TypeAlias = str | SearchRequest
Queries: TypeAlias = Iterable[Query] | AsyncIterable[Query]
Search: TypeAlias = Callable[[Query, OnRetry], Awaitable[SearchResponse]]

_TICKETS_PER_WORKER = 2


class AdaptiveLimit:
    """How many searches may be under way: fewer when the server is limited, or slow for it.

    Told to slow down (429), it halves. Once in a round (as many answers as are allowed at
    once), it takes one fifth away when answers take twice as long as in the best round, which
    means that they queue up, and else allows one more.

    Args:
        most: How many may be under way at the most; it begins there.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._best = math.inf
        self._elapsed = 0.0
        self._answers = 0

    @property
    def limit(self) -> int:
        """How many may be under way now; 1 or more."""
        return max(1, int(self._limit))

    def on_limited(self) -> None:
        """One was told to slow down."""
        self._limit = max(1.0, self._limit / 2)
        self._elapsed, self._answers = 0.0, 0

    def on_answer(self, elapsed: float) -> None:
        """One was answered, after so many seconds."""
        self._elapsed += elapsed
        self._answers += 1
        if self._answers < self.limit:
            return
        mean = self._elapsed / self._answers
        self._elapsed, self._answers = 0.0, 0
        # The best is forgotten slowly: what was fast an hour ago says little.
        self._best = min(self._best * 1.005, mean)
        queued = mean > 2 * self._best
        self._limit = max(1.0, self._limit * 0.8) if queued else min(self._most, self._limit + 1)


class _Limiter:
    """Lets as many workers pass as the pace allows, and none while one was told to wait."""

    def __init__(self, pace: AdaptiveLimit) -> None:
        self._now = asyncio.get_running_loop().time
        self._pace = pace
        self._opens_at = 0.0
        self._inside = 0
        self._left = asyncio.Event()

    async def enter(self) -> float:
        """Wait for one's turn; the time at which it came."""
        while self._inside >= self._pace.limit or self._now() < self._opens_at:
            self._left.clear()
            with contextlib.suppress(TimeoutError):
                wait = self._opens_at - self._now()
                async with asyncio.timeout(wait if wait > 0 else None):
                    await self._left.wait()
        self._inside += 1
        return self._now()

    def leave(self, entered: float, error: LightfastError | None) -> None:
        """Make room for another, and tell the pace how it went."""
        self._inside -= 1
        if isinstance(error, RateLimitError):  # it outlasted the retries, and still tells when
            self.on_retry(error, error.retry_after or 0.0)
        elif error is None:
            self._pace.on_answer(self._now() - entered)
        self._left.set()

    def on_retry(self, error: LightfastError, delay: float) -> None:
        """Hold everybody back for as long as one was told to wait."""
        if isinstance(error, RateLimitError):
            self._pace.on_limited()
            self._opens_at = max(self._opens_at, self._now() + delay)


async def search_many(
    queries: Queries, search: Search, *, concurrency: int, ordered: bool
) -> AsyncGenerator[SearchOutcome, None]:
    """One outcome for each query, as they come or in the order of the queries.

    Args:
        queries: What to search for; pulled one by one, as workers become free.
        search: Searches once, and tells of each retry.
        concurrency: How many workers.
        ordered: Whether outcomes come in the order of the queries.

    Raises:
        ConfigurationError: `queries` is no iterable, or `concurrency` no count.
        Exception: Whatever `queries` raised, after the outcomes of all it had given before.
    """
    check_count("concurrency", concurrency)
    run = _Run(_pull(queries), search, concurrency)
    try:
        outcomes = run.outcomes()
        async for outcome in _in_order(outcomes) if ordered else outcomes:
            yield outcome
            run.tickets.release()
    finally:
        await run.stop()
    if run.failure is not None:
        raise run.failure


class _Run:
    """The workers of one bulk search."""

    def __init__(self, source: AsyncIterator[Query], search: Search, concurrency: int) -> None:
        self._source = source
        self._search = search
        self._pulling = asyncio.Lock()
        self._pulled = 0
        self._limiter = _Limiter(AdaptiveLimit(concurrency))
        self._done: asyncio.Queue[SearchOutcome | None] = asyncio.Queue()
        self.tickets = asyncio.Semaphore(concurrency * _TICKETS_PER_WORKER)
        self.failure: Exception | None = None
        self._exhausted = False
        self._workers = [asyncio.create_task(self._work()) for _ in range(concurrency)]

    async def outcomes(self) -> AsyncIterator[SearchOutcome]:
        """Outcomes as they come, until every worker has finished."""
        for _ in self._workers:
            while (outcome := await self._done.get()) is not None:
                yield outcome

    async def stop(self) -> None:
        """Cancel what is still under way, and wait until it is gone."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while (pulled := await self._next()) is not None:
                self._done.put_nowait(await self._outcome(*pulled))
        finally:
            self._done.put_nowait(None)

    async def _next(self) -> tuple[int, Query] | None:
        """The next query and its number; None when there is none."""
        await self.tickets.acquire()
        async with self._pulling:
            if self._exhausted:
                return None
            try:
                query = await anext(self._source)
            except StopAsyncIteration:
                self._exhausted = True
                return None
            except Exception as error:  # noqa: BLE001  # raised to the caller at the end
                self._exhausted, self.failure = True, error
                return None
            self._pulled += 1
            return self._pulled - 1, query

    async def _outcome(self, index: int, query: Query) -> SearchOutcome:
        entered = await self._limiter.enter()
        failure: LightfastError | None = None
        try:
            response = await self._search(query, self._limiter.on_retry)
            return SearchOutcome(index=index, query=query, response=response)
        except LightfastError as error:
            failure = error
            return SearchOutcome(index=index, query=query, error=error)
        finally:
            self._limiter.leave(entered, failure)


async def _pull(queries: Queries) -> AsyncIterator[Query]:
    """Any iterable as an asynchronous one."""
    if isinstance(queries, str | SearchRequest):
        raise ConfigurationError("`queries` must be several: put a single one into a list.")
    if isinstance(queries, AsyncIterable):
        async for query in queries:
            yield query
    elif isinstance(queries, Iterable):
        for query in queries:
            yield query
    else:
        raise ConfigurationError(f"`queries` must be iterable, not {type(queries).__name__}.")


async def _in_order(outcomes: AsyncIterator[SearchOutcome]) -> AsyncIterator[SearchOutcome]:
    """Outcomes in the order of their queries."""
    waiting: dict[int, SearchOutcome] = {}
    following = 0
    async for outcome in outcomes:
        waiting[outcome.index] = outcome
        while following in waiting:
            yield waiting.pop(following)
            following += 1
