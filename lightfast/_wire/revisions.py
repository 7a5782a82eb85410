"""Revisions of the API: the names that each has for the same things.

2026-04-03 is pinned: models are named after it. 2026-04-04 is read into the same models, and
filters are written under the names of both: each server ignores the fields of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightfast._version import API_REVISION, API_REVISIONS
from lightfast.exceptions import Drift

PINNED = API_REVISION
SECOND = API_REVISIONS[1]

# --- keys and addresses -----------------------------------------------------------------------

# From when on the hosted service takes keys with which prefix; each ended the one before it.
KEY_PREFIXES: Mapping[str, str] = {"sk-lf-": PINNED, "ak_": "2026-05-15", "lf_": "2026-05-27"}

# The documentation of 2026-04-03 has the first, the OpenAPI file of the same week the other.
BASE_URL = "https://lightfast.ai/api/v1"
OTHER_BASE_URL = "https://lightfast.ai/v1"
SEARCH_REMOVED = "2026-05-07"

# --- names of fields --------------------------------------------------------------------------


def wire_name(name: str) -> str:
    """Return a field's name in JSON: camelCase, and without the unit that ours carry."""
    if name == "results":
        return "data"
    head, *rest = name.removesuffix("_ms").split("_")
    return head + "".join(word.capitalize() for word in rest)


# --- what 2026-04-03 promises -----------------------------------------------------------------

# By model. An answer is read without these, but that is worth telling.
PROMISED: Mapping[str, frozenset[str]] = {
    "SearchResponse": frozenset({"request_id"}),
    "SearchResult": frozenset({"url", "occurred_at"}),
    "SearchMeta": frozenset({"limit", "offset", "took_ms", "mode", "paths"}),
    "Latency": frozenset({"total_ms", "retrieval_ms", "rerank_ms"}),
    "Cluster": frozenset({"topic", "summary", "keywords"}),
}
NULLABLE: Mapping[str, frozenset[str]] = {
    "SearchResult": frozenset({"url", "occurred_at"}),
    "Cluster": frozenset({"topic", "summary"}),
}
# What the emulator of this package adds: where a document is.
EXTENSIONS: Mapping[str, frozenset[str]] = {"SearchResult": frozenset({"path", "line"})}

# --- filters ----------------------------------------------------------------------------------

# A provider must be sent as `sourceTypes` and as `sources`, a kind as `observationTypes` and as
# `entityTypes`: the documentation describes the first, the service looked at the second. What
# comes later in this table, a single field that was asked for by its name, wins.
FILTERS: Mapping[str, tuple[str, ...]] = {
    "sources": ("sourceTypes", "sources"),
    "types": ("observationTypes", "entityTypes"),
    "actor_names": ("actorNames",),
    "source_types": ("sourceTypes",),
    "observation_types": ("observationTypes",),
    "entity_types": ("entityTypes",),
}
DATE_RANGE = "dateRange"

# 2026-04-04 takes filters at the top of the request, and has no others than these.
TOP_LEVEL_FILTERS: Mapping[str, str] = {"sources": "sources", "types": "types"}
TOP_LEVEL_DATES: Mapping[str, str] = {"start": "after", "end": "before"}


def stands_at_the_top(name: str, value: Any, sent: Mapping[str, Any]) -> bool:
    """Tell whether a filter below `filters` is sent at the top of the request, too."""
    if name == DATE_RANGE:
        ends = value.items() if isinstance(value, Mapping) else ()
        return all(sent.get(TOP_LEVEL_DATES.get(end, "")) == at for end, at in ends)
    return any(
        sent.get(top) == value for ours, top in TOP_LEVEL_FILTERS.items() if name in FILTERS[ours]
    )


# --- the shape of 2026-04-04 ------------------------------------------------------------------

REVISION_DRIFT = Drift(
    "revision",
    "$",
    f"the answer has the shape of revision {SECOND}: no meta, context or latency",
)
SECOND_MODES = ("fast", "balanced")
# It ignores `offset` and `filters` too, but a request that says nothing by them loses nothing.
SECOND_FIELDS = frozenset(
    {"query", "limit", "offset", "mode", "filters",
     *TOP_LEVEL_FILTERS.values(), *TOP_LEVEL_DATES.values()}
)  # fmt: skip


def is_second_revision(document: dict[str, Any]) -> bool:
    """Tell whether a search's answer has the shape of 2026-04-04."""
    return "data" not in document and "results" in document


def from_second_revision(document: dict[str, Any]) -> dict[str, Any]:
    """Return an answer of 2026-04-04 in the shape of 2026-04-03."""
    rest = {key: value for key, value in document.items() if key not in {"results", "total"}}
    results = document["results"]
    counted = len(results) if isinstance(results, list) else 0
    return {"data": results, "meta": {"total": document.get("total", counted)}, **rest}


def second_path(path: str) -> str:
    """Return where 2026-04-04 has what 2026-04-03 has at a path."""
    for ours, theirs in (("$.data", "$.results"), ("$.meta.total", "$.total")):
        if path.startswith(ours):
            return theirs + path.removeprefix(ours)
    return path
