"""People, files, issues and commits that a query names are looked up; and what results have in common."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from lightfast.emulator import Emulator
from lightfast.emulator.search.clusters import clusters
from lightfast.emulator.search.entities import Name, names_in
from tests.emulator.repositories import ADA, GRACE, Repository
from tests.emulator.sources.test_github import ISSUE, PULL

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Ask


@pytest.mark.parametrize(
    ("query", "names", "nothing_else"),
    [
        ("@ada", [Name(facet="actor", value="ada")], True),
        ("what did @Ada do?", [Name(facet="actor", value="ada")], False),
        ("#12", [Name(facet="mention", value="#12")], True),
        ("GH-12", [Name(facet="mention", value="#12")], True),
        ("(LIN-204)", [Name(facet="mention", value="LIN-204")], True),
        ("x.py", [Name(facet="mention", value="x.py")], True),
        ("`src/X.py`.", [Name(facet="mention", value="x.py", tail="src/x.py")], True),
        ("a1b2c3d4e", [Name(facet="mention", value="a1b2c3d", commit="commit_a1b2c3d4e")], True),
        ("Ada Lovelace", [Name(facet="actor", value="ada lovelace")], True),
        ("UTF-8", [], False),
        ("login", [], False),
        ("deadbeef 1234567", [Name(facet="actor", value="deadbeef 1234567")], True),
    ],
)
def test_names_are_told_by_their_form(query: str, names: list[Name], nothing_else: bool) -> None:
    """It does not matter here whether they are known."""
    assert names_in(query) == (names, nothing_else)


def test_a_long_query_is_read_in_no_time() -> None:
    """Its time is bounded, whatever stands in it."""
    for text in ("a/" * 500_000, "." * 1_000_000, "@" * 1_000_000, "a1" * 500_000):
        before = time.thread_time()
        names_in(text)
        assert time.thread_time() - before < 1


async def ask_for(ask: Ask, emulator: Emulator, query: str, **more: Any) -> tuple[list[str], Any]:
    body = (await ask(emulator, emulator.create_api_key(), query=query, **more)).body
    return [result["title"] for result in body["data"]], body["meta"]


async def test_a_repository_is_asked_by_name(repository: Repository, ask: Ask) -> None:
    """A file that no text mentions, a person, a commit's hash, an issue's number."""
    repository.commit("One", {"src/retry.py": "1"}, author=ADA)
    second = repository.commit("Two\n\nFixes #12", {"other/retry.py": "1"}, author=GRACE)
    repository.commit(f"Three\n\nThis reverts commit {second}.", {"c.txt": "1"}, author=ADA)
    async with Emulator([repository.path]) as emulator:
        for query, expected in {
            "retry.py": ["One", "Two"],
            "src/retry.py": ["One"],
            "@grace": ["Two"],
            "Grace Hopper": ["Two"],
            "#12": ["Two"],
            second: ["Two", "Three"],
            second[:8]: ["Two", "Three"],
        }.items():
            titles, meta = await ask_for(ask, emulator, query)
            assert sorted(titles[: len(expected)]) == sorted(expected), query
            assert meta["paths"]["entity"], query
            assert meta["total"] == len(titles)
        titles, _ = await ask_for(ask, emulator, second)
        assert titles == ["Two", "Three"]  # the commit itself comes first


async def test_a_name_that_nobody_knows_finds_nothing(repository: Repository, ask: Ask) -> None:
    """The answer does not claim a lookup that brought nothing; `fast` looks nothing up."""
    repository.commit("One", {"src/retry.py": "1"})
    async with Emulator([repository.path]) as emulator:
        for query in ("@nobody", "gone.py", "#99", "LIN-1", "a1b2c3d4e5", "one"):
            _, meta = await ask_for(ask, emulator, query)
            assert not meta["paths"]["entity"], query
        titles, meta = await ask_for(ask, emulator, "retry.py", mode="fast")
        assert (titles, meta["paths"]["entity"]) == ([], False)


async def test_an_issue_comes_before_what_mentions_it(tmp_path: Path, ask: Ask) -> None:
    """And both before what has the same words."""
    file = tmp_path / "issues.json"
    other = PULL | {
        "html_url": "https://github.com/acme/api/pull/14",
        "title": "Raise 12 to 12 login",
        "body": "12",
    }
    file.write_text(json.dumps([other, PULL, ISSUE]))
    async with Emulator([file]) as emulator:
        titles, meta = await ask_for(ask, emulator, "#12")
        assert titles == ["Login times out", "Give the login more time", "Raise 12 to 12 login"]
        titles, _ = await ask_for(
            ask, emulator, "#12", filters={"observationTypes": ["pull_request"]}
        )
        assert titles == ["Give the login more time", "Raise 12 to 12 login"]
    assert meta["paths"]["entity"]


async def test_pages_of_named_documents_are_complete(repository: Repository, ask: Ask) -> None:
    """A document found both by name and by words is counted once."""
    for number in range(12):
        repository.commit(f"Change {number % 3} of retry.py", {"src/retry.py": str(number)})
        repository.commit(f"Retry {number}", {f"{number}.txt": "x"})
    async with Emulator([repository.path]) as emulator:
        key = emulator.create_api_key()
        seen: list[str] = []
        for offset in range(0, 30, 5):
            asked = {"query": "retry src/retry.py", "limit": 5, "offset": offset}
            body = (await ask(emulator, key, **asked)).body
            assert body["meta"]["total"] == 24
            seen += [result["id"] for result in body["data"]]
    assert len(seen) == len(set(seen)) == 24


def result(title: str, *entities: tuple[str, str]) -> dict[str, Any]:
    return {"title": title, "entities": [{"key": k, "category": c} for k, c in entities]}


def test_clusters_are_what_results_share() -> None:
    """Directories and labels of at least three results, with the words of their titles."""
    page = [
        result("Retry the login", ("src/a.py", "file"), ("src/b.py", "file"), ("bug", "label")),
        result("Retry uploads", ("src/c.py", "file"), ("bug", "label")),
        result("The retry budget", ("src/a.py", "file"), ("Ada", "person")),
        result("Other", ("docs/a.md", "file")),
        {"title": "Bare"},
    ]
    assert clusters(page) == [
        {"topic": "src/", "summary": "3 of the 5 results on this page", "keywords": ["retry"]}
    ]
    assert clusters(page[:2]) == clusters([]) == []


async def test_clusters_are_in_the_answer(repository: Repository, ask: Ask) -> None:
    """Under `context`, with `meta.paths` and a time; without any there is no `context`."""
    for name in ("one", "two", "three"):
        repository.commit(f"Retry {name}", {f"src/{name}.py": "1"})
    async with Emulator([repository.path]) as emulator:
        key = emulator.create_api_key()
        body = (await ask(emulator, key, query="retry")).body
        assert [cluster["topic"] for cluster in body["context"]["clusters"]] == ["src/"]
        assert body["meta"]["paths"]["cluster"] is True
        assert body["latency"]["clusterSearch"] >= 0
        body = (await ask(emulator, key, query="retry", mode="fast")).body
        assert "context" not in body
        assert body["meta"]["paths"]["cluster"] is False
