"""Finds documents: filters and BM25 in SQL, meaning beside it, the page in Python.

What matches: in ``fast``, the nearest documents by meaning; in the other modes, every document with any of the
query's words, the nearest by meaning, and the newest that are about what the query names. The best of them are
the candidates and are ranked with care; the other matches follow in the order of their BM25. So `meta.total` is a
true count, and pages neither miss nor repeat anything while nothing is indexed or embedded in between.

Until documents have vectors, ``fast`` ranks by BM25 alone, and says so in `meta.paths`.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import orjson

from lightfast.emulator import timestamps
from lightfast.emulator.search.clusters import clusters
from lightfast.emulator.search.fusion import DEPTHS, Candidate, coverage, fused, reranked
from lightfast.emulator.search.lexical import LexicalIndex
from lightfast.emulator.search.text import snippet, terms

if TYPE_CHECKING:
    import sqlite3

    from lightfast.emulator.embedding.index import QueryMatch, VectorIndex
    from lightfast.emulator.search.fusion import Ranked
    from lightfast.emulator.search.lexical import Best, Hits
    from lightfast.emulator.search.query import SearchQuery
    from lightfast.emulator.store import Store

__all__ = ["Found", "NotConfiguredError", "search"]


_T = TypeVar("_T")


class NotConfiguredError(Exception):
    """Nothing was ever indexed for the organization."""


@attrs.frozen(kw_only=True)
class Found:
    """One page of results.

    Args:
        results: The results as on the wire, best first.
        total: How many there are in all.
        clusters: What the page's results have in common, as on the wire.
        paths: What the answer was found by, as in `meta.paths`.
        latency: Seconds by stage, under their wire names.
    """

    results: list[dict[str, Any]]
    total: int
    clusters: list[dict[str, Any]]
    paths: dict[str, bool]
    latency: dict[str, float]


def search(
    store: Store, organization: str, query: SearchQuery, meaning: VectorIndex | None = None
) -> Found:
    """What the organization's documents have on the query, a page of it.

    The best of all matches scores 1, on every page; ties are in the order of ids.

    Args:
        store: The database.
        organization: Whose documents.
        query: What is looked for.
        meaning: Compares by meaning; None for words alone.

    Raises:
        NotConfiguredError: Nothing was ever indexed for the organization.
    """
    with store.read() as db:
        _check_configured(db, organization)
        return _Search(db, organization, query, meaning).found()


def _check_configured(db: sqlite3.Connection, organization: str) -> None:
    known = "SELECT 1 FROM corpus WHERE organization_id = ? LIMIT 1"
    if db.execute(known, (organization,)).fetchone() is None:
        raise NotConfiguredError


class _Search:
    """One search, on one state of the database."""

    def __init__(
        self,
        db: sqlite3.Connection,
        organization: str,
        query: SearchQuery,
        meaning: VectorIndex | None,
    ) -> None:
        self._db = db
        self._query = query
        self._words = terms(query.query)
        self._matches = LexicalIndex(db, organization, query, self._words)
        self._depth = DEPTHS[query.mode]
        self._latency = {"retrieval": 0.0, "rerank": 0.0}
        self._since = perf_counter()
        self._sight = (
            meaning.look(db, organization, query.query) if meaning and self._words else None
        )
        self._clock("retrieval")
        if self._sight:
            self._latency["embedding"] = self._sight.embedding
            self._latency["retrieval"] -= self._sight.embedding

    def _clock(self, stage: str) -> None:
        """What happened since the last time belongs to this stage."""
        now = perf_counter()
        self._latency[stage] = self._latency.get(stage, 0.0) + now - self._since
        self._since = now

    def found(self) -> Found:
        is_fast = self._query.mode == "fast"
        named = {} if is_fast or not self._words else self._named()
        hits, total = self._page(named)
        results = _results(self._db, hits, self._words)
        self._clock("enrich")
        groups = [] if is_fast else clusters(results)
        self._clock("clusterSearch")
        return Found(
            results=results,
            total=total,
            clusters=groups,
            paths={
                "vector": self._sight is not None,
                "entity": bool(named),
                "cluster": bool(groups),
            },
            latency=self._latency,
        )

    def _named(self) -> dict[int, float]:
        named = self._matches.named()
        self._clock("entitySearch")
        return named

    def _page(self, named: dict[int, float]) -> tuple[Hits, int]:
        if not self._words:
            return [], 0
        if self._query.mode != "fast":
            return self._by_everything(named)
        if self._sight:
            return self._by_meaning(self._sight)
        best = self._matches.best(self._query.limit, self._query.offset)
        self._clock("retrieval")
        return best.hits, best.total

    def _by_meaning(self, sight: QueryMatch) -> tuple[Hits, int]:
        near = self._near(sight)
        facts = self._matches.facts(near)
        ranked = sorted(
            ((d, near[d] * weight, name) for d, (name, weight) in facts.items()),
            key=lambda each: (-each[1], each[2]),
        )
        self._clock("retrieval")
        top = ranked[0][1] if ranked else 1.0
        return [(d, score / top) for d, score, _ in self._slice(ranked)], len(ranked)

    def _by_everything(self, named: dict[int, float]) -> tuple[Hits, int]:
        near = self._near(self._sight) if self._sight else {}
        best = self._matches.best(self._depth.lexical, besides={**near, **named})
        lexical = dict(best.hits)
        candidates = self._candidates(lexical, near, named)
        self._clock("retrieval")
        ranked = self._ranked(candidates, best)
        self._clock("rerank")
        total = best.total + sum(c.document not in lexical for c in candidates)
        return self._with_others(ranked, best), total

    def _near(self, sight: QueryMatch) -> dict[int, float]:
        return sight.nearest(self._depth.nearest, self._matches.allowed())

    def _candidates(
        self, lexical: dict[int, float], near: dict[int, float], named: dict[int, float]
    ) -> list[Candidate]:
        facts = self._matches.facts({**lexical, **near, **named})
        cosines = self._sight.cosines(facts) if self._sight else {}
        return [
            Candidate(
                document=document,
                id=name,
                weight=weight,
                lexical=lexical.get(document, 0.0),
                cosine=cosines.get(document),
                named=named.get(document, 0.0),
            )
            for document, (name, weight) in facts.items()
        ]

    def _ranked(self, candidates: list[Candidate], best: Best) -> Ranked:
        depth, query = self._depth, self._query.query
        if self._sight is None:
            ranked = fused(candidates, words=1.0, meaning=0.0)
        else:
            first = self._matches.texts(d for d, _ in best.hits[:1])
            words = max((coverage(text, query) for text in first.values()), default=0.0)
            ranked = fused(candidates, words=words, meaning=depth.meaning)
        texts = self._matches.texts(c.document for c, _ in ranked[: depth.reranked])
        return reranked(ranked, texts, query, depth)

    def _with_others(self, ranked: Ranked, words: Best) -> Hits:
        """The page: of the candidates, and behind them of the other matches, whose scores are not higher."""
        best = ranked[0][1] if ranked else 1.0  # the scale
        page = [(c.document, score / best) for c, score in self._slice(ranked)]
        missing = self._query.limit - len(page)
        if not missing or words.total <= self._depth.lexical:
            return page  # all matches were candidates
        offset = max(self._query.offset - len(ranked), 0)
        than = [c.document for c, _ in ranked]
        others = self._matches.others(than, words.top, missing, offset)
        self._clock("retrieval")
        least = ranked[-1][1] / best
        return page + [(document, min(least, score / best)) for document, score in others]

    def _slice(self, ranked: list[_T]) -> list[_T]:
        return ranked[self._query.offset : self._query.offset + self._query.limit]


def _results(
    db: sqlite3.Connection, hits: list[tuple[int, float]], words: list[str]
) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT d.*, t.title, t.body, t.url, t.details FROM document AS d JOIN document_text AS t ON t.rowid = d.rowid"
        " WHERE d.rowid IN (SELECT value FROM json_each(?))",
        (orjson.dumps([document for document, _ in hits]).decode(),),
    )
    by_rowid = {row["rowid"]: row for row in rows}
    return [_result(by_rowid[d], score, words) for d, score in hits if d in by_rowid]


def _result(row: sqlite3.Row, score: float, words: list[str]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "title": row["title"],
        "source": row["source"],
        "type": row["type"],
        "url": row["url"],
        "occurredAt": timestamps.to_wire(row["occurred_at"]),
        "snippet": snippet(row["title"], row["body"], words),
        "score": round(score, 6),
        **orjson.loads(row["details"]),
    }
