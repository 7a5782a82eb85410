"""The documented answer as pydantic models that keep unknown fields."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    model_config = ConfigDict(
        extra="allow", frozen=True, alias_generator=to_camel, populate_by_name=True
    )


class Entity(Model):
    key: str
    category: str


class Reference(Model):
    type: str
    id: str
    url: str | None = None
    label: str | None = None


class Result(Model):
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


class Cluster(Model):
    topic: str | None = None
    summary: str | None = None
    keywords: tuple[str, ...] = ()


class Context(Model):
    clusters: tuple[Cluster, ...] = ()


class Paths(Model):
    vector: bool
    entity: bool
    cluster: bool


class Meta(Model):
    total: int
    limit: int | None = None
    offset: int | None = None
    took: float | None = None
    mode: str | None = None
    paths: Paths | None = None


class Latency(Model):
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


class SearchResponse(Model):
    data: tuple[Result, ...]
    meta: Meta
    context: Context | None = None
    latency: Latency | None = None
    request_id: str | None = None
