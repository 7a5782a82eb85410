"""Finds documents: filters and BM25 in SQL, the page in Python."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from lightfast.emulator import moments
from lightfast.emulator.ranking import COLUMN_WEIGHTS, match_expression, snippet, terms

if TYPE_CHECKING:
    import sqlite3

    from lightfast.emulator.store import Store
    from lightfast.emulator.validation import SearchQuery

__all__ = ["Found", "NotConfiguredError", "search"]


class NotConfiguredError(Exception):
    """Nothing was ever indexed for the organization."""


@attrs.frozen(kw_only=True)
class Found:
    """One page of results.

    Args:
        results: The results as on the wire, best first.
        total: How many there are in all.
        retrieval: Seconds that matching and scoring took.
        enrich: Seconds that the page's texts, links and passages took.
    """

    results: list[dict[str, Any]]
    total: int
    retrieval: float
    enrich: float


def search(store: Store, organization: str, query: SearchQuery) -> Found:
    """The organization's documents that have any of the query's words, a page of them.

    The best of all matches scores 1, on every page; ties are in the order of ids.

    Raises:
        NotConfiguredError: Nothing was ever indexed for the organization.
    """
    words = terms(query.query)
    with store.read() as db:
        started = perf_counter()
        _check_configured(db, organization)
        hits, total = _hits(db, organization, query, words) if words else ([], 0)
        retrieved = perf_counter()
        results = _results(db, hits, words)
        return Found(
            results=results,
            total=total,
            retrieval=retrieved - started,
            enrich=perf_counter() - retrieved,
        )


def _check_configured(db: sqlite3.Connection, organization: str) -> None:
    known = "SELECT 1 FROM corpus WHERE organization_id = ? LIMIT 1"
    if db.execute(known, (organization,)).fetchone() is None:
        raise NotConfiguredError


# The first row carries the totals, so that a page past the end still knows them. SQLite's BM25 is the better
# the more negative it is: https://www.sqlite.org/fts5.html#the_bm25_function
_HITS = """
WITH hit AS MATERIALIZED (
    SELECT d.rowid AS document, d.id AS id, d.weight * -bm25(document_text, {weights}) AS score
    FROM document_text CROSS JOIN document AS d ON d.rowid = document_text.rowid
    WHERE document_text MATCH :match AND d.organization_id = :organization {conditions}
)
SELECT NULL AS document, count(*) AS total, max(score) AS score FROM hit
UNION ALL
SELECT * FROM (SELECT document, NULL, score FROM hit ORDER BY score DESC, id LIMIT :limit OFFSET :offset)
"""


def _hits(
    db: sqlite3.Connection, organization: str, query: SearchQuery, words: list[str]
) -> tuple[list[tuple[int, float]], int]:
    conditions, values = _conditions(query)
    sql = _HITS.format(
        weights=", ".join(map(str, COLUMN_WEIGHTS)),
        conditions="".join(f" AND {condition}" for condition in conditions),
    )
    values |= {"match": match_expression(words), "organization": organization}
    totals, *rows = db.execute(sql, values | {"limit": query.limit, "offset": query.offset})
    best = totals["score"] or 1.0
    return [(row["document"], row["score"] / best) for row in rows], totals["total"]


def _conditions(query: SearchQuery) -> tuple[list[str], dict[str, object]]:
    facet = "EXISTS (SELECT 1 FROM facet WHERE document = d.rowid AND name = '{}' AND value IN {})"
    listed = "(SELECT value FROM json_each(:{}))"
    actors = tuple(actor.removeprefix("@").lower() for actor in query.actors)
    lists = {
        "types": (query.types, f"d.type IN {listed.format('types')}"),
        "kinds": (query.observation_types, f"d.observation_type IN {listed.format('kinds')}"),
        "sources": (query.sources, f"d.source IN {listed.format('sources')}"),
        "entities": (query.entity_types, facet.format("entity", listed.format("entities"))),
        "actors": (actors, facet.format("actor", listed.format("actors"))),
    }
    conditions = [sql for wanted, sql in lists.values() if wanted]
    values: dict[str, object] = {n: orjson.dumps(w).decode() for n, (w, _) in lists.items()}
    if query.start is not None:
        conditions.append("d.occurred_at >= :start")
    if query.end is not None:
        conditions.append("d.occurred_at <= :end")
    return conditions, values | {"start": query.start, "end": query.end}


def _results(
    db: sqlite3.Connection, hits: list[tuple[int, float]], words: list[str]
) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT d.*, t.title, t.body, t.url, t.details FROM document AS d JOIN document_text AS t ON t.rowid = d.rowid"
        " WHERE d.rowid IN (SELECT value FROM json_each(?))",
        (orjson.dumps([document for document, _ in hits]).decode(),),
    )
    by_rowid = {row["rowid"]: row for row in rows}
    return [_result(by_rowid[document], score, words) for document, score in hits]


def _result(row: sqlite3.Row, score: float, words: list[str]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "title": row["title"],
        "source": row["source"],
        "type": row["type"],
        "url": row["url"],
        "occurredAt": moments.to_wire(row["occurred_at"]),
        "snippet": snippet(row["title"], row["body"], words),
        "score": round(score, 6),
        **orjson.loads(row["details"]),
    }
