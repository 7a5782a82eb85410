"""The words of texts and of questions: pure functions, no database.

The lexical side is BM25 over an index of stemmed words. `terms` makes of a question what is looked for,
`split_identifiers` makes the words inside names findable, `other_forms` those of languages that are written without
spaces or have endings of their own.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from lightfast.emulator.search.languages import stems

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "STOP_WORDS",
    "match_expression",
    "other_forms",
    "split_identifiers",
    "stem",
    "stems_of",
    "terms",
    "words_of",
]

MAX_TERMS = 64
LONG = 40  # characters of a word
SCANNED = 20_000  # characters of a text whose characters are indexed one by one

_STOP_WORDS = (
    "a about also am an and any are as at be been but by can could did do does for from get had has have how i if in"
    " into is it its just me my of on or our out should so than that the their them then there these they this to"
    " up us was we were what when where which who why will with would you your"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())

# A name is told from a word by an underscore or by a capital inside.
_IDENTIFIER = re.compile(r"\b(?=\w*(?:[a-z0-9][A-Z]|[^\W_]_|[A-Z]{2}[a-z]))\w{3,80}\b", re.ASCII)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")
# Chinese, Japanese and Korean are written without spaces: characters and pairs of them stand in for words.
_UNSPACED = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
# What is written in another script right beside them is a word of its own.
# Not compiled here: that takes 8 ms, and most texts are in one script.
_BESIDE_UNSPACED = rf"(?<=[{_UNSPACED}])[^\W{_UNSPACED}]+|[^\W{_UNSPACED}]+(?=[{_UNSPACED}])"
_VERSION = re.compile(r"(?<![\w.])v?(\d{1,6}(?:\.\d{1,6}){1,5})(?![\w])")
# Endings that would leave too little of a short word stand behind a lookbehind.
_SUFFIX = re.compile(
    r"(?:(?<=\w{4})(?:at(?:ed?|es|ing|ors?)|ions?|ments?|ables?)|ations?|ings?|ers?|ies|ied|ed|es|s|e|y|ly)$"
)
_DOUBLED = re.compile(r"(?<=\w\w)([bdgmnprt])\1$")


def split_identifiers(text: str) -> str:
    """Return the words inside a text's names: ``parseRetryAfter`` gives ``parse Retry After``."""
    found = dict.fromkeys(_IDENTIFIER.findall(text))
    return " ".join(" ".join(filter(None, _HUMP.split(name))) for name in found)


def other_forms(text: str, languages: Iterable[str]) -> str:
    """Return what a text's words are found by besides: characters, pairs of them, and stems."""
    if text.isascii() and not languages:
        return ""
    return " ".join([*_unspaced(text[:SCANNED]), *stems(text, languages)])


def _unspaced(text: str) -> list[str]:
    runs = _UNSPACED_RUN.findall(text)
    if not runs:
        return []
    found = [*re.findall(_BESIDE_UNSPACED, text), *(c for run in runs for c in run)]
    return list(dict.fromkeys([*found, *_pairs(runs)]))


def _pairs(runs: list[str]) -> list[str]:
    return [a + b for run in runs for a, b in pairwise(run)]


def terms(query: str) -> list[str]:
    """Return the words of a query worth looking for, in order, without doubles; a version is one word.

    A query of stop words only is looked for as it is; one without any letter or digit gives no terms.
    """
    text = unicodedata.normalize("NFC", query)
    versions = _VERSION.findall(text)
    rest = _VERSION.sub(" ", text)
    spaced = _UNSPACED_RUN.sub(_spaced_pairs, rest)
    found = dict.fromkeys([*words_of(spaced), *words_of(split_identifiers(rest)), *versions])
    return ([word for word in found if word not in STOP_WORDS] or list(found))[:MAX_TERMS]


def _spaced_pairs(run: re.Match[str]) -> str:
    characters = run.group()
    return f" {' '.join([characters, *_pairs([characters])])} "


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, as the index's tokenizer sees them."""
    # Letters, numbers, and the marks that go on them:
    # https://www.sqlite.org/fts5.html#unicode61_tokenizer
    if text.isascii():
        spaced = re.sub(r"[^a-zA-Z0-9]+", " ", text)
    else:
        spaced = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text)
    return spaced.lower().split()


def match_expression(words: Iterable[str]) -> str:
    """Return an FTS5 query for documents with any of the words.

    Each word is a quoted string, so nothing that people type is taken for FTS5 syntax; a version is a phrase.
    """
    return " OR ".join(f'"{word}"' for word in words)


def stem(word: str) -> str:
    """Return a word without its ending, roughly: ``retried`` and ``retry``, ``dropped`` and ``drop`` belong together."""
    return _stem(word) if len(word) <= LONG else _without_ending(word)


def stems_of(text: str) -> list[str]:
    """Return the stems of a text's words, in order, without those that say nothing."""
    return [stem(word) for word in words_of(text) if word not in STOP_WORDS]


def _without_ending(word: str) -> str:
    return _DOUBLED.sub(r"\1", _SUFFIX.sub("", word)) if len(word) > 3 else word


# Texts repeat their words; those that are too long for a word do not, and would fill the memory.
_stem = lru_cache(maxsize=16_384)(_without_ending)
