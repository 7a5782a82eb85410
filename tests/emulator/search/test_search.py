"""Results of searches, their order, and filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lightfast.emulator import Emulator
from lightfast.emulator.search.fusion import DEPTHS, Depth
from tests.emulator.repositories import ADA, GRACE, ROBOT, Repository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from .conftest import Ask

OBSERVATIONS: list[dict[str, Any]] = [
    {
        "id": "obs_pr",
        "title": "Rotate the login keys",
        "text": "Keys are rotated every 90 days.",
        "source": "github",
        "type": "pull_request",
        "observationType": "decision",
        "occurredAt": "2026-02-01T00:00:00Z",
        "actor": "@ada",
        "url": "https://github.com/acme/api/pull/9",
        "latestAction": "merged",
        "totalEvents": 7,
        "references": [{"type": "issue", "id": "LIN-204", "label": "fixes", "weight": 2}],
    },
    {
        "id": "obs_issue",
        "title": "Login page broken",
        "text": "Nobody can sign in.",
        "source": "linear",
        "type": "issue",
        "occurredAt": "2026-03-01T12:00:00.5+01:00",
        "entities": [{"key": "LIN-204", "category": "issue"}],
    },
    {"id": "obs_error", "title": "Error in login", "source": "sentry", "type": "error"},
]


@pytest.fixture
async def emulator(lines: Callable[..., Path]) -> AsyncIterator[Emulator]:
    async with Emulator([lines(*OBSERVATIONS)]) as emulator:
        yield emulator


def ids(answer: Any) -> set[str]:
    assert answer.status == 200, answer.body
    assert answer.body["meta"]["total"] == len(answer.body["data"])
    return {result["id"] for result in answer.body["data"]}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {"obs_pr", "obs_issue", "obs_error"}),
        ({"sources": []}, {"obs_pr", "obs_issue", "obs_error"}),
        ({"sources": ["github"]}, {"obs_pr"}),
        ({"sources": ["github", "linear"]}, {"obs_pr", "obs_issue"}),
        ({"sources": ["Github", "'"]}, set()),
        ({"sourceTypes": ["linear", "sentry"]}, {"obs_issue", "obs_error"}),
        ({"observationTypes": ["issue", "error"]}, {"obs_issue", "obs_error"}),
        ({"entityTypes": ["pull_request"]}, {"obs_pr"}),
        ({"actorNames": ["Ada"]}, {"obs_pr"}),
        ({"actorNames": ["@ada"]}, {"obs_pr"}),
        ({"dateRange": {"start": "2026-02-15T00:00Z"}}, {"obs_issue"}),
        ({"dateRange": {"end": "2026-02-01T00:00:00Z"}}, {"obs_pr"}),
        ({"dateRange": {"start": "2026-03-01T11:00:00.500Z"}}, {"obs_issue"}),
        ({"dateRange": {"start": "2026-03-01T11:00:00.500001Z"}}, set()),
        ({"dateRange": {"start": "2027-01-01T00:00Z", "end": "2026-01-01T00:00Z"}}, set()),
        ({"sources": ["github"], "sourceTypes": ["linear"]}, set()),
        ({"sources": ["github"], "observationTypes": ["issue"]}, set()),
    ],
)
async def test_a_filter_lets_through_what_it_names(
    filters: dict[str, Any], expected: set[str], emulator: Emulator, key: str, ask: Ask
) -> None:
    """Values of one filter are alternatives, filters add up, empty ones filter nothing."""
    assert ids(await ask(emulator, key, query="login", filters=filters)) == expected


async def test_an_observation_is_returned_as_it_was_given(
    emulator: Emulator, key: str, ask: Ask
) -> None:
    """Optional fields only where they were; times in UTC."""
    answer = await ask(emulator, key, query="rotate login")
    first, *rest = answer.body["data"]
    assert first == {
        "id": "obs_pr",
        "title": "Rotate the login keys",
        "source": "github",
        "type": "pull_request",
        "url": "https://github.com/acme/api/pull/9",
        "occurredAt": "2026-02-01T00:00:00Z",
        "snippet": "Keys are rotated every 90 days.",
        "score": 1.0,
        "latestAction": "merged",
        "totalEvents": 7,
        "entities": [{"key": "@ada", "category": "person"}],
        "references": [{"type": "issue", "id": "LIN-204", "label": "fixes"}],
    }
    by_id = {result["id"]: result for result in rest}
    assert by_id["obs_issue"]["occurredAt"] == "2026-03-01T11:00:00.500000Z"
    assert by_id["obs_error"]["occurredAt"] is None
    assert by_id["obs_error"]["snippet"] == "Error in login"


async def test_pages_cover_everything_exactly_once(lines: Callable[..., Path], ask: Ask) -> None:
    """Whatever the page size, no result is missed or seen twice, and scores never rise."""
    path = lines(*({"id": f"o{n}", "title": f"Login {n % 7}"} for n in range(57)))
    async with Emulator([path]) as emulator:
        key = emulator.create_api_key()
        for limit in (1, 10, 100):
            seen: list[tuple[float, str]] = []
            for offset in range(0, 60, limit):
                body = (await ask(emulator, key, query="login 3", limit=limit, offset=offset)).body
                assert body["meta"]["total"] == 57
                seen += [(result["score"], result["id"]) for result in body["data"]]
            assert len(seen) == len(set(seen)) == 57
            assert [score for score, _ in seen] == sorted((s for s, _ in seen), reverse=True)
        far = await ask(emulator, key, query="login", offset=2**53 - 1)
        assert (far.body["data"], far.body["meta"]["total"]) == ([], 57)


async def test_ties_are_in_the_order_of_ids(lines: Callable[..., Path], ask: Ask) -> None:
    """Equal scores have one order, on every page of every run."""
    path = lines(*({"id": f"o{n}", "title": "Same"} for n in (3, 1, 2)))
    async with Emulator([path]) as emulator:
        answer = await ask(emulator, emulator.create_api_key(), query="same")
    assert [result["id"] for result in answer.body["data"]] == ["o1", "o2", "o3"]


@pytest.mark.parametrize("mode", ["fast", "balanced", "thorough"])
async def test_every_mode_answers(mode: str, emulator: Emulator, key: str, ask: Ask) -> None:
    """The mode is echoed; what did not run is not claimed."""
    body = (await ask(emulator, key, query="login", mode=mode)).body
    assert body["meta"]["mode"] == mode
    assert body["meta"]["paths"] == {"vector": False, "entity": False, "cluster": False}
    assert 0 < body["latency"]["retrieval"] <= body["latency"]["total"] == body["meta"]["took"]


async def test_thorough_begins_with_what_balanced_found(
    lines: Callable[..., Path], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deeper matches stand behind that, ranked with care: neighboring words count there, too."""
    monkeypatch.setitem(DEPTHS, "balanced", Depth(lexical=3))
    monkeypatch.setitem(DEPTHS, "thorough", Depth(lexical=3, further=Depth(lexical=10)))
    told = {f"best{n}": "rotate keys rotate keys" for n in range(3)}
    told |= {"apart": "rotate the old keys", "beside": "in the end, rotate keys of the team"}
    told |= {f"long{n}": "rotate " + "and other words " * (9 + n) for n in range(3)}
    path = lines(*({"id": name, "title": "Note", "text": text} for name, text in told.items()))
    async with Emulator([path], embedder=None) as emulator:
        key = emulator.create_api_key()
        found = {
            mode: [
                r["id"]
                for r in (await ask(emulator, key, query="rotate keys", mode=mode)).body["data"]
            ]
            for mode in ("balanced", "thorough")
        }
    assert found["balanced"][:3] == found["thorough"][:3] == ["best0", "best1", "best2"]
    assert found["balanced"].index("beside") > found["balanced"].index("apart")
    assert found["thorough"].index("beside") < found["thorough"].index("apart")
    assert sorted(found["balanced"]) == sorted(found["thorough"]) == sorted(told)


async def test_scores_lie_between_0_and_1(emulator: Emulator, key: str, ask: Ask) -> None:
    """The best match scores 1."""
    scores = [r["score"] for r in (await ask(emulator, key, query="login page")).body["data"]]
    assert scores[0] == 1
    assert all(0 < score <= 1 for score in scores)


async def test_a_title_counts_more_than_a_body(lines: Callable[..., Path], ask: Ask) -> None:
    """The same word says more in a title."""
    path = lines({"title": "Other", "text": "Timeout seen"}, {"title": "Timeout", "text": "Other"})
    async with Emulator([path]) as emulator:
        answer = await ask(emulator, emulator.create_api_key(), query="timeout")
    assert [result["title"] for result in answer.body["data"]] == ["Timeout", "Other"]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("parse retry after", "Call parseRetryAfter"),
        ("parseRetryAfter", "Call parseRetryAfter"),
        ("retries", "Set retry_after"),
        ("http parser", "New HTTPParser"),
        ("uberflussig", "Überfluß überflüssig"),
        ("Überfluß", "Überfluß überflüssig"),
        ("cafe\u0301", "Café schließt"),
        ("登录", "修复登录页面的错误"),
        ("錯誤修復", "錯誤修復"),
        ("ログイン", "ログイン画面の不具合"),
        ("नमस्ते", "नमस्ते दुनिया"),
        ("what is this", "What is this"),
    ],
)
async def test_words_are_found_however_they_are_written(
    query: str, title: str, lines: Callable[..., Path], ask: Ask
) -> None:
    """Names are split, endings and accents do not matter, scripts without spaces are searched too."""
    titles = ["Call parseRetryAfter", "Set retry_after", "New HTTPParser", "Überfluß überflüssig"]
    titles += [
        "Café schließt",
        "修复登录页面的错误",
        "錯誤修復",
        "ログイン画面の不具合",
        "नमस्ते दुनिया",
    ]
    path = lines(*({"title": each} for each in [*titles, "What is this", "Something else"]))
    async with Emulator([path]) as emulator:
        answer = await ask(emulator, emulator.create_api_key(), query=query)
    assert title in [result["title"] for result in answer.body["data"]]


async def test_punctuation_finds_nothing(emulator: Emulator, key: str, ask: Ask) -> None:
    """A query without a letter or digit is answered, with nothing."""
    body = (await ask(emulator, key, query="?! …")).body
    assert (body["data"], body["meta"]["total"]) == ([], 0)


async def test_robots_commits_come_last(repository: Repository, ask: Ask) -> None:
    """Text that a person wrote about the same thing is found first."""
    repository.commit("Bump aiohttp to 3.14", author=ROBOT)
    repository.commit("Bump aiohttp to 3.14 because of the leak in its connector", author=GRACE)
    async with Emulator([repository.path]) as emulator:
        answer = await ask(emulator, emulator.create_api_key(), query="bump aiohttp 3.14")
    assert "leak" in answer.body["data"][0]["title"]


@pytest.mark.parametrize(
    ("actor", "count"),
    [
        ("ada", 2),
        ("@Ada", 2),
        ("Ada Lovelace", 2),
        ("grace@example.com", 2),
        ("grace", 2),
        ("love", 0),
    ],
)
async def test_commits_are_filtered_by_who_took_part(
    actor: str, count: int, repository: Repository, ask: Ask
) -> None:
    """Name, login and address count; so does a co-author."""
    repository.commit("Change one", author=ADA)
    repository.commit("Change two", author=GRACE)
    repository.commit(f"Change three\n\nCo-authored-by: {GRACE}", author=ADA)
    async with Emulator([repository.path]) as emulator:
        filters = {"actorNames": [actor]}
        answer = await ask(emulator, emulator.create_api_key(), query="change", filters=filters)
    assert answer.body["meta"]["total"] == count


async def test_what_two_places_hold_is_there_once(lines: Callable[..., Path]) -> None:
    """However many passages it has: of two clones' commits, or of a file and its copy, the first counts."""
    long = {"id": "long", "title": "Rotate keys", "text": "Keys are rotated. " * 100}
    places = [lines(long, name="one.jsonl"), lines(long, OBSERVATIONS[1], name="two.jsonl")]
    async with Emulator(places, embedder=None) as emulator:
        emulator.refresh()
        assert [item.documents for item in emulator.corpora()] == [1, 1]


async def test_organizations_see_nothing_of_each_other(
    lines: Callable[..., Path], tmp_path: Path, ask: Ask
) -> None:
    """One database, two organizations, the same ids: each key opens its own."""
    database = tmp_path / "both.sqlite3"
    acme = lines({"id": "o1", "title": "Login at acme"}, name="acme.jsonl")
    umbrella = lines({"id": "o1", "title": "Login at umbrella"}, name="umbrella.jsonl")
    async with (
        Emulator([acme], database=database, organization="acme") as first,
        Emulator([umbrella], database=database, organization="umbrella") as second,
    ):
        keys = [first.create_api_key(), first.accounts.create_api_key(organization="umbrella")]
        for emulator in (first, second):
            answers = [(await ask(emulator, key, query="login")).body for key in keys]
            titles = [[result["title"] for result in body["data"]] for body in answers]
            assert titles == [["Login at acme"], ["Login at umbrella"]]
            assert [body["meta"]["total"] for body in answers] == [1, 1]
        assert [len(first.accounts.list_api_keys()), len(second.accounts.list_api_keys())] == [1, 1]
        assert (first.documents, second.documents) == (1, 1)
