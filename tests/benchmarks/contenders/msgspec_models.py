"""The documented answer as msgspec Structs, which drop unknown fields."""

from datetime import datetime

from msgspec import Struct


class Model(Struct, frozen=True, rename="camel"):
    """camelCase on the wire."""


class Entity(Model, frozen=True, rename="camel"):
    key: str
    category: str


class Reference(Model, frozen=True, rename="camel"):
    type: str
    id: str
    url: str | None = None
    label: str | None = None


class Result(Model, frozen=True, rename="camel"):
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


class Cluster(Model, frozen=True, rename="camel"):
    topic: str | None = None
    summary: str | None = None
    keywords: tuple[str, ...] = ()


class Context(Model, frozen=True, rename="camel"):
    clusters: tuple[Cluster, ...] = ()


class Paths(Model, frozen=True, rename="camel"):
    vector: bool
    entity: bool
    cluster: bool


class Meta(Model, frozen=True, rename="camel"):
    total: int
    limit: int | None = None
    offset: int | None = None
    took: float | None = None
    mode: str | None = None
    paths: Paths | None = None


class Latency(Model, frozen=True, rename="camel"):
    total: float | None = None
    retrieval: float | None = None
    rerank: float | None = None
    auth: float | None = None
    parse: float | None = None
    search: float | None = None
    embedding: float | None = None
    entity_search: float | None = None
    cluster_search: float | None = None
    enrich: float | None = None
    max_parallel: float | None = None


class SearchResponse(Model, frozen=True, rename="camel"):
    data: tuple[Result, ...]
    meta: Meta
    context: Context | None = None
    latency: Latency | None = None
    request_id: str | None = None
