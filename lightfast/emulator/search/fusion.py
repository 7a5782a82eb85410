"""In which order to show what was found: pure functions on numbers and words.

Scores are added, not ranks: BM25 as a share of the best match's, and the cosine stretched over the range that
the candidates have. What the words say counts less the fewer of them even the best match has: a question in
other words than the answer's is left to meaning.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator.search.text import STOP_WORDS, stem, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["DEPTHS", "Candidate", "Depth", "Text", "coverage", "fused", "reranked"]


@attrs.frozen(kw_only=True)
class Depth:
    """How hard a mode looks.

    Args:
        lexical: How many of the best matches by words are candidates.
        nearest: How many of the nearest by meaning are.
        reranked: How many of the best candidates have their texts looked at.
        meaning: What the cosine counts beside BM25's 1.
        phrase: What neighbouring words count that are neighbours in the query too.
    """

    lexical: int
    nearest: int
    reranked: int = 0
    meaning: float = 1.0
    phrase: float = 0.0


DEPTHS = {
    "fast": Depth(lexical=0, nearest=200),
    "balanced": Depth(lexical=200, nearest=200),
    "thorough": Depth(lexical=400, nearest=400, reranked=100, meaning=1.5, phrase=0.2),
}


@attrs.frozen(kw_only=True)
class Candidate:
    """Something that may be what was looked for.

    Args:
        document: Which document.
        id: Its id, which decides ties.
        weight: What its score is multiplied by.
        lexical: Its BM25 as a share of the best match's, weighted already.
        cosine: How alike it is to the query; None when that is not known.
        named: How strongly the query names what it is about.
    """

    document: int
    id: str
    weight: float
    lexical: float = 0.0
    cosine: float | None = None
    named: float = 0.0


@attrs.frozen
class Text:
    """What a candidate says."""

    title: str
    body: str


Ranked = list[tuple[Candidate, float]]


def fused(candidates: Iterable[Candidate], *, words: float, meaning: float) -> Ranked:
    """The candidates, best first, by words, meaning and names together.

    Args:
        candidates: What may be shown.
        words: What the best match by words counts.
        meaning: What the nearest by meaning counts.
    """
    candidates = list(candidates)
    known = [c.cosine for c in candidates if c.cosine is not None]
    # A little lower than the lowest, so that everything found scores something.
    low = min(known, default=0.0) - 0.01
    span = max(known, default=0.0) - low
    # What has no vector yet is taken to be as alike as the others are on average.
    usual = sum(known) / len(known) if known else low

    def score(c: Candidate) -> float:
        cosine = usual if c.cosine is None else c.cosine
        return words * c.lexical + c.weight * (meaning * (cosine - low) / span + c.named)

    return _sorted((c, score(c)) for c in candidates)


def reranked(ranked: Ranked, texts: Mapping[int, Text], query: str, depth: Depth) -> Ranked:
    """The same with a second look at the best: what was added never puts one of them behind the rest."""
    pairs = set(pairwise(_stems(query)))
    if not (pairs and depth.phrase):
        return ranked
    best = [
        (c, score + c.weight * depth.phrase * _phrase(texts.get(c.document), pairs))
        for c, score in ranked[: depth.reranked]
    ]
    return _sorted(best) + ranked[depth.reranked :]


def coverage(text: Text, query: str) -> float:
    """The share of the query's words that a text has."""
    wanted = set(_stems(query))
    said = {*_stems(text.title), *_stems(text.body)}
    return len(wanted & said) / len(wanted) if wanted else 0.0


def _phrase(text: Text | None, pairs: set[tuple[str, str]]) -> float:
    if text is None:
        return 0.0
    said = {*pairwise(_stems(text.title)), *pairwise(_stems(text.body))}
    return len(pairs & said) / len(pairs)


def _stems(text: str) -> list[str]:
    return [stem(word) for word in words_of(text) if word not in STOP_WORDS]


def _sorted(ranked: Iterable[tuple[Candidate, float]]) -> Ranked:
    return sorted(ranked, key=lambda pair: (-pair[1], pair[0].id))
