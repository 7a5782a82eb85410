"""The values that go in and come out: frozen, slotted, and free of I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args, overload

import attrs

from lightfast.exceptions import ConfigurationError

if TYPE_CHECKING:
    from lightfast.exceptions import LightfastError

__all__ = [
    "Attempt",
    "Cluster",
    "DateRange",
    "Entity",
    "Headers",
    "HttpInfo",
    "JsonResponse",
    "Latency",
    "Mode",
    "Reference",
    "SearchContext",
    "SearchFilters",
    "SearchMeta",
    "SearchOutcome",
    "SearchPaths",
    "SearchRequest",
    "SearchResponse",
    "SearchResult",
]

Mode = Literal["fast", "balanced", "thorough"]
"""How hard the server ranks: vector scores only, reranked, or heavily scored."""

MAX_LIMIT = 100
MAX_OFFSET = 2**53 - 1  # the largest run of integers that a JSON number carries exactly

_UTC_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z")


# --- what you ask ---------------------------------------------------------------------------


def _utc(value: datetime | str | None) -> datetime | None:
    """One end of a range in UTC, from an aware datetime or from ISO 8601 with a literal Z."""
    if value is None:
        return None
    if isinstance(value, str):
        if not _UTC_TEXT.fullmatch(value):
            raise ConfigurationError(
                f"{value[:40]!r} is no UTC time: write it as '2026-04-03T12:00:00Z'."
            )
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise ConfigurationError(f"{value[:40]!r} is no UTC time: {error}.") from None
    if not isinstance(value, datetime):
        raise ConfigurationError(
            f"A date range takes datetimes or text such as '2026-04-03T12:00:00Z', "
            f"not {type(value).__name__}."
        )
    if value.utcoffset() is None:
        raise ConfigurationError(
            "A date range needs aware datetimes: a naive one could mean any time zone. "
            "Use datetime.now(timezone.utc) or value.replace(tzinfo=…)."
        )
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ConfigurationError(f"{value!r} has no UTC equivalent.") from None


def _names(value: Iterable[str] | None) -> tuple[str, ...] | None:
    """A filter's values; a lone string is refused, because it would be read letter by letter."""
    if value is None:
        return None
    names = () if isinstance(value, str) else tuple(value)
    if isinstance(value, str) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(
            f"A filter takes a list of strings such as ['github'], not {value!r:.60}."
        )
    return names


def _fields(value: Mapping[str, Any] | None) -> dict[str, Any]:
    """Fields that this SDK does not know, under their wire names."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ConfigurationError("Extra fields must be a mapping with string keys.")
    return dict(value)


@attrs.frozen(kw_only=True, weakref_slot=False)
class DateRange:
    """Results that occurred from `start` to `end`, either of them open.

    Args:
        start: An aware datetime, or ISO 8601 text in UTC with a literal ``Z``.
        end: The same.

    Raises:
        ConfigurationError: A time is naive or malformed, or `end` lies before `start`.
    """

    start: datetime | None = attrs.field(default=None, converter=_utc)
    end: datetime | None = attrs.field(default=None, converter=_utc)

    def __attrs_post_init__(self) -> None:
        if self.start and self.end and self.end < self.start:
            raise ConfigurationError("A date range must not end before it starts.")


@attrs.frozen(kw_only=True, weakref_slot=False)
class SearchFilters:
    """Which results may be returned; what is None does not filter.

    Args:
        source_types: Such as ``pull_request``, ``issue``, ``commit``, ``discussion``.
        observation_types: The kinds of observation to keep.
        date_range: When it occurred.
        sources: Such as ``github``, ``linear``, ``vercel``, ``sentry``.
        entity_types: The kinds of entity a result must mention.
        extra: Filters that this SDK does not know yet, under their wire names,
            such as ``{"actorNames": ["ada"]}``.

    Raises:
        ConfigurationError: A filter is not a list of strings.
    """

    source_types: tuple[str, ...] | None = attrs.field(default=None, converter=_names)
    observation_types: tuple[str, ...] | None = attrs.field(default=None, converter=_names)
    date_range: DateRange | None = attrs.field(default=None)
    sources: tuple[str, ...] | None = attrs.field(default=None, converter=_names)
    entity_types: tuple[str, ...] | None = attrs.field(default=None, converter=_names)
    extra: dict[str, Any] = attrs.field(default=None, converter=_fields, hash=False)

    @date_range.validator
    def _check_date_range(self, _: object, value: object) -> None:
        if value is not None and not isinstance(value, DateRange):
            raise ConfigurationError(
                f"`date_range` takes a DateRange(start=…, end=…), not {type(value).__name__}."
            )


def _whole(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigurationError(
            f"`{name}` must be a whole number from {low} to {high}, not {value!r:.40}."
        )


@attrs.frozen(weakref_slot=False)
class SearchRequest:
    """One search, checked: whatever can be built can be sent.

    Args:
        query: What to look for, in plain words.
        limit: Results in a page, 1..100.
        offset: Results to pass over.
        mode: How hard to rank.
        filters: Which results may be returned.
        extra: Fields that this SDK does not know yet, under their wire names.

    Raises:
        ConfigurationError: A value that the API would refuse.
    """

    query: str
    limit: int = attrs.field(default=10, kw_only=True)
    offset: int = attrs.field(default=0, kw_only=True)
    mode: Mode = attrs.field(default="balanced", kw_only=True)
    filters: SearchFilters | None = attrs.field(default=None, kw_only=True)
    extra: dict[str, Any] = attrs.field(default=None, converter=_fields, hash=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.query, str) or not self.query:
            raise ConfigurationError(
                f"`query` must be a text of one character or more, not {self.query!r:.40}."
            )
        _whole("limit", self.limit, 1, MAX_LIMIT)
        _whole("offset", self.offset, 0, MAX_OFFSET)
        if self.mode not in get_args(Mode):
            raise ConfigurationError(
                f"`mode` must be one of {', '.join(get_args(Mode))}, not {self.mode!r:.40}."
            )
        if self.filters is not None and not isinstance(self.filters, SearchFilters):
            raise ConfigurationError(
                f"`filters` takes SearchFilters(sources=[…], …), not {type(self.filters).__name__}."
            )


# --- what HTTP said -------------------------------------------------------------------------


class Headers(Mapping[str, str]):
    """Response headers by name, whatever its case; a repeated header is joined by commas."""

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
class Attempt:
    """One request that was made.

    Args:
        outcome: What it met, in words: ``200``, ``429 RATE_LIMITED``, ``connection reset``.
        status: The HTTP status; None when no answer came.
        elapsed: Seconds it took.
        delay: Seconds waited after it, before the next one.
    """

    outcome: str
    status: int | None
    elapsed: float
    delay: float = 0.0


@attrs.frozen(kw_only=True, weakref_slot=False)
class HttpInfo:
    """How an answer came.

    Args:
        status: The HTTP status.
        headers: The response's headers.
        attempts: How many requests were made, this one included.
        elapsed: Seconds the whole call took, waits included.
    """

    status: int
    headers: Headers = attrs.field(repr=False)
    attempts: int
    elapsed: float


@attrs.frozen(kw_only=True, weakref_slot=False)
class JsonResponse:
    """What an endpoint that the SDK does not know answered.

    Args:
        data: The parsed JSON.
        request_id: The server's id of the request.
        http: How the answer came.
    """

    data: Any
    request_id: str | None
    http: HttpInfo


# --- what you get ---------------------------------------------------------------------------
# `extra` holds the fields of an object that this version does not know, under their wire names.


@attrs.frozen(kw_only=True, weakref_slot=False)
class Entity:
    """Somebody or something that a result mentions."""

    key: str
    category: str
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen(kw_only=True, weakref_slot=False)
class Reference:
    """A link from a result to something else."""

    type: str
    id: str
    url: str | None = None
    label: str | None = None
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen(kw_only=True, repr=False, weakref_slot=False)
class SearchResult:
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

    def __repr__(self) -> str:
        return f"<SearchResult {self.score:.3g} {self.source}/{self.type} {self.title!r:.70}>"


@attrs.frozen(kw_only=True, weakref_slot=False)
class Cluster:
    """A topic that several results share."""

    topic: str | None = None
    summary: str | None = None
    keywords: tuple[str, ...] = ()
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen(kw_only=True, weakref_slot=False)
class SearchContext:
    """What surrounds the results."""

    clusters: tuple[Cluster, ...] = ()
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen(kw_only=True, weakref_slot=False)
class SearchPaths:
    """Which ways of retrieval took part."""

    vector: bool
    entity: bool
    cluster: bool
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)


@attrs.frozen(kw_only=True, weakref_slot=False)
class SearchMeta:
    """What the server says of the whole search; None where it did not say.

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


@attrs.frozen(kw_only=True, weakref_slot=False)
class Latency:
    """Where the server spent its time, in milliseconds."""

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


@attrs.frozen(kw_only=True, repr=False, weakref_slot=False)
class SearchResponse(Sequence[SearchResult]):
    """One page of results, best first; it iterates and indexes like them.

    Args:
        results: The results.
        meta: Totals, mode and paths.
        context: Topics the results share.
        latency: Where the server spent its time.
        request_id: The server's id of the request, for support.
        http: How the answer came.
        extra: Fields that this version does not know, under their wire names.
    """

    results: tuple[SearchResult, ...]
    meta: SearchMeta
    context: SearchContext | None = None
    latency: Latency | None = None
    request_id: str | None = None
    http: HttpInfo | None = attrs.field(default=None, eq=False)
    extra: dict[str, Any] = attrs.field(factory=dict, hash=False)

    def __len__(self) -> int:
        return len(self.results)

    @overload
    def __getitem__(self, index: int) -> SearchResult: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[SearchResult, ...]: ...
    def __getitem__(self, index: int | slice) -> SearchResult | tuple[SearchResult, ...]:
        return self.results[index]

    def __iter__(self) -> Iterator[SearchResult]:
        return iter(self.results)

    def __repr__(self) -> str:
        mode = f", mode={self.meta.mode!r}" if self.meta.mode else ""
        return f"<SearchResponse {len(self)} of {self.meta.total} results{mode}, request={self.request_id!r}>"


@attrs.frozen(kw_only=True, weakref_slot=False)
class SearchOutcome:
    """What became of one query of many: a response or an error, never both.

    Args:
        index: The query's position among those given, from 0.
        query: The query as given.
        response: The page of results.
        error: Why there is none.
    """

    index: int
    query: str | SearchRequest
    response: SearchResponse | None = None
    error: LightfastError | None = None

    @property
    def ok(self) -> bool:
        """Whether there is a response."""
        return self.error is None

    def unwrap(self) -> SearchResponse:
        """The response.

        Raises:
            LightfastError: There is none; this is why.
        """
        if self.response is None:
            raise self.error or ConfigurationError("An outcome needs a response or an error.")
        return self.response
