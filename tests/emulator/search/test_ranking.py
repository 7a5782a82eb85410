"""In which order results come, what their scores mean, and that totals and pages are true."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from lightfast.emulator import Emulator
from lightfast.emulator.search.fusion import (
    SAID,
    Candidate,
    Depth,
    Text,
    evidence,
    folded,
    fused,
    meaning_within,
    reranked,
)
from tests.emulator.embedders import Synonyms
from tests.emulator.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.emulator.conftest import Ask

FILES: dict[str, str | bytes] = {
    "docs/retries.md": "# Retries\n\nFailed requests are sent again after a pause; see the retry budget.\n",
    "CHANGELOG.md": "# Changelog\n\n## 1.2.0\n\n- A retry budget is shared by all calls.\n",
    "src/retry.py": '"""Retries."""\n\n\nclass RetryBudget:\n    """Budget of retries shared by all calls."""\n',
}


@pytest.mark.parametrize(
    ("query", "kind", "path"),
    [
        ("how do I set the retry budget?", "document", "docs/retries.md"),
        ("where is the retry budget?", "code", "src/retry.py"),
        ("what changed with the retry budget?", "document", "CHANGELOG.md"),
        ("who added the retry budget?", "commit", None),
    ],
)
async def test_the_form_of_the_question_decides_between_families(
    query: str, kind: str, path: str | None, repository: Repository, ask: Ask
) -> None:
    """Four documents say the same; the one that is asked for comes first."""
    repository.commit("Share a retry budget between all calls", FILES)
    async with Emulator([repository.path], embedder=None) as emulator:
        body = (await ask(emulator, emulator.create_api_key(), query=query)).body
    first = body["data"][0]
    assert (first["type"], first.get("path")) == (kind, path)


SERVER = '''class Server:
    """Takes requests."""

    def handle(self, request):
        if self.running >= self.settings.limit_concurrency:
            # Clients are asked to come back later.
            self.answer(503, "Service is overloaded, come back later")
            return
        self.running += 1
        self.forward(request)

    def forward(self, request):
        for worker in self.workers:
            if worker.is_idle:
                # The first one that has nothing to do.
                worker.send(request)
                return
        self.queue.append(request)
'''


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("where is limit_concurrency checked?", "Server.handle"),
        ("which function says that the service is overloaded?", "Server.handle"),
        ("where is a worker with nothing to do chosen?", "Server.forward"),
    ],
)
async def test_code_is_found_by_what_stands_in_it(
    query: str, name: str, repository: Repository, ask: Ask
) -> None:
    """By names, messages and comments, although nothing is said about the methods."""
    repository.commit("Serve", {"server.py": SERVER})
    async with Emulator([repository.path], embedder=None) as emulator:
        first = (await ask(emulator, emulator.create_api_key(), query=query)).body["data"][0]
    assert first["title"] == f"{name} in server.py"


@pytest.mark.parametrize(
    ("folder", "remote", "asked"),
    [
        ("checkout", "git@github.com:acme/Rocket.git", "how does find its settings"),
        ("rocket", None, "how does find its settings"),
        ("checkout", None, "how does rocket find its settings"),
        ("rocket.git", None, "how does find its settings"),
        ("main", None, "how does rocket find its settings"),
    ],
)
async def test_a_question_is_compared_without_the_projects_name(
    folder: str, remote: str | None, asked: str, tmp_path: Path, ask: Ask
) -> None:
    """It is called as its origin, or else as its folder; every page is about it."""
    repository = Repository(tmp_path / folder, remote=remote)
    repository.commit("Launch", FILES)
    embedder = Synonyms()
    async with Emulator([repository.path], embedder=embedder) as emulator:
        emulator.embed()
        key = emulator.create_api_key()
        await ask(emulator, key, query="how does rocket find its settings")
    assert asked in embedder.texts


async def test_folders_with_common_names_are_no_projects(tmp_path: Path, ask: Ask) -> None:
    """A question about the main loop is one about the main loop."""
    repository = Repository(tmp_path / "main", remote=None)
    repository.commit("Launch", FILES)
    embedder = Synonyms()
    async with Emulator([repository.path], embedder=embedder) as emulator:
        emulator.embed()
        await ask(emulator, emulator.create_api_key(), query="where is the main loop started")
    assert "where is the main loop started" in embedder.texts


async def test_of_two_projects_the_one_that_is_named_comes_first(tmp_path: Path, ask: Ask) -> None:
    """Their names tell them apart."""
    repositories = [Repository(tmp_path / name, remote=None) for name in ("engine", "rocket")]
    for repository in repositories:
        name = repository.path.name
        page = f"# Settings\n\nThe {name} reads settings from a file when it is started.\n"
        repository.commit("Launch", {"docs/settings.md": page})
    embedder = Synonyms()
    async with Emulator([r.path for r in repositories], embedder=embedder) as emulator:
        emulator.embed()
        key = emulator.create_api_key()
        query = "how does the rocket read its settings when it is started"
        first = (await ask(emulator, key, query=query)).body["data"][0]
    assert "rocket" in first["snippet"]
    assert query in embedder.texts


@pytest.mark.parametrize("state", ["x", "[]", '{"remote": 7}', '{"remote": ""}'])
async def test_a_damaged_state_names_no_project(
    state: str, repository: Repository, tmp_path: Path, ask: Ask
) -> None:
    """Searches go on, by the folder's name."""
    repository.commit("Share a retry budget", FILES)
    database = tmp_path / "damaged.sqlite3"
    async with Emulator([repository.path], embedder=Synonyms(), database=database) as emulator:
        emulator.embed()
        key = emulator.create_api_key()
        with closing(sqlite3.connect(database)) as db, db:
            db.execute("UPDATE corpus SET state = ?", (state,))
        answer = await ask(emulator, key, query="how does the retry budget work?")
    assert answer.body["data"]


async def test_of_a_document_the_best_passage_is_shown(
    lines: Callable[..., Path], ask: Ask
) -> None:
    """A long document is one result, with its best passage as snippet, and one in the total."""
    text = "\n\n".join(f"Paragraph {n} about cheese. {'Filler words. ' * 30}" for n in range(20))
    path = lines(
        {"id": "long", "title": "Dairy", "text": f"{text}\n\nThe gateway is restarted at night."},
        {"id": "short", "title": "Cheese", "text": "Cheese."},
    )
    async with Emulator([path], embedder=None) as emulator:
        key = emulator.create_api_key()
        assert emulator.documents == 2
        body = (await ask(emulator, key, query="gateway restarted")).body
        assert [result["id"] for result in body["data"]] == ["long"]
        assert "gateway is restarted" in body["data"][0]["snippet"]
        assert (await ask(emulator, key, query="cheese")).body["meta"]["total"] == 2


async def test_a_document_that_begins_with_the_subject_comes_first(
    lines: Callable[..., Path], ask: Ask
) -> None:
    """Of two that say the same further down, whatever their ids."""
    later = f"Passwords of the proxy are quoted. {'Filler words follow here. ' * 20}"
    beginnings = {"a": "This is about cheese.", "b": "This is about proxies."}
    path = lines(
        *(
            {
                "id": key,
                "title": f"Chapter {key}",
                "text": f"{beginning} {'It is a long story. ' * 15}\n\n{later}",
            }
            for key, beginning in beginnings.items()
        )
    )
    async with Emulator([path], embedder=None) as emulator:
        body = (await ask(emulator, emulator.create_api_key(), query="quoted proxy passwords")).body
    assert [result["id"] for result in body["data"]] == ["b", "a"]


@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_pages_of_documents_with_passages_are_true(
    limit: int, lines: Callable[..., Path], ask: Ask
) -> None:
    """No document is missed or doubled, with or without vectors, beyond the candidates too."""
    filler = "Much else is said here, too. " * 30
    documents: list[dict[str, Any]] = [
        {
            "id": f"o{n}",
            "title": f"Note {n}",
            "text": f"login {filler}\n\nsignin {n}\n\n{filler}\n\nlogin",
        }
        for n in range(130)
    ]
    async with Emulator([lines(*documents)], embedder=Synonyms()) as emulator:
        emulator.embed()
        key = emulator.create_api_key()
        seen: list[str] = []
        while True:
            body = (await ask(emulator, key, query="login", limit=limit, offset=len(seen))).body
            assert body["meta"]["total"] == 130
            seen += [result["id"] for result in body["data"]]
            if not body["data"]:
                break
        assert len(seen) == len(set(seen)) == 130


async def test_a_bad_answer_looks_like_one(lines: Callable[..., Path], ask: Ask) -> None:
    """The first score tells how much of the question the result has."""
    texts = ("Rotate the login keys", "Keys are stored as hashes", "Weather report")
    path = lines(*({"id": str(n), "title": text} for n, text in enumerate(texts)))
    async with Emulator([path], embedder=None) as emulator:
        key = emulator.create_api_key()

        async def best(query: str) -> float:
            data = (await ask(emulator, key, query=query)).body["data"]
            return float(data[0]["score"]) if data else 0.0

        assert await best("rotate login keys") == 1
        assert 0.2 < await best("rotate the tyres of my bicycle keys") < 0.7
        assert await best("xyzzy plugh frobnicate keys") < 0.4
        assert await best("xyzzy plugh") == 0


def test_words_are_compared_within_a_family() -> None:
    """The best match of each family counts nearly the same, whatever its BM25."""
    one = Candidate(passage=1, id="a", fold=1, family=0, lexical=3.0)
    two = Candidate(passage=2, id="b", fold=2, family=3, lexical=30.0)
    weak = Candidate(passage=3, id="c", fold=3, family=3, lexical=15.0)
    ranked = fused([weak, two, one], Depth(meaning=0.0))
    scores = {c.id: score for c, score in ranked}
    assert scores == pytest.approx({"b": 1.0, "a": 0.73, "c": 0.5})


def test_words_count_less_where_even_the_best_match_has_few_of_them() -> None:
    """A question in other words than the answer's is left to meaning."""
    said = Candidate(passage=1, id="said", fold=1, lexical=2.0, cosine=0.4)
    meant = Candidate(passage=2, id="meant", fold=2, cosine=0.7)
    depth = Depth(words=1.0, meaning=0.8)

    def first(possible: float, *, is_question: bool = False) -> str:
        ranked = fused([said, meant], depth, possible=possible, is_question=is_question)
        return ranked[0][0].id

    assert first(6.0) == "said"
    assert first(80.0) == "meant"
    assert first(6.0, is_question=True) == "meant"  # keywords are chosen to match


def test_of_two_passages_that_mean_the_same_the_one_in_a_file_about_it_comes_first() -> None:
    """The meaning of the file counts less than that of the passage."""
    aside = Candidate(passage=1, id="aside", fold=1, cosine=0.6, file_mean=0.1)
    about = Candidate(passage=2, id="about", fold=2, cosine=0.6, file_mean=0.3)
    better = Candidate(passage=3, id="better", fold=3, cosine=0.7, file_mean=0.1)
    assert [c.id for c, _ in fused([aside, about, better], Depth())] == ["better", "about", "aside"]


def test_one_good_passage_is_worth_more_in_a_document_about_the_subject() -> None:
    """A passage by itself means what it says; within a long document it means partly what that does."""
    assert meaning_within(0.6, 0.6, 0.6) == pytest.approx(0.6)
    assert meaning_within(0.6, 0.2, 0.1) < meaning_within(0.6, 0.2, 0.3) < 0.6


@pytest.mark.parametrize(
    ("query", "first"), [("car", "short"), ("car fails", "long")], ids=["keywords", "question"]
)
async def test_a_question_asks_for_a_passage_and_keywords_for_a_whole(
    query: str, first: str, lines: Callable[..., Path], ask: Ask
) -> None:
    """A page that comes to the subject late answers a question; it is not what its name is asked for."""
    path = lines(
        {"id": "long", "title": "login", "body": "login " * 200 + "\n\n" + "vehicle " * 100},
        {"id": "short", "title": "login", "body": "vehicle login " * 20},
    )
    async with Emulator([path], embedder=Synonyms()) as emulator:
        emulator.embed()
        body = (await ask(emulator, emulator.create_api_key(), query=query)).body
    assert body["data"][0]["id"] == first


async def test_where_asks_for_the_place_and_not_for_changes_to_a_file(
    repository: Repository, ask: Ask
) -> None:
    """Commits that name the file which the question is about do not come before the code."""
    find = 'def find_settings():\n    """Look for settings.toml, from here upwards."""\n'
    repository.commit("Start", {"src/conf.py": find, "settings.toml": "a = 1\n"})
    repository.commit("Look for settings.toml upwards", {"settings.toml": "a = 2\n"})
    async with Emulator([repository.path], embedder=None) as emulator:
        query = "where is settings.toml looked for?"
        body = (await ask(emulator, emulator.create_api_key(), query=query)).body
    assert body["data"][0]["path"] == "src/conf.py"


def test_a_title_that_is_asked_for_comes_before_what_only_mentions_it() -> None:
    """In any case and with any endings, but as it is: not as part of a longer one."""
    headed, longer, said = (
        Candidate(passage=n, id=name, fold=n)
        for n, name in enumerate(("headed", "longer", "said"), 1)
    )
    texts = {
        1: Text("Retry budgets", "Calls share one."),
        2: Text("Retry budgets of old", "Gone."),
        3: Text("Calls", "Each has a retry budget."),
    }
    ranked = [(said, 1.03), (longer, 1.0), (headed, 1.0)]
    found = reranked(ranked, texts, "retry budget", Depth(), {})
    assert [c.id for c, _ in found] == ["headed", "said", "longer"]


def test_what_says_all_of_the_question_comes_before_what_says_one_word_of_it_often() -> None:
    """Rare words tell more than common ones, and words inside names count."""
    whole, half = (
        Candidate(passage=n, id=name, fold=n) for n, name in enumerate(("whole", "half"), 1)
    )
    texts = {
        1: Text("retryBudget", "Shared by calls."),
        2: Text("Budget", "Calls have the budget of a budget."),
    }
    rarity = {"retry": 5.0, "budget": 4.0, "calls": 1.0}
    found = reranked([(half, 1.1), (whole, 1.0)], texts, "retry of budget calls", Depth(), rarity)
    assert [c.id for c, _ in found] == ["whole", "half"]
    scores = {c.id: score for c, score in found}
    assert scores["whole"] == pytest.approx(1.0 + SAID)
    assert scores["half"] == pytest.approx(1.1 + SAID / 4)


def test_what_another_file_says_too_comes_later() -> None:
    """Of copies the best one stands in its place, the others make room."""
    one, copy = (Candidate(passage=n, id=str(n), fold=n, text=b"same") for n in (1, 2))
    other = Candidate(passage=3, id="3", fold=3, text=b"other")
    ranked = folded([(one, 1.0), (copy, 0.9), (other, 0.8)])
    assert [c.id for c, _ in ranked] == ["1", "3", "2"]


def test_what_has_no_vector_means_what_its_words_say() -> None:
    """Neither more nor less than what has one."""
    known = Candidate(passage=1, id="known", fold=1, lexical=10.0, cosine=0.5)
    unknown = Candidate(passage=2, id="unknown", fold=2, lexical=10.0)
    poor = Candidate(passage=3, id="poor", fold=3, lexical=1.0)
    ranked = fused([poor, known, unknown], Depth())
    assert [c.id for c, _ in ranked] == ["known", "unknown", "poor"]
    assert ranked[0][1] == pytest.approx(ranked[1][1])


def test_a_result_is_the_best_of_its_passages() -> None:
    """The others are left out."""
    first, second = (Candidate(passage=n, id="a", fold=1) for n in (1, 2))
    assert folded([(second, 2.0), (first, 1.0)]) == [(second, 2.0)]


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("Needs 3.12", True),
        ("Needs v3.12.1", True),
        ("Needs python3.12", True),
        ("Needs 3.12rc1", True),
        ("Needs 3.1", False),
        ("Needs 3.121", False),
        ("Needs 13.12", False),
        ("Needs 2.3.12", False),
    ],
)
def test_a_version_is_said_by_itself_and_what_belongs_to_it(text: str, *, is_said: bool) -> None:
    """Not by another that has only its numbers."""
    candidate = Candidate(passage=1, id="a", fold=1)
    assert evidence(candidate, Text(text, ""), {"3.12": 1.0}) == is_said


def test_evidence_does_not_depend_on_what_else_was_found() -> None:
    """It is the share of what the question's words tell, or how alike the meaning is."""
    rarity = {"rotate": 3.0, "keys": 1.0}
    candidate = Candidate(passage=1, id="a", fold=1)
    assert evidence(candidate, Text("Rotated keys", ""), rarity) == 1
    assert evidence(candidate, Text("Key", ""), rarity) == 0.25
    alike = Candidate(passage=1, id="a", fold=1, cosine=0.75)
    assert evidence(alike, Text("Other words", ""), rarity) == 1
