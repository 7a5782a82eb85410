"""Fusion: the order of what was found, and how good it is. Pure functions on numbers and words.

Scores are added, not ranks. Words: BM25 as a share of the best match of the same family, so that a terse commit does not
outrank every page; they count less when even the best match has few of the question's. Meaning: the cosine, stretched
over the range that the candidates have; what has no vector is taken to mean what its words say. A document begins with
what it is about, so both are partly those of its first passage, and the meaning that of the whole. Besides them a prior
for the question's form, neighbouring words, and names.

What a person sees is another number: how much of the question the result has, by words or by meaning. It does not
depend on what else was found, so that a bad answer looks like one even when there is no better.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator.embedding.base import LEAST_COSINE
from lightfast.emulator.search.changes import told_changes
from lightfast.emulator.search.question import FAMILIES
from lightfast.emulator.search.text import split_identifiers, stem, stems_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from lightfast.emulator.search.changes import Change
    from lightfast.emulator.search.other_words import Alternative

__all__ = [
    "DEPTHS",
    "Candidate",
    "Depth",
    "Ranked",
    "Text",
    "behind",
    "evidence",
    "folded",
    "fused",
    "meaning_within",
    "reranked",
    "words_within",
]

COPY = 0.5  # what a score is multiplied by when another file says the very same
BETWEEN = 0.3  # share of the words' score that compares families with each other
PHRASE = 0.16  # what neighbouring words count that are neighbours in the query too
SAID = 0.4  # what it counts that all of the question's words are said; of half of them, said by chance, a quarter
CHANGED = 0.3  # what it counts that the change is told which was asked for
TITLED = 0.06  # what it counts that the query is just the title
NAMED = 1.4  # what it counts that a query names a document, beside words and meaning
OTHER_WORDS = 1.0  # what it counts that all of the query is said in other words
OTHER_WORDS_MEANT = 0.6  # the same beside a meaning, which knows other words by itself
OPENING = 0.4  # share of a passage's words that is those of its document's first passage
OPENING_MEANING = 0.3  # the same of its meaning
WHOLE_MEANING = 0.3  # share of a passage's meaning that is its whole document's, on average
FILE_MEANING = 0.2  # what the meaning of its file, on average, counts beside a passage's: it is what the page is about
# Shares of the highest possible BM25: a best match below the first has few of the words asked for, above the other many.
# Keywords are chosen to match; the words of a question are the asker's own, so that a middling match says less.
FEW_WORDS = 0.15
MANY_KEYWORDS, MANY_WORDS = 0.3, 0.5
LEAST_WORDS = 0.2  # what words count when the best match has few of them, of what they do otherwise
FULL_COSINE = 0.75  # what is as alike as that says the same in other words


@attrs.frozen(kw_only=True)
class Depth:
    """Depth of a mode's search, and the weights of its signals.

    Args:
        lexical: The number of each family's best matches by words that are candidates.
        nearest: The number of the nearest by meaning that are.
        reranked: The number of the best candidates whose texts are looked at.
        words: What the best match of a family counts.
        meaning: What the cosine counts besides.
        further: The depth of a second look, at what the first left out; it changes nothing about the best.
    """

    lexical: int = 100
    nearest: int = 200
    reranked: int = 30
    words: float = 1.0
    meaning: float = 1.0
    further: Depth | None = None


DEPTHS = {
    "fast": Depth(words=0.0, meaning=1.0, reranked=0),
    "balanced": Depth(),
    "thorough": Depth(further=Depth(lexical=200, nearest=400)),
}


@attrs.frozen(kw_only=True)
class Candidate:
    """A passage that may be what was looked for.

    Args:
        passage: Its number.
        id: Its document's id, which decides ties.
        fold: The result it belongs to.
        family: Words are compared within a family only.
        weight: What its score is multiplied by.
        prior: What its family is worth to this form of question.
        penalty: What is taken off because it says little.
        lexical: Its BM25.
        cosine: How alike it is to the query; None when that is not known.
        file_mean: How alike its file is on average; 0 where that does not count.
        named: How strongly the query names what it is about.
        text: What tells its text from others; None where that is not known.
    """

    passage: int
    id: str
    fold: int
    family: int = 0
    weight: float = 1.0
    prior: float = 0.0
    penalty: float = 0.0
    lexical: float = 0.0
    cosine: float | None = None
    file_mean: float = 0.0
    named: float = 0.0
    text: bytes | None = None


@attrs.frozen
class Text:
    """Text of a candidate."""

    title: str
    body: str


Ranked = list[tuple[Candidate, float]]


def words_within(own: float, opening: float) -> float:
    """Return the BM25 of a passage whose document begins with one that has the BM25 `opening`."""
    return (1 - OPENING) * own + OPENING * opening


def meaning_within(own: float, opening: float, mean: float) -> float:
    """Return the cosine of a passage whose document begins with one that has `opening`, and has `mean` on average."""
    share = 1 - OPENING_MEANING - WHOLE_MEANING
    return share * own + OPENING_MEANING * opening + WHOLE_MEANING * mean


def fused(
    candidates: Iterable[Candidate],
    depth: Depth,
    *,
    possible: float = 0.0,
    is_question: bool = False,
) -> Ranked:
    """Return the candidates, best first, by words, meaning, names and form together.

    Args:
        candidates: What may be shown.
        depth: What words and meaning count.
        possible: The BM25 of a passage that has all of the question's words; 0 when that is not known.
        is_question: Whether the query is a question, not keywords or a title.
    """
    candidates = list(candidates)
    best = _best_by_family(candidates)
    top = max(best.values(), default=1.0)
    many = MANY_WORDS if is_question else MANY_KEYWORDS
    by_words = depth.words * (_worth_of_words(top / possible, many) if possible else 1.0)
    # A family whose best match is poor beside the best of all counts a little less.
    strength = {family: 1 - BETWEEN + BETWEEN * score / top for family, score in best.items()}
    known = [alike for c in candidates if (alike := _alike(c)) is not None]
    # A little lower than the lowest, so that everything found scores something.
    low = min(known, default=0.0) - 0.01
    span = max(known, default=0.0) - low

    def score(c: Candidate) -> float:
        words = strength[c.family] * c.weight * c.lexical / best[c.family]
        alike = _alike(c)
        meant = words if alike is None else c.weight * (alike - low) / span
        found = by_words * words + depth.meaning * meant
        return found + c.weight * (NAMED * c.named + c.prior) - c.penalty

    return _sorted((c, score(c)) for c in candidates)


def behind(first: Ranked, rest: Ranked) -> Ranked:
    """Return both, the rest with scores that keep them behind the first."""
    lowest = min((score for _, score in first), default=0.0)
    return first + [(c, min(score, lowest)) for c, score in rest]


def _alike(candidate: Candidate) -> float | None:
    if candidate.cosine is None:
        return None
    return candidate.cosine + FILE_MEANING * candidate.file_mean


def _worth_of_words(share: float, many: float) -> float:
    """Return what words count when the best match has a share of the highest possible BM25, and `many` is enough."""
    return min(1.0, max(LEAST_WORDS, (share - FEW_WORDS) / (many - FEW_WORDS)))


def _best_by_family(candidates: list[Candidate]) -> dict[int, float]:
    best: dict[int, float] = {}
    for c in candidates:
        best[c.family] = max(best.get(c.family, 0.0), c.weight * c.lexical)
    return {family: score or 1.0 for family, score in best.items()}


def reranked(
    ranked: Ranked,
    texts: Mapping[int, Text],
    query: str,
    depth: Depth,
    rarity: Mapping[str, float],
    alternatives: Collection[Alternative] = (),
    changes: Collection[Change] = (),
) -> Ranked:
    """Return the same with a second look at the best: nothing added puts one of them behind the rest.

    Args:
        ranked: The candidates, best first.
        texts: What the best of them say.
        query: The question.
        depth: How many are looked at.
        rarity: How much each of the question's words tells.
        alternatives: What makes up for words of the question.
        changes: The changes that it asks for.
    """
    wanted = stems_of(query)
    pairs = set(pairwise(wanted))
    best = []
    for c, score in ranked[: depth.reranked]:
        more = 0.0
        if text := texts.get(c.passage):
            title, body = stems_of(text.title), stems_of(text.body)
            more = TITLED * (title == wanted) if pairs else 0.0
            more += PHRASE * _phrase(title, body, pairs)
            said = {*title, *body}
            more += SAID * _share_said(said, text, rarity) ** 2
            worth = OTHER_WORDS if c.cosine is None else OTHER_WORDS_MEANT
            more += worth * _made_up_for(said, alternatives)
            if changes:
                more += CHANGED * told_changes(changes, _headline(c, text), text.body, wanted)
        best.append((c, score + c.weight * more))
    return _sorted(best) + ranked[depth.reranked :]


def _headline(candidate: Candidate, text: Text) -> str:
    """Return a text's title where it sums up what was done."""
    return text.title if FAMILIES[candidate.family] == "history" else ""


def folded(ranked: Ranked) -> Ranked:
    """Return the best of each result's passages; what only repeats a better one comes later."""
    best: dict[int, tuple[Candidate, float]] = {}
    for c, score in ranked:
        best.setdefault(c.fold, (c, score))
    said: set[bytes | None] = set()
    results: list[tuple[Candidate, float]] = []
    for c, score in best.values():
        is_copy = c.text is not None and c.text in said
        results.append((c, min(score, score * COPY) if is_copy else score))
        said.add(c.text)
    return _sorted(results)


def evidence(candidate: Candidate, text: Text, rarity: Mapping[str, float]) -> float:
    """Return how much of the question a candidate has, from 0 to 1: by its words, its meaning or its name.

    Args:
        candidate: The candidate.
        text: What it says.
        rarity: How much each of the question's words tells.
    """
    said = {*stems_of(text.title), *stems_of(text.body)}
    words = _share_said(said, text, rarity)
    alike = ((candidate.cosine or 0.0) - LEAST_COSINE) / (FULL_COSINE - LEAST_COSINE)
    return min(1.0, max(words, alike, candidate.named, 0.0))


def _share_said(said: set[str], text: Text, rarity: Mapping[str, float]) -> float:
    """Return the share of the question that a text says, by its stems and its names, and by how much each word tells."""
    whole = f"{text.title}\n{text.body}"
    known = said.union(stems_of(split_identifiers(whole)))
    lower = whole.lower()
    found = sum(worth for word, worth in rarity.items() if _is_said(word, known, lower))
    return found / (sum(rarity.values()) or 1.0)


def _is_said(word: str, said: set[str], lower: str) -> bool:
    if stem(word) in said:
        return True
    if "." in word:
        # Of another version it may be the end, such as 3.1 in 2.3.1 or 13.1, but not the beginning.
        return bool(re.search(rf"(?<![\d.]){re.escape(word)}(?!\d)", lower))
    # Other scripts, and endings that only a language's own stemmer knows.
    beginning = word[: max(2, len(word) - 2)]
    return (not word.isascii() or len(word) > 6) and beginning in lower


def _phrase(title: list[str], body: list[str], pairs: set[tuple[str, str]]) -> float:
    return len(pairs & {*pairwise(title), *pairwise(body)}) / len(pairs) if pairs else 0.0


def _made_up_for(said: set[str], alternatives: Iterable[Alternative]) -> float:
    """Return the share of the question that is not said, but in other words."""
    return sum(a.share for a in alternatives if a.stem not in said and a.others & said)


def _sorted(ranked: Iterable[tuple[Candidate, float]]) -> Ranked:
    return sorted(ranked, key=lambda pair: (-pair[1], pair[0].id, pair[0].passage))
