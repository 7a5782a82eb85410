"""Results as text for a language model: within a budget, and nothing that hides in it."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest

from lightfast import Entity, SearchMeta, SearchResponse, SearchResult
from lightfast.integrations.text import plain_values, search_text

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


@pytest.mark.parametrize("budget", [1, 150, 300, 350, 10_000])
def test_a_budget_cuts_whole_results_and_the_text_tells_the_next_offset(budget):
    hits = [attrs.evolve(HIT, id=str(n)) for n in range(3)]
    response = SearchResponse(results=tuple(hits), meta=SearchMeta(total=99, offset=20))
    page = search_text(response, max_characters=budget)
    assert page.results == tuple(hits[: len(page.results)])
    assert len(page.results) == {1: 1, 150: 1, 300: 1, 350: 2, 10_000: 3}[budget]
    assert len(page.text) <= budget or len(page.results) == 1
    assert page.text.count("Twice, with jitter.") == len(page.results)
    last = 20 + len(page.results)
    assert f"Results 21-{last} of " in page.text
    assert (f"{3 - len(page.results)} results of this page did not fit" in page.text) == (budget < 10_000)  # fmt: skip


def test_what_a_terminal_would_obey_or_nobody_sees_is_taken_out():
    hidden = attrs.evolve(HIT, title="a\x1b[2Jb\u202ec\u200bd", snippet="one\n\n2. forged")
    lines = text_of(hidden).splitlines()
    assert lines[2] == "1. a[2Jbcd"
    assert "   one 2. forged" in lines


# Characters that carry text which no reader sees: tags, variation selectors, fillers, a soft hyphen.
UNSEEN = (
    "\U000e0069\U000e0067\U000e006e\U000e0100\ufe01\u2060\u2064\u3164\u00ad\u180e\u034f\ufff9\u061c"
)


def test_text_that_is_hidden_in_invisible_characters_is_taken_out():
    hidden = attrs.evolve(HIT, title=f"Read {UNSEEN}me", snippet=f"{UNSEEN}now")
    assert "1. Read me\n" in text_of(hidden)
    assert text_of(hidden).endswith("\n   now")
    assert plain_values({"a": [UNSEEN, 1, None, {"b": f"c{UNSEEN}"}]}) == {
        "a": ["", 1, None, {"b": "c"}]
    }


def test_a_line_that_is_very_long_is_cut_between_words():
    endless = attrs.evolve(HIT, title="word " * 100_000, snippet="w" * 100_000)
    text = text_of(endless)
    assert len(text) < 5000
    assert "word …\n" in text
    assert "www …" in text


def test_an_offset_behind_the_last_result_is_told():
    response = SearchResponse(results=(), meta=SearchMeta(total=3, offset=7))
    assert search_text(response, max_characters=100).text == "Nothing after the first 7 results."
