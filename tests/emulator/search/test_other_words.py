"""Words that make up for those of a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightfast.emulator import Emulator
from lightfast.emulator.search.fusion import OTHER_WORDS, Candidate, Depth, Text, reranked
from lightfast.emulator.search.other_words import Alternative, alternatives

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.emulator.conftest import Ask


@pytest.mark.parametrize(
    ("query", "rare", "word", "other"),
    [
        ("it hangs", ["hangs"], "hang", "block"),
        ("my colour is refused", ["colour", "refused"], "colour", "color"),
        ("let people log in", ["people"], "", "authentic"),
    ],
)
def test_words_are_made_up_for_by_others(
    query: str, rare: list[str], word: str, other: str
) -> None:
    """A rare word by its group, and a phrase anywhere."""
    found = alternatives(query, dict.fromkeys(rare, 0.5), 2)
    assert any(a.stem == word and other in a.others for a in found)


def test_words_that_are_not_rare_are_the_projects_own() -> None:
    """They are not made up for."""
    assert alternatives("it hangs", {}, 1) == []


def test_what_is_said_in_other_words_counts_as_much_as_the_word_would() -> None:
    """Only where the word itself is missing."""
    same, other, neither = (Candidate(passage=n, id=str(n), fold=n) for n in (1, 2, 3))
    texts = {
        1: Text("It hangs and blocks", ""),
        2: Text("It blocks", ""),
        3: Text("It runs", ""),
    }
    hang = Alternative("hang", 0.4, frozenset({"block"}))
    ranked = [(neither, 1.0), (same, 1.0), (other, 1.0)]
    found = reranked(ranked, texts, "hangs", Depth(), {}, [hang])
    assert [(c.passage, score) for c, score in found] == [
        (2, pytest.approx(1 + 0.4 * OTHER_WORDS)),
        (1, 1.0),
        (3, 1.0),
    ]


async def test_a_question_in_other_words_is_answered_by_words_alone(
    lines: Callable[..., Path], ask: Ask
) -> None:
    """The page about what is meant comes before one that shares only what is common to both."""
    path = lines(
        {"id": "a", "title": "Uploads", "text": "How long an upload takes depends on the network."},
        {"id": "b", "title": "Uploads", "text": "How an upload blocks depends on the buffer."},
    )
    async with Emulator([path], embedder=None) as emulator:
        key = emulator.create_api_key()
        body = (await ask(emulator, key, query="why does my upload hang?")).body
    assert body["data"][0]["id"] == "b"
