"""What matches, and which words of it to show: pure functions, no database.

The lexical side is BM25 over an index of stemmed words. `match_expression` turns what people type into a
query for it, `split_identifiers` makes the words inside names findable, `snippet` picks the passage to show.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from lightfast.emulator.sources.markup import plain

__all__ = [
    "COLUMN_WEIGHTS",
    "STOP_WORDS",
    "match_expression",
    "snippet",
    "split_identifiers",
    "stem",
    "terms",
    "words_of",
]

COLUMN_WEIGHTS = (4.0, 1.0, 1.0)  # title, body, identifiers
MAX_TERMS = 64
SNIPPET_LENGTH = 260
SCANNED = 65_536  # characters of a document that are looked through for a passage

_STOP_WORDS = (
    "a about also am an and any are as at be been but by can could did do does for from get had has have how i if in"
    " into is it its just me my of on or our out should so than that the their them then there these they this to"
    " up us was we were what when where which who why will with would you your"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())

# A name is told from a word by an underscore or by a capital inside.
_IDENTIFIER = re.compile(r"\b(?=\w*(?:[a-z0-9][A-Z]|[^\W_]_|[A-Z]{2}[a-z]))\w{3,80}\b", re.ASCII)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")
# Chinese, Japanese and Korean are written without spaces: pairs of characters stand in for words.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]{2,}")
_SUFFIX = re.compile(r"(?:ations?|ings?|ers?|ies|ied|ed|es|s|e|y|ly)$")
_WORD = re.compile(r"\w+")


# --- words ----------------------------------------------------------------------------------


def split_identifiers(text: str) -> str:
    """The words inside the text's names: ``parseRetryAfter`` gives ``parse Retry After``."""
    found = dict.fromkeys(_IDENTIFIER.findall(text))
    words = [" ".join(filter(None, _HUMP.split(name))) for name in found]
    return " ".join(words if text.isascii() else words + _pairs(text))


def _pairs(text: str) -> list[str]:
    runs = _UNSPACED.findall(text)
    return list(dict.fromkeys(a + b for run in runs for a, b in pairwise(run)))


def terms(query: str) -> list[str]:
    """The words of a query worth looking for, in order, without doubles.

    A query of stop words only is looked for as it is; one without any letter or digit gives no terms.
    """
    text = unicodedata.normalize("NFC", query)
    found = dict.fromkeys(words_of(text) + words_of(split_identifiers(text)))
    return ([word for word in found if word not in STOP_WORDS] or list(found))[:MAX_TERMS]


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, as the index's tokenizer sees them."""
    # Letters, numbers, and the marks that go on them:
    # https://www.sqlite.org/fts5.html#unicode61_tokenizer
    if text.isascii():
        spaced = re.sub(r"[^a-zA-Z0-9]+", " ", text)
    else:
        spaced = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text)
    return spaced.lower().split()


def match_expression(words: list[str]) -> str:
    """An FTS5 query for documents with any of the words.

    Each word is a quoted string, so nothing that people type is taken for FTS5 syntax.
    """
    return " OR ".join(f'"{word}"' for word in words)


# --- passages -------------------------------------------------------------------------------


def snippet(title: str, body: str, words: list[str], *, length: int = SNIPPET_LENGTH) -> str:
    """The passage of the body where most of the words stand together, as plain text on one line."""
    text = plain(body[:SCANNED])
    if not text:
        return title
    start = _best_start(text, words, length)
    return _cut(text, start, length)


def _best_start(text: str, words: list[str], length: int) -> int:
    stems = {stem(word) for word in words}
    hits = [
        (match.start(), found)
        for match in _WORD.finditer(text.lower())
        if (found := stem(match.group())) in stems
    ]
    best, best_value = 0, (0, 0)
    first = 0
    for last, (position, _) in enumerate(hits):
        while position - hits[first][0] > length - 40:
            first += 1
        window = hits[first : last + 1]
        value = (len({found for _, found in window}), len(window))
        if value > best_value:
            best, best_value = window[0][0], value
    return best


def _cut(text: str, start: int, length: int) -> str:
    # A little of what comes before helps to understand; a whole sentence start helps more.
    lead = text.rfind(". ", max(0, start - 80), start)
    start = lead + 2 if lead >= 0 else max(0, start - 40)
    start = min(start, max(0, len(text) - length))
    if start and not text[start - 1].isspace():
        start = text.find(" ", start) + 1 or start
    end = len(text)
    if end - start > length:
        end = start + length
        end = max(text.rfind(" ", start + length // 2, end), start) or end
        if end <= start:
            end = start + length
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")


def stem(word: str) -> str:
    """A word without its ending, roughly: enough to see that ``retried`` and ``retry`` belong together."""
    return _SUFFIX.sub("", word) if len(word) > 3 else word
