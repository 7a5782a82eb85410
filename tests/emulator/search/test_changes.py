"""Changes that are asked for tell apart what is alike in all other words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightfast.emulator import Emulator
from lightfast.emulator.search.changes import asked_changes, told_changes
from lightfast.emulator.search.fusion import CHANGED, Candidate, Depth, Text, reranked
from lightfast.emulator.search.question import FAMILIES, form_of
from lightfast.emulator.search.text import stems_of

if TYPE_CHECKING:
    from tests.emulator.conftest import Ask
    from tests.emulator.repositories import Repository


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("why was the cache given up?", "Drop the cache"),
        ("which version stopped reading the cache?", "Remove the cache"),
        ("when did the project move away from tabs?", "Get rid of tabs"),
        ("when did the generator leave this repository?", "Remove the generator"),
        ("why is the cache no longer used", "The cache is no longer used"),
        ("why was the cache taken out again?", "Revert the cache"),
        ("when did the cache go back to files?", "Restore files for the cache"),
        ("why was the faster loop backed out", "Undo the faster loop"),
        ("which release closed the hole?", "Fix a hole"),
        ("who introduced the cache?", "Add a cache"),
    ],
)
def test_a_question_about_the_past_asks_for_a_change(query: str, told: str) -> None:
    """It is told in the words of commits and changelogs."""
    changes = asked_changes(query, form_of(query))
    assert told_changes(changes, told, "", set(stems_of(query)))


@pytest.mark.parametrize("query", ["how do I drop the cache", "where is the cache dropped"])
def test_other_questions_ask_for_none(query: str) -> None:
    """They are about what is there."""
    assert asked_changes(query, form_of(query)) == []


def test_the_line_counts_that_says_what_was_asked() -> None:
    """The next line of a changelog is about something else."""
    (change,) = asked_changes("why was the parser dropped?", "history")
    wanted = set(stems_of("parser dropped"))
    assert told_changes([change], "", "- A lexer.\n- Removed the old parser.", wanted) == 1
    assert told_changes([change], "", "- Removed the lexer.\n- A parser for dates.", wanted) == 0
    assert told_changes([change], "", "A parser for dates. Removed the lexer.", wanted) == 0
    assert told_changes([change], "", "A parser for dates\r\n\r\nRemoved the lexer", wanted) == 0
    assert told_changes([change], "", "1. A parser for dates\n2. Removed the lexer", wanted) == 0


def test_a_commits_title_is_one_of_its_lines_and_a_pages_is_none() -> None:
    """A heading stands above many lines."""
    commit = Candidate(passage=1, id="1", fold=1, family=FAMILIES.index("history"))
    entry = Candidate(passage=2, id="2", fold=2, family=FAMILIES.index("changelog"))
    text = Text("Remove the parser", "For good.")
    changes = asked_changes("why was the parser dropped?", "history")
    found = reranked(
        [(commit, 1.0), (entry, 1.0)],
        {1: text, 2: text},
        "why was the parser dropped?",
        Depth(),
        {},
        changes=changes,
    )
    assert [(c.passage, score) for c, score in found] == [
        (1, pytest.approx(1 + CHANGED)),
        (2, 1.0),
    ]


async def test_what_came_is_told_from_what_went(repository: Repository, ask: Ask) -> None:
    """Their words are the same but for one."""
    repository.commit("Add support for the XML format of reports")
    repository.commit("Remove the XML format of reports")
    async with Emulator([repository.path], embedder=None) as emulator:
        key = emulator.create_api_key()
        went = (await ask(emulator, key, query="when did we stop writing reports as XML?")).body
        came = (await ask(emulator, key, query="when was XML introduced for reports?")).body
    assert went["data"][0]["title"].startswith("Remove")
    assert came["data"][0]["title"].startswith("Add")
