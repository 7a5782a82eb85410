"""Finding pages by their titles: the title of each file asks for the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from lightfast.emulator.search import retrieval
from lightfast.emulator.search.query import SearchQuery
from lightfast.emulator.search.question import FAMILIES
from lightfast.emulator.search.text import STOP_WORDS, words_of

if TYPE_CHECKING:
    from lightfast.emulator.embedding.index import VectorIndex
    from lightfast.emulator.store import Store

MOST = 150
_PAGES = """
SELECT t.title, t.details FROM document AS d JOIN document_text AS t ON t.rowid = d.rowid
WHERE d.position = 0 AND d.family = ? ORDER BY d.rowid
"""


def titles(store: Store) -> dict[str, str]:
    """Return files by their titles, of those that one file alone has: 150, evenly chosen."""
    with store.read() as db:
        rows = db.execute(_PAGES, (FAMILIES.index("documentation"),)).fetchall()
    title_of: dict[str, str] = {}
    for row in rows:
        title = row["title"].partition(" › ")[0]  # noqa: RUF001
        title_of.setdefault(orjson.loads(row["details"]).get("path", ""), title)
    named: dict[str, list[str]] = {}
    for path, title in title_of.items():
        if title != path and len(set(words_of(title)) - STOP_WORDS) >= 2:
            named.setdefault(title, []).append(path)
    once = [(title, paths[0]) for title, paths in named.items() if len(paths) == 1]
    return dict(once[:: max(1, len(once) // MOST)][:MOST])


def found_first(
    store: Store, organization: str, meaning: VectorIndex | None
) -> tuple[int, list[tuple[str, str, str]]]:
    """Return how many titles were asked, and those whose file was not first, with what was."""
    missed = []
    wanted = titles(store)
    for title, path in wanted.items():
        query = SearchQuery(query=title, limit=1)
        found = retrieval.search(store, organization, query, meaning).results
        first = found[0].get("path", found[0]["title"]) if found else ""
        if first != path:
            missed.append((title, path, first))
    return len(wanted), missed
