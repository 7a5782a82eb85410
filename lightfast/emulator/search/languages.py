"""Words of languages other than English, brought to one form: endings, accents, ß and ss.

SQLite's tokenizer knows English endings and takes accents off. For German, French, Spanish and Russian each word's
Snowball stem is indexed besides, under a prefix that names the language, and asked for besides. Which language a text
is in is told from its commonest words, or from its script; a query is asked in every language that the index holds.
https://snowballstem.org/algorithms/
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from lightfast._install import install_command

if TYPE_CHECKING:
    from collections.abc import Iterable

    import snowballstemmer

if find_spec("snowballstemmer") is None:  # now, and not at the first word of another language
    needed = f"lightfast.emulator needs another package; run: {install_command('emulator')}"
    raise ModuleNotFoundError(needed, name="snowballstemmer")

__all__ = ["LANGUAGES", "language_of", "stems"]

SCANNED = 20_000  # characters of a text that are stemmed
_FEWEST = 2  # different common words that tell a language

_COMMON = {
    "german": "der die das und ist nicht ein eine einen mit den dem des auf für wird werden sich auch wie wenn oder"
    " zu zum zur von bei nach durch kann können über ich wir sie es im aus sind noch nur als an",
    "french": "le la les des est une pour dans qui que pas avec sur par plus ce cette sont au aux nous vous ou et du"
    " il elle ne être fait comme mais leur",
    "spanish": "el los las una para que con por del se no es en su como más pero sus le ya este esta son al lo cuando"
    " sin sobre también hay muy y o de la",
}
_WORDS = {name: frozenset(words.split()) for name, words in _COMMON.items()}
_ENGLISH = frozenset(
    {
        "the",
        "and",
        "is",
        "of",
        "to",
        "in",
        "that",
        "it",
        "for",
        "with",
        "as",
        "be",
        "this",
        "are",
        "on",
        "not",
        "you",
        "by",
        "an",
        "or",
        "from",
        "at",
        "can",
        "if",
        "which",
        "when",
    }
)
LANGUAGES = ("german", "french", "spanish", "russian")
_PREFIXES = {"german": "zqde", "french": "zqfr", "spanish": "zqes", "russian": "zqru"}
_WORD = re.compile(r"[^\W\d_]{2,40}")
_LOCK = threading.Lock()  # a stemmer works on one word at a time
_CYRILLIC = re.compile("[\u0400-\u04ff]")


def language_of(text: str) -> str | None:
    """Return the language a text is written in when it is one of `LANGUAGES`."""
    sample = text[:2000].lower()
    if len(_CYRILLIC.findall(sample)) * 4 > len(sample):
        return "russian"
    words = set(_WORD.findall(sample))
    english = len(words & _ENGLISH)
    count, name = max((len(words & common), name) for name, common in _WORDS.items())
    return name if count >= _FEWEST and count > english else None


def stems(text: str, languages: Iterable[str]) -> list[str]:
    """Return the stems of a text's words in the languages, each once, with the language's prefix."""
    words = dict.fromkeys(_WORD.findall(unicodedata.normalize("NFC", text[:SCANNED]).lower()))
    found = (_stem(word, language) for language in languages for word in words)
    return list(dict.fromkeys(filter(None, found)))


@lru_cache(maxsize=65_536)
def _stem(word: str, language: str) -> str | None:
    if (language == "russian") != bool(_CYRILLIC.match(word)):
        return None
    word = word.replace("\u0451", "\u0435").replace("ß", "ss")
    with _LOCK:
        stem = _stemmer(language).stemWord(word)
    return _PREFIXES[language] + _plain(stem)


def _plain(word: str) -> str:
    """Return a word without accents and in ASCII letters or Cyrillic ones."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


@lru_cache(maxsize=8)
def _stemmer(language: str) -> snowballstemmer.stemmer:
    import snowballstemmer  # 15 ms for all its languages

    return snowballstemmer.stemmer(language)
