"""Groups of results: the other commits of a result's pull request."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import orjson

from lightfast.emulator.sources.documents import MAX_REFERENCES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

__all__ = ["Members", "group_members", "with_group"]

Members = dict[int, list[dict[str, Any]]]  # references to a group's documents, by its fold

_MEMBERS = """
SELECT d.fold, d.id, d.type, t.url FROM document AS d INDEXED BY document_fold CROSS JOIN document_text AS t ON t.rowid = d.rowid
WHERE d.fold IN (SELECT value FROM json_each(?)) AND d.fold IS NOT NULL AND d.organization_id = ?
    AND d.position = 0
ORDER BY d.occurred_at DESC, d.id
"""


def group_members(db: sqlite3.Connection, organization: str, folds: Iterable[int]) -> Members:
    """Return references to the documents of groups, the newest first."""
    members: Members = defaultdict(list)
    for row in db.execute(_MEMBERS, (orjson.dumps(list(folds)).decode(), organization)):
        reference = {"type": row["type"], "id": _known_as(row["id"], row["type"])}
        members[row["fold"]].append(reference | ({"url": row["url"]} if row["url"] else {}))
    return members


def with_group(result: dict[str, Any], members: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a result that tells of the group it is part of."""
    if len(members) < 2:
        return result
    others = [
        member for member in members if member["id"] != _known_as(result["id"], result["type"])
    ]
    known = [*others, *result.get("references", ())]
    by_id = {reference["id"]: reference for reference in reversed(known)}
    return {
        **result,
        "latestAction": result.get("latestAction", "merged"),
        "totalEvents": result.get("totalEvents", 0) + len(members),
        "references": list(by_id.values())[::-1][:MAX_REFERENCES],
    }


def _known_as(identifier: str, kind: str) -> str:
    """Return what a document is called in references: a hash, or a number such as ``#12``."""
    if kind == "commit":
        return identifier.removeprefix("commit_")
    _, sign, number = identifier.rpartition("#")
    return sign + number
