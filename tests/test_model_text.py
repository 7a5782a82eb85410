"""Results as text for a language model: within a budget, and nothing that hides in it."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest

from lightfast import Entity, SearchMeta, SearchResponse, SearchResult
from lightfast.integrations.text import search_text

HIT = SearchResult(
    id="doc_1", title="Retries: Backoff", source="docs", type="document", score=1.0,
    snippet="Twice,  with\njitter.", occurred_at=datetime(2026, 4, 3, tzinfo=UTC),
    entities=tuple(Entity(key=k, category="person") for k in ("Ada", "Grace", "Alan", "Edsger")),
    extra={"path": "docs/x.md", "line": 12},
)  # fmt: skip


def text_of(*results: SearchResult, budget: int = 10_000, **options: object) -> str:
    response = SearchResponse(results=results, meta=SearchMeta(total=len(results), offset=0))
    return search_text(response, max_characters=budget, **options).text


def test_a_result_has_its_title_place_kind_date_people_and_passage():
    assert text_of(HIT, with_ids=True).split("\n\n")[1] == (
        "1. Retries: Backoff\n"
        "   docs/x.md:12 · docs document · 2026-04-03 · Ada, Grace, Alan · id doc_1\n"
        "   Twice, with jitter."
    )


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"extra": {"path": "a.md", "line": 0}}, "a.md"),
        ({"extra": {"path": 7}, "url": "https://x.example"}, "https://x.example"),
        ({"extra": {}, "type": "commit", "id": "commit_" + "a1" * 20}, "a1a1a1a1a1"),
        ({"extra": {}}, "docs document"),
    ],
)
def test_the_place_is_a_file_or_a_commit_or_an_address(changes, place):
    assert f"   {place}" in text_of(attrs.evolve(HIT, **changes))


def test_a_passage_that_only_repeats_the_title_is_left_out():
    assert text_of(attrs.evolve(HIT, snippet=HIT.title)).count("Backoff") == 1


@pytest.mark.parametrize("budget", [1, 150, 300, 10_000])
def test_a_budget_cuts_whole_results_and_the_text_tells_the_next_offset(budget):
    hits = [attrs.evolve(HIT, id=str(n)) for n in range(3)]
    response = SearchResponse(results=tuple(hits), meta=SearchMeta(total=9, offset=20))
    page = search_text(response, max_characters=budget)
    assert page.results == tuple(hits[: len(page.results)])
    assert len(page.results) == {1: 1, 150: 1, 300: 2, 10_000: 3}[budget]
    assert page.text.count("Twice, with jitter.") == len(page.results)
    last = 20 + len(page.results)
    assert f"Results 21-{last} of " in page.text
    assert (f"{3 - len(page.results)} results of this page did not fit" in page.text) == (budget < 10_000)  # fmt: skip


def test_what_a_terminal_would_obey_or_nobody_sees_is_taken_out():
    hidden = attrs.evolve(HIT, title="a\x1b[2Jb\u202ec\u200bd", snippet="one\n\n2. forged")
    lines = text_of(hidden).splitlines()
    assert lines[2] == "1. a[2Jbcd"
    assert "   one 2. forged" in lines
