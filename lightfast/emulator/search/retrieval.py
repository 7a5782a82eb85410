"""Retrieval: candidates by words, meaning and names; a careful look at them; a page of results.

What matches: in ``fast``, the nearest documents by meaning; in the other modes, every document with any of the
question's words, the nearest by meaning, and the newest that are about what the question names. The best of them are the
candidates and are ranked with care; the other matches follow in the order of their BM25. A document is one result,
however many of its passages match, and so is a pull request with its commits. So `meta.total` is a true count, and
pages neither miss nor repeat anything while nothing is indexed or embedded in between.

Meaning counts in a family of documents as soon as nearly all of it has vectors, so that a question is never answered
worse while vectors are still being made. Until then the best by words get vectors at once, so that a first question is
answered nearly as well as later ones; but ``fast`` ranks by words until nearly everything has a vector, and says so in
`meta.paths`.
"""

from __future__ import annotations

from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from lightfast.emulator import timestamps
from lightfast.emulator.embedding.base import embedded_text
from lightfast.emulator.search.changes import asked_changes
from lightfast.emulator.search.clusters import clusters
from lightfast.emulator.search.fusion import (
    DEPTHS,
    Candidate,
    behind,
    evidence,
    folded,
    fused,
    meaning_within,
    reranked,
    words_within,
)
from lightfast.emulator.search.groups import group_members, with_group
from lightfast.emulator.search.lexical import LexicalIndex, highest, is_group, rarity
from lightfast.emulator.search.other_words import RARE, alternatives
from lightfast.emulator.search.question import (
    FAMILIES,
    PRIORS,
    form_of,
    without_form,
    without_name,
)
from lightfast.emulator.search.snippets import snippet
from lightfast.emulator.search.text import terms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from lightfast.emulator.embedding.index import VectorIndex
    from lightfast.emulator.search.changes import Change
    from lightfast.emulator.search.fusion import Depth, Ranked
    from lightfast.emulator.search.lexical import Hits, Passage
    from lightfast.emulator.search.other_words import Alternative
    from lightfast.emulator.search.query import SearchQuery
    from lightfast.emulator.store import Store

__all__ = ["Found", "NotConfiguredError", "search"]

# The best by words that get vectors at once where vectors are still to be made: a fifth of a second, the first time.
# On six repositories the right answer is first / among three for .46 / .66 by words, .59 / .74 with 20, .61 / .80 with 30.
_COMPARED = 30
_JUDGED = 3  # results that are asked how much of the question they have
_ABOUT = frozenset({"documentation", "code"})  # families whose files are each about something
_LEAST = 0.001  # of a result's score: what was found has some


class NotConfiguredError(Exception):
    """Nothing was ever indexed for the organization."""


@attrs.frozen(kw_only=True)
class Found:
    """One page of results.

    Args:
        results: The results as on the wire, best first.
        total: Number of all results.
        clusters: What the page's results have in common, as on the wire.
        paths: What the answer was found by, as in `meta.paths`.
        latency: Seconds by stage, under their wire names.
    """

    results: list[dict[str, Any]]
    total: int
    clusters: list[dict[str, Any]]
    paths: dict[str, bool]
    latency: dict[str, float]

    def content(self, query: SearchQuery, latency: dict[str, float]) -> dict[str, Any]:
        """Return the answer as documented, without its request ID.

        Args:
            query: The search that found this page.
            latency: Seconds by stage, ``total`` among them, under their wire names.
        """
        milliseconds = {
            name: round(seconds * 1000, 3) for name, seconds in {**latency, **self.latency}.items()
        }
        content = {
            "data": self.results,
            "meta": {
                "total": self.total,
                "limit": query.limit,
                "offset": query.offset,
                "took": milliseconds["total"],
                "mode": query.mode,
                "paths": self.paths,
            },
            "latency": milliseconds,
        }
        return {**content, "context": {"clusters": self.clusters}} if self.clusters else content


def search(
    store: Store, organization: str, query: SearchQuery, meaning: VectorIndex | None = None
) -> Found:
    """Return a page of what the organization's documents have on the query.

    The first result's score tells how much of the question it has; the others' are in proportion. Ties are in the
    order of ids.

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
        self._organization = organization
        self._query = query
        self._form = form_of(query.query)
        self._is_question = self._form != "open"
        self._words = without_form(terms(query.query), self._form)
        self._lexical = LexicalIndex(db, organization, query, self._words)
        self._priors = PRIORS[self._form]
        self._latency = {"retrieval": 0.0, "rerank": 0.0}
        self._since = perf_counter()
        self._meaning = meaning
        self._is_compared = False
        self._asked = without_name(query.query, self._lexical.project()) if meaning else ""
        self._match = (
            meaning.match(db, organization, self._asked) if meaning and self._words else None
        )
        self._clock("retrieval")
        if self._match:
            self._latency["embedding"] = self._match.embedding
            self._latency["retrieval"] -= self._match.embedding
        self._by_vectors_alone = bool(
            query.mode == "fast" and self._match and self._match.is_complete
        )
        ranked_by_words = query.mode == "fast" and not self._by_vectors_alone
        self._depth = DEPTHS["balanced" if ranked_by_words else query.mode]

    def _clock(self, stage: str) -> None:
        """Add what happened since the last time to a stage."""
        now = perf_counter()
        self._latency[stage] = self._latency.get(stage, 0.0) + now - self._since
        self._since = now

    def found(self) -> Found:
        is_fast = self._query.mode == "fast"
        named = {} if is_fast or not self._words else self._named_documents()
        hits, total = self._page(named) if self._words else ([], 0)
        results = self._results(hits)
        self._clock("enrich")
        groups = [] if is_fast else clusters(results)
        self._clock("clusterSearch")
        return Found(
            results=results,
            total=total,
            clusters=groups,
            paths={
                "vector": self._match is not None or self._is_compared,
                "entity": bool(named),
                "cluster": bool(groups),
            },
            latency=self._latency,
        )

    def _named_documents(self) -> dict[int, float]:
        named = self._lexical.named()
        self._clock("entitySearch")
        return named

    @cached_property
    def _frequencies(self) -> dict[str, int]:
        return self._lexical.frequencies()

    def _page(self, named: dict[int, float]) -> tuple[Hits, int]:
        """Return passages and scores of the page, and the number of all results."""
        near = (
            self._match.nearest(self._depth.nearest, self._lexical.allowed()) if self._match else {}
        )
        if self._by_vectors_alone:
            ranked = self._ranked(self._candidates(self._lexical.known(near), {}, {}))
            return self._scored(ranked), len(ranked)
        rows = {*self._lexical.best(self._depth.lexical, self._frequencies), *near, *named}
        ranked = self._ranked(self._matches(rows, named))
        if self._depth.further:
            ranked = self._with_further(ranked, rows, self._depth.further)
        total = len(self._lexical.folds().union(c.fold for c, _ in ranked))
        page = self._scored(ranked)
        if len(page) < self._query.limit and total > len(ranked):
            page += self._behind(ranked, self._query.limit - len(page))
        self._clock("retrieval")
        return page, total

    def _with_further(self, ranked: Ranked, rows: set[int], depth: Depth) -> Ranked:
        """Return the same with what lies deeper, ranked with the same care, behind it."""
        more = {*self._lexical.best(depth.lexical, self._frequencies)}
        if self._match:
            more |= self._match.nearest(depth.nearest, self._lexical.allowed()).keys()
        known = {c.fold for c, _ in ranked}
        further = [c for c in self._matches(more - rows, {}) if c.fold not in known]
        return behind(ranked, self._ranked(further)) if further else ranked

    def _matches(self, rows: set[int], named: dict[int, float]) -> list[Candidate]:
        known = self._lexical.known(rows)
        scores = self._lexical.scores(_with_openings(known))
        candidates = self._candidates(known, scores, named)
        self._clock("retrieval")
        return candidates

    def _candidates(
        self, known: dict[int, Passage], scores: dict[int, float], named: dict[int, float]
    ) -> list[Candidate]:
        cosines = self._cosines(known)
        file_means = self._file_means(known)
        return [
            Candidate(
                passage=row,
                id=passage.id,
                fold=passage.fold,
                family=passage.family,
                weight=passage.weight,
                prior=self._priors.get(FAMILIES[passage.family], 0.0),
                penalty=passage.penalty,
                lexical=words_within(scores.get(row, 0.0), scores.get(passage.opening, 0.0)),
                cosine=cosines.get(row),
                file_mean=file_means.get(row, 0.0),
                named=named.get(row, 0.0) if self._may_be_named(passage) else 0.0,
                text=passage.text,
            )
            for row, passage in known.items()
        ]

    def _may_be_named(self, passage: Passage) -> bool:
        """Return whether a name in the question speaks for a passage: "where" asks for a file, not for its changes."""
        return self._form != "code" or FAMILIES[passage.family] != "history"

    def _cosines(self, known: dict[int, Passage]) -> dict[int, float]:
        if self._match is None:
            return {}
        if self._is_question:  # it asks for a passage, keywords and titles ask for a whole
            return self._match.cosines(known)
        own = self._match.cosines(_with_openings(known))
        means = self._match.means({passage.opening for passage in known.values()})
        return {
            row: meaning_within(
                own[row], own.get(passage.opening, own[row]), means.get(passage.opening, own[row])
            )
            for row, passage in known.items()
            if row in own
        }

    def _file_means(self, known: dict[int, Passage]) -> dict[int, float]:
        """Return how alike files are on average: a question is best answered by a page that is about it."""
        if self._match is None or not self._is_question:
            return {}
        about = {row for row, passage in known.items() if FAMILIES[passage.family] in _ABOUT}
        return self._match.file_means(about)

    @cached_property
    def _rarities(self) -> dict[str, float]:
        passages = self._lexical.passages
        return {word: rarity(n, passages) for word, n in self._frequencies.items()}

    def _ranked(self, candidates: list[Candidate]) -> Ranked:
        ranked = self._with_meaning(self._fused(candidates))
        if self._depth.reranked:
            ranked = self._reranked(ranked)
        ranked = folded(ranked)
        self._clock("rerank" if self._depth.reranked else "retrieval")
        return ranked

    def _reranked(self, ranked: Ranked) -> Ranked:
        return reranked(
            ranked,
            self._lexical.texts(c.passage for c, _ in ranked[: self._depth.reranked]),
            self._query.query,
            self._depth,
            self._rarities,
            self._alternatives,
            self._changes,
        )

    @cached_property
    def _changes(self) -> list[Change]:
        return asked_changes(self._query.query, self._form)

    def _fused(self, candidates: Iterable[Candidate]) -> Ranked:
        return fused(
            candidates,
            self._depth,
            possible=highest(self._rarities.values()),
            is_question=self._is_question,
        )

    def _with_meaning(self, ranked: Ranked) -> Ranked:
        """Return the same after the best were compared by meaning, whether they had vectors before or not."""
        first, rest = ranked[:_COMPARED], ranked[_COMPARED:]
        missing = [c.passage for c, _ in first if c.cosine is None]
        if not (missing and self._meaning) or self._is_compared or self._query.mode == "fast":
            return ranked
        self._clock("rerank")
        texts = self._lexical.texts(missing)
        cosines = self._meaning.compare(
            self._asked,
            {p: embedded_text(text.title, text.body) for p, text in texts.items()},
        )
        self._clock("embedding")
        self._is_compared = bool(cosines)
        if not cosines:
            return ranked
        known = (attrs.evolve(c, cosine=cosines.get(c.passage, c.cosine)) for c, _ in first)
        return behind(self._fused(known), rest)

    @cached_property
    def _alternatives(self) -> list[Alternative]:
        """Return what makes up for those of the question's words that are rare here."""
        most = RARE * self._lexical.passages
        whole = sum(self._rarities.values()) or 1.0
        rare = {
            w: tells / whole for w, tells in self._rarities.items() if self._frequencies[w] <= most
        }
        return alternatives(self._query.query, rare, len(self._words))

    def _scored(self, ranked: Ranked) -> Hits:
        """Return the page, with scores that tell how much of the question the results have."""
        if not ranked:
            return []
        first = ranked[:_JUDGED]
        texts = self._lexical.texts(c.passage for c, _ in first)
        found = (evidence(c, texts[c.passage], self._rarities) for c, _ in first)
        most = max(_LEAST, *found)
        best = max(ranked[0][1], _LEAST)
        page = ranked[self._query.offset : self._query.offset + self._query.limit]
        return [(c.passage, most * max(score / best, _LEAST)) for c, score in page]

    def _behind(self, ranked: Ranked, missing: int) -> Hits:
        """Return matches that were no candidates; their scores are not higher than any candidate's."""
        offset = max(self._query.offset - len(ranked), 0)
        others = self._lexical.others((c.fold for c, _ in ranked), missing, offset)
        return [(passage, _LEAST * _LEAST) for passage, _ in others]

    def _results(self, hits: Hits) -> list[dict[str, Any]]:
        wanted = orjson.dumps([passage for passage, _ in hits]).decode()
        rows = {row["rowid"]: row for row in self._db.execute(_ROWS, (wanted,))}
        folds = {row["fold"] for row in rows.values() if is_group(row["fold"])}
        members = group_members(self._db, self._organization, folds) if folds else {}
        return [
            with_group(_result(rows[p], score, self._words), members.get(rows[p]["fold"], []))
            for p, score in hits
            if p in rows
        ]


def _with_openings(known: dict[int, Passage]) -> set[int]:
    return {*known, *(passage.opening for passage in known.values())}


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


_ROWS = """
SELECT d.*, t.title, t.body, h.url, h.details FROM document AS d
JOIN document_text AS t ON t.rowid = d.rowid JOIN document_text AS h ON h.rowid = d.head
WHERE d.rowid IN (SELECT value FROM json_each(?))
"""
