"""Which documents match: filters and BM25, all of it in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import orjson

from lightfast.emulator.search.entities import named_documents
from lightfast.emulator.search.fusion import Text
from lightfast.emulator.search.text import COLUMN_WEIGHTS, match_expression

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from lightfast.emulator.search.query import SearchQuery

__all__ = ["Best", "LexicalIndex"]

Hits = list[tuple[int, float]]  # documents and scores, best first

# SQLite's BM25 is the better the more negative it is: https://www.sqlite.org/fts5.html#the_bm25_function
_HIT = """
WITH hit AS MATERIALIZED (
    SELECT d.rowid AS document, d.id AS id, d.weight * -bm25(document_text, {weights}) AS score
    FROM document_text CROSS JOIN document AS d ON d.rowid = document_text.rowid
    WHERE document_text MATCH :match AND d.organization_id = :organization {conditions}
)
"""
# The first row carries the totals: a page past the end still knows them.
_BEST = """
SELECT NULL AS document, count(*) AS total, max(score) AS score FROM hit
UNION ALL
SELECT * FROM (SELECT document, 0, score FROM hit ORDER BY score DESC, id LIMIT :limit OFFSET :offset)
"""
_THESE = "UNION ALL SELECT document, 0, score FROM hit WHERE document IN (SELECT value FROM json_each(:these))"
_OTHERS = """
SELECT document, score FROM hit WHERE document NOT IN (SELECT value FROM json_each(:these))
ORDER BY score DESC, id LIMIT :limit OFFSET :offset
"""
_AMONG = "d.rowid IN (SELECT value FROM json_each(:these))"


@attrs.frozen
class Best:
    """The best matches by words.

    Args:
        hits: Documents and their share of the best match's score, best first.
        total: How many match.
        top: The best match's score.
    """

    hits: Hits
    total: int
    top: float


class LexicalIndex:
    """What may be returned for a query.

    Args:
        db: The database, in one state.
        organization: Whose documents.
        query: What is looked for, and through which filters.
        words: The query's words.
    """

    def __init__(
        self, db: sqlite3.Connection, organization: str, query: SearchQuery, words: list[str]
    ) -> None:
        self._db = db
        self._query = query.query
        conditions, values = _conditions(query)
        self._filtered = bool(conditions)
        self._where = "".join(f" AND {condition}" for condition in conditions)
        self._hit = _HIT.format(weights=", ".join(map(str, COLUMN_WEIGHTS)), conditions=self._where)
        self._values = values | {"organization": organization, "match": match_expression(words)}

    def _ask(self, sql: str, **values: object) -> list[sqlite3.Row]:
        return self._db.execute(sql, self._values | values).fetchall()

    def best(self, limit: int, offset: int = 0, *, besides: Iterable[int] = ()) -> Best:
        """The best by words, and those of the documents `besides` that match at all."""
        besides = list(besides)
        sql = self._hit + _BEST + (_THESE if besides else "")
        totals, *rows = self._ask(sql, limit=limit, offset=offset, these=_json(besides))
        top = totals["score"] or 1.0
        hits = {row["document"]: row["score"] / top for row in rows}
        return Best(list(hits.items()), totals["total"], top)

    def others(self, than: Iterable[int], top: float, limit: int, offset: int) -> Hits:
        """LexicalIndex by words other than these documents, best first."""
        rows = self._ask(self._hit + _OTHERS, these=_json(than), limit=limit, offset=offset)
        return [(row["document"], row["score"] / top) for row in rows]

    def named(self) -> dict[int, float]:
        """The documents about what the query names, and how much that says."""
        return named_documents(self._db, self._query, self._where, self._values)

    def allowed(self) -> list[int] | None:
        """The documents that the filters let through; None for all."""
        if not self._filtered:
            return None
        sql = f"SELECT rowid FROM document AS d WHERE organization_id = :organization {self._where}"  # noqa: S608
        return [row["rowid"] for row in self._ask(sql)]

    def facts(self, documents: Iterable[int]) -> dict[int, tuple[str, float]]:
        """The ids and weights of those of the documents that are there."""
        sql = f"SELECT rowid, id, weight FROM document AS d WHERE {_AMONG}"  # noqa: S608
        rows = self._ask(sql, these=_json(documents))
        return {row["rowid"]: (row["id"], row["weight"]) for row in rows}

    def texts(self, documents: Iterable[int]) -> dict[int, Text]:
        """What documents say."""
        sql = f"SELECT rowid, title, substr(body, 1, 4096) AS body FROM document_text AS d WHERE {_AMONG}"  # noqa: S608
        rows = self._ask(sql, these=_json(documents))
        return {row["rowid"]: Text(row["title"], row["body"]) for row in rows}


def _json(documents: Iterable[int]) -> str:
    return orjson.dumps(list(documents)).decode()


def _conditions(query: SearchQuery) -> tuple[list[str], dict[str, object]]:
    listed = "IN (SELECT value FROM json_each(:{}))".format
    took_part = (
        "EXISTS (SELECT 1 FROM facet WHERE document = d.rowid AND name = 'actor' AND value {})"
    )
    actors = query.actors and tuple(actor.removeprefix("@").lower() for actor in query.actors)
    lists = {
        "sources": (query.sources, f"d.source {listed('sources')}"),
        "types": (query.types, f"d.type {listed('types')}"),
        "actors": (actors, took_part.format(listed("actors"))),
    }
    conditions = [sql for wanted, sql in lists.values() if wanted is not None]
    values: dict[str, object] = {n: orjson.dumps(w or ()).decode() for n, (w, _) in lists.items()}
    if query.start is not None:
        conditions.append("d.occurred_at >= :start")
    if query.end is not None:
        conditions.append("d.occurred_at <= :end")
    return conditions, values | {"start": query.start, "end": query.end}
