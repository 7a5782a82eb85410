"""Measures every mode on every query set, or on some.

``python -m tests.quality [--only NAME] [--release-notes FILE] [--repositories CLONES] [DIRECTORY]``: archives and indexes
are kept in the directory; ``--only changelog`` needs neither network nor archives; ``--release-notes`` is PostgreSQL's
`release-15.sgml`; `CLONES` is a folder with clones under the names of `questions.tsv`, about which natural questions are
asked (``--only questions`` asks nothing else).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from lightfast.emulator import Emulator
from lightfast.emulator.search import retrieval
from lightfast.emulator.search.query import SearchQuery

from . import questions
from .release_notes import release_notes
from .sets import Query, QuerySet, query_sets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lightfast.emulator.embedding.index import VectorIndex

MODES = ("lexical", "fast", "balanced", "thorough")
DEPTH = 10
JUDGED = 25  # queries; in a smaller set, two answers that change places decide


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.quality")
    parser.add_argument("directory", nargs="?", type=Path, help="where to keep things")
    parser.add_argument("--only", default="", metavar="NAME", help="sets with this in their names")
    parser.add_argument("--release-notes", type=Path, metavar="FILE", help="see release_notes.py")
    parser.add_argument("--repositories", type=Path, metavar="CLONES", help="see questions.tsv")
    given = parser.parse_args()
    cache = (given.directory or Path(tempfile.mkdtemp())).resolve()
    broken = _ask_questions(given.repositories, cache) if given.repositories else 0
    if given.only == "questions":
        return broken
    print(f"{'':24}{'queries':>8}" + "".join(f"{mode:>18}" for mode in MODES))
    print(f"{'':32}" + f"{'MRR@10   R@10':>18}" * len(MODES))
    figures = []
    sets: Iterable[QuerySet] = query_sets(cache, given.only)
    if given.release_notes:
        sets = chain([release_notes("release notes, held out", given.release_notes)], sets)
    for each in sets:
        row = dict(_measure(each, cache))
        figures.append((each, row))
        cells = "".join(f"{mrr:>12.3f}{recall:>6.2f}" for mrr, recall in row.values())
        print(f"{each.name:24}{len(each.queries):>8}{cells}", flush=True)
    return broken + _verdicts(figures) if figures else 2


def _ask_questions(clones: Path, cache: Path) -> int:
    """Print what is found for natural questions; return how many goals are missed on what was never tuned on."""
    asked, paged = questions.ask_all(clones, cache)
    print(questions.tables(asked), questions.titles_table(paged), sep="\n\n", end="\n\n")
    print(f"not first in balanced:\n{questions.misses(asked)}\n")
    missed = 0
    for way, within, goal in questions.GOALS:
        share = questions.held_out(asked, way, within)
        if share is not None:
            missed += share < goal
            word = "kept  " if share >= goal else "BROKEN"
            print(f"{word} {way}, right within the first {within}: {share:.2f} of {goal:.2f}")
    return missed


def _measure(each: QuerySet, cache: Path) -> Iterator[tuple[str, tuple[float, float]]]:
    slug = each.name.replace(", ", "-").replace(" ", "-")
    corpus = cache / f"{slug}.jsonl"
    content = "".join(json.dumps(document) + "\n" for document in each.documents)
    if not corpus.exists() or corpus.read_text() != content:
        corpus.write_text(content)
    emulator = Emulator([corpus], database=cache / f"{slug}.sqlite3", organization="quality")
    try:
        emulator.refresh()
        emulator.embed()
        assert emulator._semantics, "the extra `semantic` is not installed"
        for mode in MODES:
            meaning = None if mode == "lexical" else emulator._semantics.meaning
            yield mode, _scores(emulator, each.queries, mode, meaning)
    finally:
        emulator.close()


def _scores(
    emulator: Emulator, queries: list[Query], mode: str, meaning: VectorIndex | None
) -> tuple[float, float]:
    # Words alone is what `fast` does without vectors.
    mode = "fast" if mode == "lexical" else mode
    mrr = recall = 0.0
    for query in queries:
        asked = SearchQuery(query=query.text, limit=DEPTH, mode=mode)
        found = retrieval.search(emulator._store, "quality", asked, meaning).results
        ranks = [rank for rank, r in enumerate(found, 1) if r["id"] in query.answers]
        mrr += 1 / ranks[0] if ranks else 0
        recall += len(ranks) / min(len(query.answers), DEPTH)
    return mrr / len(queries), recall / len(queries)


def _verdicts(figures: list[tuple[QuerySet, dict[str, tuple[float, float]]]]) -> int:
    """Return the number of broken promises. One query more or less in a hundred proves nothing."""
    print()
    broken = 0
    for each, row in figures:
        slack = 1 / len(each.queries)
        gain = row["balanced"][0] - row["lexical"][0]
        if len(each.queries) < JUDGED:
            print(
                f"shown  balanced {gain:+.3f} over lexical on {each.name}, too small to be judged"
            )
            continue
        kept = gain > -slack if each.kind == "commits" else gain > 0
        broken += not kept
        print(f"{'kept  ' if kept else 'BROKEN'} balanced {gain:+.3f} over lexical on {each.name}")
    gains = [row["thorough"][0] - row["balanced"][0] for _, row in figures]
    kept = sum(gains) / len(gains) > -0.001
    print(
        f"{'kept  ' if kept else 'BROKEN'} thorough {sum(gains) / len(gains):+.4f} over balanced on average"
    )
    return broken + (not kept)


if __name__ == "__main__":
    sys.exit(main())
