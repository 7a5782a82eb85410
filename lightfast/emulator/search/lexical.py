"""Lexical search: passages that match a question's words, filtered and scored by BM25 in SQL.

Two steps keep this fast on a long history: the best by the question's rare words are found first, and all words are
scored on those alone. The total counts every match.
"""

from __future__ import annotations

import hashlib
import math
from functools import cached_property
from typing import TYPE_CHECKING

import attrs
import orjson

from lightfast.emulator.search.entities import named_documents
from lightfast.emulator.search.fusion import Text
from lightfast.emulator.search.languages import stems
from lightfast.emulator.search.question import FAMILIES
from lightfast.emulator.search.text import match_expression

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from lightfast.emulator.search.query import SearchQuery

__all__ = ["Hits", "LexicalIndex", "Passage", "group_fold", "highest", "is_group", "rarity"]

Hits = list[tuple[int, float]]  # passages and scores, best first

COLUMN_WEIGHTS = (2.0, 1.0, 0.3, 1.0)  # title, body, identifiers, forms
ENOUGH = 5000  # matches that are scored in the first step, as far as there are words rare enough
FEW = 50  # with fewer candidates than that, common words find some, too
_GROUPS = 1 << 61  # folds of groups lie above; those of documents are numbers of rows

# SQLite's BM25 is the better the more negative it is: https://www.sqlite.org/fts5.html#the_bm25_function
_BM25 = f"-bm25(document_text, {', '.join(map(str, COLUMN_WEIGHTS))})"
_MATCHING = """
    FROM document_text CROSS JOIN passage AS p ON p.rowid = document_text.rowid {documents}
    WHERE document_text MATCH :match {conditions}
"""
# Wide rows, which half of the time goes to: only where other organizations' documents or filters' values tell matches apart.
_DOCUMENTS = "CROSS JOIN document AS d ON d.rowid = p.rowid AND d.organization_id = :organization"
_HIT = f"""
WITH hit AS MATERIALIZED (
    SELECT p.rowid AS passage, p.family, p.fold, p.weight * {_BM25} AS score {_MATCHING}
)
"""
_BEST = "SELECT * FROM (SELECT passage FROM hit WHERE family = {} ORDER BY score DESC LIMIT :count)"
# The plus keeps FTS5 from asking once for each row: https://www.sqlite.org/optoverview.html#uplus
_SCORES = f"""
SELECT rowid AS passage, {_BM25} AS score FROM document_text
WHERE document_text MATCH :match AND +rowid IN (SELECT value FROM json_each(:these))
"""  # noqa: S608
# As one text: fetched row by row they would take longer than to be found.
_FOLDS = f"SELECT json_group_array(p.fold) AS folds {_MATCHING}"
_THESE = "(SELECT value FROM json_each(:these))"
_OTHERS = f"""
SELECT passage, best.score FROM (
    SELECT passage, max(score) AS score FROM hit WHERE fold NOT IN {_THESE} GROUP BY fold
) AS best JOIN document AS d ON d.rowid = passage
ORDER BY best.score DESC, d.id LIMIT :limit OFFSET :offset
"""  # noqa: S608
_AMONG = f"d.rowid IN {_THESE}"

_KNOWN = f"""
SELECT d.rowid, d.id, d.head, coalesce(d.fold, d.rowid) AS fold, d.family, d.weight, d.penalty, m.hash AS text
FROM document AS d LEFT JOIN meaning AS m ON m.document = d.rowid AND m.is_title = 0 WHERE {_AMONG}
"""  # noqa: S608

# A state that is damaged is found out when the corpus is looked at again.
_PROJECTS = """
SELECT location, CASE WHEN json_valid(state) THEN json_extract(state, '$.remote') END AS remote FROM corpus
WHERE organization_id = :organization AND kind = 'commits'
"""


# They mean something else in most questions.
_COMMON = (
    "api app backend build cli client code common config core data docs file files frontend go lib library main master"
    " project repo repository search server settings site source src test tests the tool tools web website work"
)
_NO_NAMES = frozenset(_COMMON.split())


def _project(location: str, remote: object) -> str:
    address = remote if remote and isinstance(remote, str) else location
    name = address.rstrip("/").rpartition("/")[2].lower().removesuffix(".git")
    return name if len(name) > 1 and name[0].isalnum() else ""


def group_fold(group: str) -> int:
    """Return the number that rows of a group have in common, beyond every row's own number."""
    digest = hashlib.blake2b(group.encode("utf-8", "replace"), digest_size=8).digest()
    return _GROUPS | (int.from_bytes(digest) >> 3)


def is_group(fold: int | None) -> bool:
    """Return whether a fold is a group's."""
    return fold is not None and fold >= _GROUPS


@attrs.frozen
class Passage:
    """Facts about a passage that are known before its text is read.

    Args:
        id: The id of its document.
        opening: The first passage of its document.
        fold: The number of the result that it belongs to.
        family: Its place in `FAMILIES`.
        weight: What its score is multiplied by.
        penalty: What is taken off its score.
        text: What tells its text from others; None where that is not known.
    """

    id: str
    opening: int
    fold: int
    family: int
    weight: float
    penalty: float
    text: bytes | None


class LexicalIndex:
    """Passages that a query's filters let through, and their matches by words.

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
        self._values = values | {"organization": organization}
        self._documents = _DOCUMENTS if conditions or _is_shared(db, organization) else ""
        self._words = words
        self._stems = stems(" ".join(words), self._languages())
        self._values["match"] = match_expression([*words, *self._stems])

    def _languages(self) -> list[str]:
        sql = "SELECT name FROM language WHERE organization_id = :organization"
        return [row["name"] for row in self._ask(sql)]

    def project(self) -> str:
        """Return the name of the repository that all commits come from, in lower case; empty where there are others."""
        names = [_project(row["location"], row["remote"]) for row in self._ask(_PROJECTS)]
        return names[0] if len(names) == 1 and names[0] not in _NO_NAMES else ""

    def _ask(self, sql: str, **values: object) -> list[sqlite3.Row]:
        asked = sql.replace("{documents}", self._documents).replace("{conditions}", self._where)
        return self._db.execute(asked, self._values | values).fetchall()

    def frequencies(self) -> dict[str, int]:
        """Return in how many passages each word occurs, at most the number that finds enough candidates."""
        counted = "SELECT count(*) AS n FROM (SELECT 1 FROM document_text WHERE document_text MATCH :word LIMIT :most)"
        return {
            word: self._ask(counted, word=match_expression([word]), most=ENOUGH)[0]["n"]
            for word in self._words
        }

    @cached_property
    def passages(self) -> int:
        """The number of passages in the database."""
        return int(self._ask("SELECT count(*) AS n FROM document")[0]["n"])

    def best(self, count: int, frequencies: dict[str, int]) -> list[int]:
        """Return the best `count` passages of each family."""
        rare = _rarest(frequencies)
        every = match_expression([*frequencies, *self._stems])
        if len(rare) == len(frequencies):
            return self._best(every, count)
        found = self._best(match_expression([*rare, *self._stems]), count) if rare else []
        if len(found) < FEW:
            common = (match_expression([word]) for word in frequencies if word not in rare)
            found += self._best(" AND ".join(common), count)
        return found if len(found) >= FEW else self._best(every, count)

    def _best(self, match: str, count: int) -> list[int]:
        each = " UNION ALL ".join(_BEST.format(place) for place in range(len(FAMILIES)))
        rows = self._ask(_HIT + each, match=match, count=count)
        return [row["passage"] for row in rows]

    def scores(self, passages: Iterable[int]) -> dict[int, float]:
        """Return the BM25 of those of the passages that match."""
        rows = self._ask(_SCORES, these=_json(passages))
        return {row["passage"]: row["score"] for row in rows}

    def folds(self) -> set[int]:
        """Return the results that have a passage that matches."""
        return set(orjson.loads(self._ask(_FOLDS)[0]["folds"]))

    def others(self, than: Iterable[int], limit: int, offset: int) -> Hits:
        """Return matches of other results than these, best first, each by its best passage."""
        rows = self._ask(_HIT + _OTHERS, these=_json(than), limit=limit, offset=offset)
        return [(row["passage"], row["score"]) for row in rows]

    def named(self) -> dict[int, float]:
        """Return the documents about what the query names, and how much that says."""
        return named_documents(self._db, self._query, self._where, self._values)

    def allowed(self) -> list[int] | None:
        """Return the passages that the filters let through; None for all."""
        if not self._filtered:
            return None
        sql = "SELECT rowid FROM document AS d WHERE organization_id = :organization {conditions}"
        return [row["rowid"] for row in self._ask(sql)]

    def known(self, passages: Iterable[int]) -> dict[int, Passage]:
        """Return what is known of those of the passages that are there."""
        rows = self._ask(_KNOWN, these=_json(passages))
        return {row["rowid"]: Passage(*row[1:]) for row in rows}

    def texts(self, passages: Iterable[int]) -> dict[int, Text]:
        """Return what passages say."""
        sql = f"SELECT rowid, title, substr(body, 1, 4096) AS body FROM document_text AS d WHERE {_AMONG}"  # noqa: S608
        rows = self._ask(sql, these=_json(passages))
        return {row["rowid"]: Text(row["title"], row["body"]) for row in rows}


def _rarest(frequencies: dict[str, int]) -> list[str]:
    """Return the rarest words, as many as find enough together."""
    chosen: list[str] = []
    found = 0
    for word, n in sorted(frequencies.items(), key=lambda item: item[1]):
        if n >= ENOUGH or (chosen and found + n > ENOUGH):
            break
        chosen.append(word)
        found += n
    return chosen


def rarity(frequency: int, passages: int) -> float:
    """Return how much a word tells (BM25's inverse document frequency, never negative)."""
    return math.log1p((passages - frequency + 0.5) / (frequency + 0.5))


def highest(rarities: Iterable[float]) -> float:
    """Return the BM25 that words of some rarities can have at most."""
    # 1 + k1, and k1 is 1.2: https://www.sqlite.org/fts5.html#the_bm25_function
    return 2.2 * sum(rarities)


def _json(numbers: Iterable[int]) -> str:
    return orjson.dumps(list(numbers)).decode()


def _is_shared(db: sqlite3.Connection, organization: str) -> bool:
    """Return whether the database has other organizations' documents, too."""
    others = "SELECT 1 FROM corpus WHERE organization_id <> ? LIMIT 1"
    return db.execute(others, (organization,)).fetchone() is not None


def _conditions(query: SearchQuery) -> tuple[list[str], dict[str, object]]:
    listed = "IN (SELECT value FROM json_each(:{}))".format
    took_part = (
        "EXISTS (SELECT 1 FROM facet WHERE document = d.head AND name = 'actor' AND value {})"
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
