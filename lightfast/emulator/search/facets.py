"""Facets: the values that a search can be filtered by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lightfast.emulator.store import Store

__all__ = ["facets"]


def facets(store: Store, organization: str) -> dict[str, Any]:
    """Count an organization's documents by source and by type, most first."""
    with store.read() as db:
        rows = db.execute(
            "SELECT source, type, count(*) AS n FROM document WHERE organization_id = ?"
            " AND position = 0 GROUP BY source, type",
            (organization,),
        ).fetchall()
    sources: dict[str, int] = {}
    types: dict[str, int] = {}
    for row in rows:
        sources[row["source"]] = sources.get(row["source"], 0) + row["n"]
        types[row["type"]] = types.get(row["type"], 0) + row["n"]
    return {
        "documents": sum(sources.values()),
        "sources": _listed(sources),
        "types": _listed(types),
    }


def _listed(counts: dict[str, int]) -> list[dict[str, Any]]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"name": name, "count": count} for name, count in ordered]
