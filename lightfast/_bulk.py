"""Bulk search: many queries, at most so many at once, failures as values.

Workers pull queries and push outcomes. A ticket is taken before a query is pulled and given back
when its outcome has been consumed, so that whatever the number of queries, no more than two
outcomes per worker wait for a slow consumer, or for a slow query ahead of them.
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

from lightfast._retry import OnRetry
from lightfast._validate import check_whole
from lightfast.exceptions import ConfigurationError, LightfastError, RateLimitError
from lightfast.models import SearchFailure, SearchOutcome, SearchResponse, SearchSuccess
from lightfast.queries import SearchRequest

Query: TypeAlias = str | SearchRequest
Queries: TypeAlias = Iterable[Query] | AsyncIterable[Query]
Search: TypeAlias = Callable[[Query, OnRetry], Awaitable[SearchResponse]]

_TICKETS_PER_WORKER = 2


class AdaptiveLimit:
    """Adaptive limit of concurrent searches: lower while the server is limited or overloaded.

    A 429 halves it. Once in a round (as many answers as are allowed at once), it falls by one
    fifth when answers take twice as long as in the best round, which means that they queue up,
    and else rises by one.

    Args:
        most: Upper bound, where it begins.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._best = math.inf
        self._elapsed = 0.0
        self._answers = 0

    @property
    def limit(self) -> int:
        """The limit now; 1 or more."""
        return max(1, int(self._limit))

    def on_limited(self) -> None:
        """Lower the limit: a search was told to slow down."""
        self._limit = max(1.0, self._limit / 2)
        # Answers that came under the old limit say nothing about the new one.
        self._elapsed, self._answers = 0.0, 0

    def on_answer(self, elapsed: float) -> None:
        """Take an answer into account.

        Args:
            elapsed: Seconds that it took.
        """
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
    """Limiter that lets as many workers pass as allowed, and none while one was told to wait."""

    def __init__(self, adaptive: AdaptiveLimit) -> None:
        self._now = asyncio.get_running_loop().time
        self._adaptive = adaptive
        self._opens_at = 0.0
        self._inside = 0
        self._left = asyncio.Event()

    async def enter(self) -> float:
        """Wait for a turn. Returns: the time at which it came."""
        while self._inside >= self._adaptive.limit or self._now() < self._opens_at:
            self._left.clear()
            with contextlib.suppress(TimeoutError):
                wait = self._opens_at - self._now()
                async with asyncio.timeout(wait if wait > 0 else None):
                    await self._left.wait()
        self._inside += 1
        return self._now()

    def leave(self, entered: float, error: LightfastError | None) -> None:
        """Make room for another worker, and adapt the limit."""
        self._inside -= 1
        if isinstance(error, RateLimitError):  # it outlasted the retries, and still tells when
            self.on_retry(error, error.retry_after or 0.0)
        elif error is None:
            self._adaptive.on_answer(self._now() - entered)
        self._left.set()

    def on_retry(self, error: LightfastError, delay: float) -> None:
        """Hold all workers back for as long as one was told to wait."""
        if isinstance(error, RateLimitError):
            self._adaptive.on_limited()
            self._opens_at = max(self._opens_at, self._now() + delay)


async def search_many(
    queries: Queries, search: Search, *, concurrency: int, ordered: bool
) -> AsyncGenerator[SearchOutcome, None]:
    """Yield one outcome for each query, as they come or in the order of the queries.

    Args:
        queries: What to search for; pulled one by one, as workers become free.
        search: Searches once, and tells of each retry.
        concurrency: Number of workers.
        ordered: Whether outcomes come in the order of the queries.

    Raises:
        ConfigurationError: `queries` is not iterable, or `concurrency` not a whole number.
        Exception: Whatever `queries` raised, after the outcomes of all that it had given before;
            or what a search raised that is not a `LightfastError`.
    """
    check_whole("concurrency", concurrency, 1)
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
    """Workers of one bulk search.

    Attributes:
        tickets: Outcomes that may still be produced before one is consumed.
        failure: What ended it early.
    """

    def __init__(self, source: AsyncIterator[Query], search: Search, concurrency: int) -> None:
        self._source = source
        self._search = search
        self._pulling = asyncio.Lock()
        self._pulled = 0
        self._limiter = _Limiter(AdaptiveLimit(concurrency))
        self._done: asyncio.Queue[SearchOutcome | None] = asyncio.Queue()
        self.tickets = asyncio.Semaphore(concurrency * _TICKETS_PER_WORKER)
        self.failure: BaseException | None = None
        self._exhausted = False
        self._broken = False
        self._workers = [asyncio.create_task(self._work()) for _ in range(concurrency)]

    async def outcomes(self) -> AsyncIterator[SearchOutcome]:
        """Yield outcomes as they come, until every worker has finished, or one has failed."""
        for _ in self._workers:
            while (outcome := await self._done.get()) is not None:
                yield outcome
            if self._broken:
                return

    async def stop(self) -> None:
        """Cancel what is still under way, and wait until it has ended."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while (pulled := await self._next()) is not None:
                self._done.put_nowait(await self._outcome(*pulled))
        except BaseException as error:
            # Raised to the caller at the end: no query may be left without outcome or exception.
            if not self._broken:
                self._broken, self._exhausted, self.failure = True, True, error
            raise
        finally:
            self._done.put_nowait(None)

    async def _next(self) -> tuple[int, Query] | None:
        """Return the next query and its number; None when there is none."""
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
            return SearchSuccess(index=index, query=query, response=response)
        except LightfastError as error:
            failure = error
            return SearchFailure(index=index, query=query, error=error)
        finally:
            self._limiter.leave(entered, failure)


async def _pull(queries: Queries) -> AsyncIterator[Query]:
    """Yield from any iterable."""
    if isinstance(queries, str | SearchRequest):
        raise ConfigurationError(
            "`queries` must be an iterable of queries; put a single one into a list."
        )
    if isinstance(queries, AsyncIterable):
        async for query in queries:
            yield query
    elif isinstance(queries, Iterable):
        for query in queries:
            yield query
    else:
        raise ConfigurationError(f"`queries` must be iterable, not {type(queries).__name__}.")


async def _in_order(outcomes: AsyncIterator[SearchOutcome]) -> AsyncIterator[SearchOutcome]:
    """Yield outcomes in the order of their queries."""
    waiting: dict[int, SearchOutcome] = {}
    following = 0
    async for outcome in outcomes:
        waiting[outcome.index] = outcome
        while following in waiting:
            yield waiting.pop(following)
            following += 1
