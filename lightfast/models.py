"""Values that are received: frozen, slotted, free of I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Never, TypeAlias, TypeVar, cast, overload

import attrs

from lightfast._display import data_frame, html_table, polars_frame, row_of
from lightfast._value import Value
from lightfast._version import API_REVISION
from lightfast.exceptions import Drift, LightfastError
from lightfast.queries import SearchRequest

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = [
    "Cluster",
    "Entity",
    "Headers",
    "HttpInfo",
    "JsonResponse",
    "Latency",
    "Reference",
    "SearchContext",
    "SearchFailure",
    "SearchMeta",
    "SearchOutcome",
    "SearchPaths",
    "SearchResponse",
    "SearchResult",
    "SearchSuccess",
]

_Class = TypeVar("_Class", bound=type)

# --- HTTP -----------------------------------------------------------------------------------


class Headers(Mapping[str, str], Value):
    """Response headers by name, in any case; a repeated header is joined by commas."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]] = ()) -> None:
        # Kept as received: most calls never look at a header.
        self._pairs = tuple(pairs)

    def __getitem__(self, name: str) -> str:
        wanted = name.lower().encode("utf-8", "replace")
        values = [value for key, value in self._pairs if key.lower() == wanted]
        if not values:
            raise KeyError(name)
        return b", ".join(values).decode("utf-8", "replace")

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.lower().decode("utf-8", "replace") for key, _ in self._pairs))

    def __len__(self) -> int:
        return len({key.lower() for key, _ in self._pairs})

    def __repr__(self) -> str:
        return f"Headers({dict(self)})"


@attrs.frozen(kw_only=True, weakref_slot=False)
class HttpInfo(Value):
    """Facts about the HTTP response.

    Args:
        status: The HTTP status.
        headers: The response's headers.
        attempts: The number of requests that were made, this one included.
        elapsed: Seconds the whole call took, waits included.
    """

    status: int
    headers: Headers = attrs.field(repr=False)
    attempts: int
    elapsed: float


@attrs.frozen(kw_only=True, weakref_slot=False)
class JsonResponse(Value):
    """Answer of an endpoint that the SDK does not know.

    Args:
        data: The parsed JSON; None of an answer without content (204).
        request_id: The server's id of the request.
        http: Facts about the HTTP response.
    """

    data: Any
    request_id: str | None
    http: HttpInfo


# --- search ---------------------------------------------------------------------------------
# `extra` holds the fields of an object that this version does not know, under their wire names.


class _OnDemand:
    """Slot of `extra`, filled with an empty dict at the first look.

    Hardly an object has unknown fields. Without 410 empty dicts, which have the garbage collector
    run in the midst of reading, a page of 100 results takes 17 % less (1.65 instead of 1.98 of the
    base), and reading fifty pages of ten results that are held at once takes 19 % less. A single
    page of ten results takes 2 % less.
    """

    def __init__(self, slot: MemberDescriptorType) -> None:
        self._slot = slot

    def __get__(self, value: object, owner: type) -> Any:
        if value is None:
            return self
        try:
            return self._slot.__get__(value, owner)
        except AttributeError:
            self._slot.__set__(value, {})
        return self._slot.__get__(value, owner)

    def __set__(self, value: object, fields: dict[str, Any]) -> None:
        self._slot.__set__(value, fields)


def _extra_on_demand(cls: _Class) -> _Class:
    model: Any = cls
    model.extra = _OnDemand(model.extra)
    return cls


@_extra_on_demand
@attrs.frozen(kw_only=True, weakref_slot=False)
class Entity(Value):
    """Person or thing that a result mentions."""

    key: str
    category: str
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)


@_extra_on_demand
@attrs.frozen(kw_only=True, weakref_slot=False)
class Reference(Value):
    """Link from a result to something else."""

    type: str
    id: str
    url: str | None = None
    label: str | None = None
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)


@_extra_on_demand
@attrs.frozen(kw_only=True, repr=False, weakref_slot=False)
class SearchResult(Value):
    """One thing that was found.

    Args:
        id: Its id, unique in the organization.
        title: Its title.
        source: Where it comes from, such as ``github``.
        type: What it is, such as ``pull_request``.
        snippet: The part of its text that matched.
        score: How well it matched; comparable within one response only.
        url: Where a person can read it.
        occurred_at: When it happened, in UTC.
        latest_action: What happened to it last.
        total_events: How many events it summarizes.
        significance_score: How much it mattered.
        entities: Who and what it mentions.
        references: What it links to.
        extra: Fields that this version does not know, under their wire names.
    """

    id: str
    title: str
    source: str
    type: str
    snippet: str
    score: float
    url: str | None = None
    occurred_at: datetime | None = None
    latest_action: str | None = None
    total_events: int | None = None
    significance_score: float | None = None
    entities: tuple[Entity, ...] = ()
    references: tuple[Reference, ...] = ()
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)

    def to_row(self) -> dict[str, Any]:
        """Return the result as a flat row for a data frame, with a real datetime."""
        return row_of(self)

    def _repr_html_(self) -> str:
        return html_table([self])

    def __repr__(self) -> str:
        return f"<SearchResult {self.score:.3g} {self.source}/{self.type} {self.title!r:.70}>"


@_extra_on_demand
@attrs.frozen(kw_only=True, weakref_slot=False)
class Cluster(Value):
    """Topic that several results share."""

    topic: str | None = None
    summary: str | None = None
    keywords: tuple[str, ...] = ()
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)


@_extra_on_demand
@attrs.frozen(kw_only=True, weakref_slot=False)
class SearchContext(Value):
    """Context of the results: the topics that several of them share."""

    clusters: tuple[Cluster, ...] = ()
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)


@_extra_on_demand
@attrs.frozen(kw_only=True, weakref_slot=False)
class SearchPaths(Value):
    """Ways of retrieval that took part in a search."""

    vector: bool
    entity: bool
    cluster: bool
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)


@_extra_on_demand
@attrs.frozen(kw_only=True, weakref_slot=False)
class SearchMeta(Value):
    """Facts about the whole search; None where the server did not say.

    Args:
        total: How many results there are in all. The alpha may count this page only.
        limit: The page size that was used.
        offset: The offset that was used.
        took_ms: Milliseconds the server took.
        mode: The mode that was used.
        paths: Which ways of retrieval took part.
    """

    total: int
    limit: int | None = None
    offset: int | None = None
    took_ms: float | None = None
    mode: str | None = None
    paths: SearchPaths | None = None
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)


@_extra_on_demand
@attrs.frozen(kw_only=True, weakref_slot=False)
class Latency(Value):
    """Time that the server spent, by step, in milliseconds."""

    total_ms: float | None = None
    retrieval_ms: float | None = None
    rerank_ms: float | None = None
    auth_ms: float | None = None
    parse_ms: float | None = None
    search_ms: float | None = None
    embedding_ms: float | None = None
    entity_search_ms: float | None = None
    cluster_search_ms: float | None = None
    enrich_ms: float | None = None
    max_parallel_ms: float | None = None
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)


@_extra_on_demand
@attrs.frozen(kw_only=True, repr=False, weakref_slot=False)
class SearchResponse(Value, Sequence[SearchResult]):
    """One page of results, best first; it iterates and indexes like them.

    Args:
        results: The results.
        meta: Totals, mode and paths.
        context: Topics the results share.
        latency: Where the server spent its time.
        request_id: The server's id of the request, for support.
        http: Facts about the HTTP response.
        revision: The revision of the API in whose shape it came.
        drift: What deviates from the pinned revision; usually nothing.
        extra: Fields that this version does not know, under their wire names.
    """

    results: tuple[SearchResult, ...]
    meta: SearchMeta
    context: SearchContext | None = None
    latency: Latency | None = None
    request_id: str | None = None
    http: HttpInfo | None = attrs.field(default=None, eq=False)
    revision: str = attrs.field(default=API_REVISION, eq=False)
    drift: tuple[Drift, ...] = attrs.field(default=(), eq=False)
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, index: int) -> SearchResult: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[SearchResult, ...]: ...
    @overload
    def __getitem__(self, index: str) -> Any: ...
    def __getitem__(self, index: int | slice | str) -> Any:
        return super().__getitem__(index) if isinstance(index, str) else self.results[index]

    def __iter__(self) -> Iterator[SearchResult]:
        return iter(self.results)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the results as flat rows for a data frame, with real datetimes."""
        return [result.to_row() for result in self.results]

    def to_pandas(self) -> pd.DataFrame:
        """Return the results as a pandas data frame.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        return data_frame(self.to_rows())

    def to_polars(self) -> pl.DataFrame:
        """Return the results as a polars data frame.

        Raises:
            ConfigurationError: polars is not installed.
        """
        return polars_frame(self.to_rows())

    def _repr_html_(self) -> str:
        facts = [f"{len(self)} of {self.meta.total} results", self.meta.mode, self.request_id]
        return html_table(self.results, " · ".join(filter(None, facts)))

    def __repr__(self) -> str:
        mode = f", mode={self.meta.mode!r}" if self.meta.mode else ""
        return f"<SearchResponse {len(self)} of {self.meta.total} results{mode}, request={self.request_id!r}>"


@attrs.frozen(kw_only=True, weakref_slot=False)
class SearchSuccess(Value):
    """Outcome of one query of many that was answered.

    Args:
        index: The query's position among those given, from 0.
        query: The query as given.
        response: The page of results.

    Attributes:
        ok: True: there is a response.
        error: None.
    """

    index: int
    query: str | SearchRequest
    response: SearchResponse

    # Not properties: type checkers narrow a union by its members' attributes only.
    ok: ClassVar[Literal[True]] = True
    error: ClassVar[None] = None

    def unwrap(self) -> SearchResponse:
        """Return the response."""
        return self.response


@attrs.frozen(kw_only=True, weakref_slot=False)
class SearchFailure(Value):
    """Outcome of one query of many that failed.

    Args:
        index: The query's position among those given, from 0.
        query: The query as given.
        error: Why there is no response.

    Attributes:
        ok: False: there is an error.
        response: None.
    """

    index: int
    query: str | SearchRequest
    error: LightfastError

    ok: ClassVar[Literal[False]] = False
    # Never, not None: pyright does not narrow a union by the truth of an attribute, and would
    # complain about `outcome.response[0]` after `if outcome.ok`.
    response: ClassVar[Never] = cast(Never, None)

    def unwrap(self) -> Never:
        """Raise the error."""
        raise self.error


SearchOutcome: TypeAlias = SearchSuccess | SearchFailure
"""Outcome of one query of many: a response or an error, told apart by ``ok``."""
