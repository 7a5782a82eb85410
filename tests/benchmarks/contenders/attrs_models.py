"""The documented answer as attrs classes and a cattrs converter as it comes."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs
from cattrs.gen import make_dict_structure_fn, override
from cattrs.preconf.orjson import make_converter


@attrs.frozen
class Entity:
    key: str
    category: str


@attrs.frozen
class Reference:
    type: str
    id: str
    url: str | None = None
    label: str | None = None


@attrs.frozen
class Result:
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


@attrs.frozen
class Cluster:
    topic: str | None = None
    summary: str | None = None
    keywords: tuple[str, ...] = ()


@attrs.frozen
class Context:
    clusters: tuple[Cluster, ...] = ()


@attrs.frozen
class Paths:
    vector: bool
    entity: bool
    cluster: bool


@attrs.frozen
class Meta:
    total: int
    limit: int | None = None
    offset: int | None = None
    took: float | None = None
    mode: str | None = None
    paths: Paths | None = None


@attrs.frozen
class Latency:
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


@attrs.frozen
class SearchResponse:
    data: tuple[Result, ...]
    meta: Meta
    context: Context | None = None
    latency: Latency | None = None
    request_id: str | None = None


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def make_reader() -> Callable[[bytes], Any]:
    """Bytes in, a SearchResponse out."""
    converter = make_converter()

    def hook(cls: type) -> Callable[[Any, Any], Any]:
        names: Any = {
            field.name: override(rename=_camel(field.name)) for field in attrs.fields(cls)
        }
        return make_dict_structure_fn(cls, converter, **names)

    converter.register_structure_hook_factory(attrs.has, hook)
    return lambda body: converter.loads(body, SearchResponse)
