"""Search by meaning: what the modes find, what they say of it, and how vectors come to be."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

pytest.importorskip("numpy", reason="SEARCH BY MEANING IS NOT TESTED: pip install '.[semantic]'")

from lightfast._install import install_command
from lightfast.emulator import EmbeddingProgress, Emulator, EmulatorError
from lightfast.emulator.embedding import select, semantics, worker
from lightfast.emulator.search import retrieval
from lightfast.emulator.search.fusion import DEPTHS, Depth
from lightfast.emulator.search.query import SearchQuery
from tests.emulator.embedders import Gated, Synonyms
from tests.emulator.repositories import GRACE, ROBOT, Repository
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Ask

MODES = ["fast", "balanced", "thorough"]
with_model = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in select._NEEDED),
    reason="THE MODEL IS NOT TESTED: pip install '.[semantic]'",
)


def car_and_login(lines: Callable[..., Path]) -> Path:
    return lines(
        {"id": "login", "title": "login", "source": "github"},
        {"id": "signin", "title": "signin", "source": "linear"},
        {"id": "car", "title": "car", "source": "github"},
    )


async def found(ask: Ask, emulator: Emulator, query: str, **more: Any) -> list[str]:
    answer = await ask(emulator, emulator.create_api_key(), query=query, **more)
    assert answer.status == 200, answer.body
    assert answer.body["meta"]["total"] >= len(answer.body["data"])
    return [result["id"] for result in answer.body["data"]]


# --- modes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
async def test_meaning_finds_what_words_do_not(
    mode: str, lines: Callable[..., Path], ask: Ask
) -> None:
    """A synonym is found in every mode; what has nothing to do with the query is not."""
    async with Emulator([car_and_login(lines)], embedder=Synonyms()) as emulator:
        emulator.embed()
        names = await found(ask, emulator, "signin", mode=mode)
        assert sorted(names) == ["login", "signin"]
        assert mode == "fast" or names[0] == "signin"
        assert await found(ask, emulator, "vehicle", mode=mode) == ["car"]
        assert await found(ask, emulator, "weather", mode=mode) == []


@pytest.mark.parametrize("mode", MODES)
async def test_an_answer_says_what_it_was_found_by(
    mode: str, lines: Callable[..., Path], ask: Ask
) -> None:
    """`meta.paths` and `latency` name what ran, and only that."""
    async with Emulator([car_and_login(lines)], embedder=Synonyms()) as emulator:
        emulator.embed()
        body = (await ask(emulator, emulator.create_api_key(), query="auto", mode=mode)).body
    assert body["meta"]["paths"] == {"vector": True, "entity": False, "cluster": False}
    latency = body["latency"]
    assert latency["embedding"] > 0
    assert ("entitySearch" in latency) == (mode != "fast")
    assert (latency["rerank"] > 0) == (mode != "fast")
    parts = ("retrieval", "rerank", "embedding", "entitySearch", "enrich", "clusterSearch")
    assert sum(latency.get(part, 0) for part in parts) <= latency["search"] + 0.01


async def test_words_alone_answer_fast_until_there_are_vectors(
    lines: Callable[..., Path], ask: Ask
) -> None:
    """The answer says so, and the query is not even embedded."""
    embedder = Synonyms()
    async with Emulator([car_and_login(lines)], embedder=embedder, embed_behind=False) as emulator:
        body = (await ask(emulator, emulator.create_api_key(), query="login", mode="fast")).body
    assert [result["id"] for result in body["data"]] == ["login"]
    assert body["meta"]["paths"]["vector"] is False
    assert "embedding" not in body["latency"]
    assert not embedder.texts


@pytest.mark.parametrize("mode", ["balanced", "thorough"])
async def test_the_best_by_words_are_compared_by_meaning_before_there_are_vectors(
    mode: str, lines: Callable[..., Path], ask: Ask
) -> None:
    """Only what matches is embedded, once for all pages; nothing is written."""
    embedder = Synonyms()
    path = lines(
        {"id": "a", "title": "The login", "text": "login cheese"},
        {"id": "b", "title": "A login to the vehicle", "text": "car vehicle car"},
        {"id": "c", "title": "Cheese"},
    )
    async with Emulator([path], embedder=embedder, embed_behind=False) as emulator:
        key = emulator.create_api_key()
        pages = [
            (await ask(emulator, key, query="auto login", mode=mode, limit=1, offset=n)).body
            for n in range(3)
        ]
        assert emulator.embedding_progress.embedded == 0
    assert [hit["id"] for page in pages for hit in page["data"]] == ["b", "a"]
    assert {page["meta"]["total"] for page in pages} == {2}
    assert pages[0]["meta"]["paths"]["vector"] is True
    assert pages[0]["latency"]["embedding"] > 0
    assert len(embedder.texts) == len(set(embedder.texts)) == 3  # the query and two documents


async def test_a_first_question_embeds_the_best_once_however_thorough(
    lines: Callable[..., Path], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deeper matches are ranked by their words, and the answer still says that meaning was used."""
    monkeypatch.setitem(DEPTHS, "thorough", Depth(lexical=2, further=Depth(lexical=10)))
    embedder = Synonyms()
    notes = ({"id": str(n), "title": "Note", "text": f"login {'cheese ' * n}"} for n in range(6))
    async with Emulator([lines(*notes)], embedder=embedder, embed_behind=False) as emulator:
        key = emulator.create_api_key()
        body = (await ask(emulator, key, query="login page", mode="thorough")).body
    assert [hit["id"] for hit in body["data"]] == [str(n) for n in range(6)]
    assert body["meta"]["paths"]["vector"] is True
    assert len(embedder.texts) == 3  # the query and two documents


@pytest.mark.parametrize("mode", MODES)
async def test_filters_apply_to_meaning(mode: str, lines: Callable[..., Path], ask: Ask) -> None:
    """A document that a filter keeps out does not come in by its meaning."""
    async with Emulator([car_and_login(lines)], embedder=Synonyms()) as emulator:
        emulator.embed()
        for source, expected in (("linear", ["signin"]), ("github", ["login"]), ("sentry", [])):
            filters = {"sources": [source]}
            ids = await found(ask, emulator, "authentication", mode=mode, filters=filters)
            assert ids == expected


@pytest.mark.parametrize("mode", MODES)
async def test_pages_cover_everything_once_in_every_mode(
    mode: str, lines: Callable[..., Path], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Candidates first, the other matches behind them; nothing is missed, nothing comes twice."""
    small = {
        name: attrs.evolve(d, lexical=min(d.lexical, 5), nearest=10) for name, d in DEPTHS.items()
    }
    monkeypatch.setattr("lightfast.emulator.search.retrieval.DEPTHS", small)
    words = ["login", "signin", "authentication", "login page", "signin page"]
    path = lines(*({"id": f"o{n:02}", "title": words[n % 5]} for n in range(60)))
    async with Emulator([path], embedder=Synonyms()) as emulator:
        emulator.embed()
        key = emulator.create_api_key()
        for limit in (1, 7, 100):
            seen: list[tuple[float, str]] = []
            total = limit
            offset = 0
            while offset < total:
                asked = {"query": "login page", "mode": mode, "limit": limit, "offset": offset}
                body = (await ask(emulator, key, **asked)).body
                total = body["meta"]["total"]
                seen += [(result["score"], result["id"]) for result in body["data"]]
                offset += limit
            assert len(seen) == len({name for _, name in seen}) == total
            assert [score for score, _ in seen] == sorted((s for s, _ in seen), reverse=True)
            assert seen[0][0] == 1
            assert all(score > 0 for score, _ in seen)
        past = await ask(emulator, key, query="login page", mode=mode, offset=1000)
        assert (past.body["data"], past.body["meta"]["total"]) == ([], total)


@pytest.mark.parametrize("mode", MODES)
async def test_robots_come_last_by_meaning_too(mode: str, repository: Repository, ask: Ask) -> None:
    """Of two commits that say the same, the person's is first."""
    repository.commit("signin", author=GRACE)
    repository.commit("signin", author=ROBOT)
    async with Emulator([repository.path], embedder=Synonyms()) as emulator:
        emulator.embed()
        body = (await ask(emulator, emulator.create_api_key(), query="login", mode=mode)).body
    people = [result["entities"][0]["key"] for result in body["data"]]
    assert people == ["Grace Hopper", "dependabot[bot]"]


async def test_fast_without_the_extra_says_how_to_get_it(
    lines: Callable[..., Path],
    ask: Ask,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One warning in a process names the extra, unless words alone were asked for."""
    monkeypatch.setattr(select, "_NEEDED", ("no_such_package",))
    select._advise.cache_clear()
    Emulator().close()
    monkeypatch.delenv(select.SWITCH)
    Emulator(embedder=None).close()
    assert not caplog.records
    for _ in range(2):
        async with Emulator([car_and_login(lines)]) as emulator:
            assert await found(ask, emulator, "login", mode="fast") == ["login"]
            assert emulator.embedding_progress is None
            assert not emulator.is_embedding
            assert emulator.embed() == 0
    (warning,) = (record for record in caplog.records if record.levelno >= logging.WARNING)
    assert install_command("semantic") in warning.message


# --- vectors --------------------------------------------------------------------------------


def test_newest_documents_are_embedded_first(lines: Callable[..., Path]) -> None:
    """The newest come first, because people ask about them; those without a time come last."""
    path = lines(
        {"title": "old", "occurredAt": "2025-01-01T00:00:00Z"},
        {"title": "undated"},
        {"title": "new", "occurredAt": "2026-01-01T00:00:00Z"},
    )
    embedder = Synonyms()
    emulator = Emulator([path], embedder=embedder)
    emulator.refresh()
    assert emulator.embed() == 3
    assert emulator.embed() == 0
    assert [text.strip() for text in embedder.texts] == ["new", "old", "undated"]
    emulator.close()


def test_embedding_stops_when_its_time_is_over(
    lines: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest is done the next time."""
    embedder = Synonyms()
    monkeypatch.setattr(semantics, "monotonic", lambda: 0.01 * len(embedder.texts))
    emulator = Emulator([lines(*({"title": f"t{n}"} for n in range(100)))], embedder=embedder)
    emulator.refresh()
    assert emulator.embed(within=0.1) == worker.COMMIT
    assert emulator.embedding_progress == EmbeddingProgress(embedded=worker.COMMIT, documents=100)
    assert emulator.embed() == 100 - worker.COMMIT
    emulator.close()


async def test_embedding_goes_on_behind_answers(lines: Callable[..., Path], ask: Ask) -> None:
    """On a thread of its own, told as it goes; searches are answered meanwhile, and what is new is taken up."""
    told: list[EmbeddingProgress] = []
    path = lines(*({"title": f"login {n}"} for n in range(100)))
    embedder = Gated()
    async with Emulator([path], embedder=embedder, on_embedding=told.append) as emulator:
        for embedded in (0, 32, 64, 96):
            await eventually(lambda n=embedded: emulator.embedding_progress.embedded == n)
            assert emulator.is_embedding
            assert len(await found(ask, emulator, "login", limit=100)) == 100
            embedder.let()
        await eventually(lambda: not emulator.is_embedding)
        with path.open("a") as lines_file:
            lines_file.write('{"id": "late", "title": "car"}\n')
        await emulator.arefresh()
        assert emulator.is_embedding
        embedder.let()
        await eventually(lambda: not emulator.is_embedding)
        assert told[-1].embedded == 101
        assert await found(ask, emulator, "vehicle", mode="fast") == ["late"]
    assert told[-1].embedded == told[-1].documents == 101
    assert told[0].embedded == 32
    assert told == sorted(told, key=lambda progress: progress.embedded)
    assert "lightfast-emulator-embedding" in embedder.threads


async def test_embedding_is_started_once_and_without_serving(lines: Callable[..., Path]) -> None:
    """Starting it again, as serving does, starts no second thread; closing ends it."""
    emulator = Emulator([lines({"title": "login"})], embedder=Synonyms())
    emulator.start_embedding()
    async with emulator:
        await eventually(lambda: emulator.embedding_progress.embedded == 1)
        names = [thread.name for thread in threading.enumerate()]
        assert names.count("lightfast-emulator-embedding") == 1
    assert "lightfast-emulator-embedding" not in [t.name for t in threading.enumerate()]


async def test_what_is_indexed_again_is_embedded_again(repository: Repository, ask: Ask) -> None:
    """A vector goes with its document; numbers of removed documents lead to nothing old."""
    repository.commit("one", {"a.md": "# login\n", "b.md": "# weather\n"})
    async with Emulator([repository.path], embedder=Synonyms(), embed_behind=False) as emulator:
        emulator.embed()
        filters = {"observationTypes": ["document"]}
        assert len(await found(ask, emulator, "signin", mode="fast", filters=filters)) == 1
        repository.commit("two", {"a.md": "# car\n"})
        emulator.refresh()
        assert await found(ask, emulator, "signin", mode="fast", filters=filters) == []
        emulator.embed()
        assert await found(ask, emulator, "signin", mode="fast", filters=filters) == []
        assert len(await found(ask, emulator, "vehicle", mode="fast", filters=filters)) == 1


def test_texts_that_changed_meanwhile_are_not_kept(lines: Callable[..., Path]) -> None:
    """A vector made of a text that was replaced while it was made is thrown away."""
    path = lines({"id": "o", "title": "login"})
    embedder = Synonyms()
    emulator = Emulator([path], embedder=embedder)
    emulator.refresh()
    plain = embedder.embed

    def embed_late(texts: Any) -> Any:
        if not path.read_text().count("car"):
            path.write_text('{"id": "o", "title": "car"}\n')
            emulator.refresh()
        return plain(texts)

    embedder.embed = embed_late  # type: ignore[method-assign]
    emulator.embed()
    assert [text.strip() for text in embedder.texts] == ["login", "car"]
    assert emulator.embedding_progress == EmbeddingProgress(embedded=1, documents=1)
    emulator.close()


async def test_two_embedders_never_mix(
    lines: Callable[..., Path], tmp_path: Path, ask: Ask
) -> None:
    """One database keeps the vectors of both; each is asked for its own only."""
    path, database = car_and_login(lines), tmp_path / "both.sqlite3"
    async with Emulator([path], database=database, embedder=Synonyms("one")) as emulator:
        emulator.embed()
    other = Synonyms("two")
    async with Emulator([path], database=database, embedder=other, embed_behind=False) as emulator:
        assert emulator.embedding_progress == EmbeddingProgress(embedded=0, documents=3)
        body = (await ask(emulator, emulator.create_api_key(), query="auto", mode="fast")).body
        assert body["meta"]["paths"]["vector"] is False
        assert emulator.embed() == 3
        assert await found(ask, emulator, "auto", mode="fast") == ["car"]
    with sqlite3.connect(database) as db:
        assert db.execute("SELECT count(*) FROM vector").fetchone() == (6,)
    db.close()


async def test_organizations_are_apart_by_meaning_too(
    lines: Callable[..., Path], tmp_path: Path, ask: Ask
) -> None:
    """The matrix of one organization holds nothing of another."""
    database, embedder = tmp_path / "both.sqlite3", Synonyms()
    acme = lines({"id": "acme", "title": "car"}, name="acme.jsonl")
    umbrella = lines({"id": "umbrella", "title": "car"}, name="umbrella.jsonl")
    async with (
        Emulator([acme], database=database, organization="acme", embedder=embedder) as first,
        Emulator(
            [umbrella], database=database, organization="umbrella", embedder=embedder
        ) as second,
    ):
        first.embed()
        second.embed()
        keys = [first.create_api_key(), second.create_api_key()]
        for emulator in (first, second):
            answers = [await ask(emulator, key, query="vehicle", mode="fast") for key in keys]
            names = [[result["id"] for result in answer.body["data"]] for answer in answers]
            assert names == [["acme"], ["umbrella"]]


KILLED = """
import sys, time
from lightfast.emulator import Emulator
from tests.emulator.embedders import Synonyms
with Emulator([sys.argv[1]], database=sys.argv[2], embedder=Synonyms(delay=0.002)) as emulator:
    print("serving", flush=True)
    time.sleep(60)
"""


def test_killed_at_any_moment_nothing_is_lost_or_doubled(
    lines: Callable[..., Path], tmp_path: Path
) -> None:
    """Each start goes on where the last one was killed; at the end every document has one vector."""
    path = lines(*({"title": f"t{n}"} for n in range(120)))
    database = tmp_path / "killed.sqlite3"
    done = 0
    for pause in (0.03, 0.11, 0.07):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path), str(database)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
            text=True,
        )
        with process:
            assert process.stdout
            assert process.stdout.readline() == "serving\n"
            time.sleep(pause)
            process.kill()
        emulator = Emulator([path], database=database, embedder=Synonyms())
        progress = emulator.embedding_progress
        emulator.close()
        assert progress
        assert done <= progress.embedded <= progress.documents == 120
        done = progress.embedded
    emulator = Emulator([path], database=database, embedder=Synonyms())
    assert emulator.refresh() == 0
    assert emulator.embed() == 120 - done
    emulator.close()
    with sqlite3.connect(database) as db:
        counts = db.execute(
            "SELECT count(*), count(DISTINCT hash), max(length(value)) FROM vector"
        ).fetchone()
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    assert counts == (120, 120, 2 * Synonyms.dimension)


def test_an_emulator_may_be_closed_by_who_is_told_of_progress(lines: Callable[..., Path]) -> None:
    """On the thread that embeds, which then ends; a garbage collection can close one there, too."""
    closed = threading.Event()

    def close(_: EmbeddingProgress) -> None:
        emulator.close()
        closed.set()

    emulator = Emulator([car_and_login(lines)], embedder=Synonyms(), on_embedding=close)
    directory = emulator._store.path.parent
    with emulator:
        assert closed.wait(PATIENCE)
        assert not directory.exists()


async def test_a_broken_embedder_leaves_words(
    lines: Callable[..., Path], ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    """Searching goes on, and the log says what is wrong."""

    class Broken(Synonyms):
        def embed(self, texts: Any) -> Any:
            raise EmulatorError("no such model")

    async with Emulator([car_and_login(lines)], embedder=Broken()) as emulator:
        await eventually(lambda: "no such model" in caplog.text)
        await eventually(lambda: not emulator.is_embedding)
        assert await found(ask, emulator, "login") == ["login"]
        with pytest.raises(EmulatorError, match="no such model"):
            emulator.embed()


# --- the model ------------------------------------------------------------------------------


@with_model
async def test_the_model_knows_other_words(
    lines: Callable[..., Path], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedder that the extra brings finds an answer in other words, and is there unasked."""
    monkeypatch.delenv(select.SWITCH)
    path = lines(
        {"id": "retry", "title": "Failed requests are sent again after a pause"},
        {"id": "cheese", "title": "The colour of the cheese is yellow"},
        {"id": "key", "title": "Keys are rotated every ninety days"},
    )
    async with Emulator([path]) as emulator:
        emulator.embed()
        for mode in MODES:
            query = "what happens when a call does not succeed"
            assert (await found(ask, emulator, query, mode=mode))[0] == "retry"


@with_model
def test_the_models_vectors_are_unit_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the text: long, empty, of any script."""
    monkeypatch.delenv(select.SWITCH)
    import numpy as np

    model = select.installed_embedder()
    assert model
    texts = ["", "a", "login " * 5000, "登录页面", "\0"]
    vectors = model.embed(texts)
    assert vectors.shape == (len(texts), model.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


@with_model
@pytest.mark.parametrize("which", ["MODEL", "VOCABULARY"])
def test_another_file_is_not_used(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both files are pinned by their digests; the message says which one and what to do."""
    from lightfast.emulator.embedding import minilm

    package, name, _ = getattr(minilm, which)
    monkeypatch.setattr(minilm, which, (package, name, "0" * 64))
    with pytest.raises(EmulatorError, match=r"is not the file .* install it again"):
        minilm.MiniLM().embed(["a"])
    monkeypatch.setattr(minilm, which, (package, "gone.bin", "0" * 64))
    with pytest.raises(EmulatorError, match=r"has no file gone\.bin; "):
        minilm.MiniLM().embed(["a"])


@with_model
def test_the_model_writes_nothing_and_says_nothing(tmp_path: Path) -> None:
    """Onnxruntime's wheels keep a device id below the user's cache and report home; its telemetry is off."""
    script = (
        "import os, sys\n"
        "from lightfast.emulator.embedding.minilm import MiniLM\n"
        "MiniLM().embed(['a'])\n"
        "assert 'onnxruntime' in sys.modules\n"
        "print(os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    home = tmp_path / "home"
    home.mkdir()
    places = (
        "HOME",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "TMPDIR",
    )
    environment = {**os.environ, **dict.fromkeys(places, str(home))}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert list(home.rglob("*")) == []


def test_onnxruntime_is_imported_in_one_place_only() -> None:
    """That is where its telemetry is turned off before."""
    package = Path(select.__file__).parents[2]
    importing = re.compile(r"^\s*(import|from) onnxruntime", re.MULTILINE)
    found = [p.name for p in package.rglob("*.py") if importing.search(p.read_text("utf-8"))]
    assert found == ["onnx.py"]


def test_damaged_vectors_are_made_again(lines: Callable[..., Path], tmp_path: Path) -> None:
    """A vector of another length or of no numbers spoils no answer, and the next run replaces the former."""
    database = tmp_path / "damaged.sqlite3"
    emulator = Emulator([car_and_login(lines)], database=database, embedder=Synonyms())
    emulator.refresh()
    assert emulator.embed() == 3
    with sqlite3.connect(database) as db:
        db.execute("UPDATE vector SET value = x'0102' WHERE sequence = 1")
        db.execute("UPDATE vector SET value = x'' WHERE sequence = 2")
        db.execute("UPDATE vector SET value = zeroblob(3) WHERE sequence = 3")
    db.close()
    assert emulator._semantics
    query = SearchQuery(query="signin")
    found = retrieval.search(emulator._store, "local", query, emulator._semantics.meaning)
    assert [result["id"] for result in found.results] == ["signin"]
    assert emulator.embed() == 3
    found = retrieval.search(emulator._store, "local", query, emulator._semantics.meaning)
    assert sorted(result["id"] for result in found.results) == ["login", "signin"]
    emulator.close()


def test_only_new_texts_are_embedded_after_history_was_rewritten(repository: Repository) -> None:
    """An amended commit, a rebase or another branch has mostly texts that are known."""
    repository.commit("Add a login page", {"a.md": "# Login\n\nText.\n"})
    repository.commit("Change the car")
    embedder = Synonyms()
    emulator = Emulator([repository.path], embedder=embedder)
    emulator.refresh()
    emulator.embed()
    embedder.texts.clear()
    repository.git("commit", "--amend", "--quiet", "--allow-empty", "--message", "Wash the car")
    assert emulator.refresh() > 0
    emulator.embed()
    assert [text.strip() for text in embedder.texts] == ["Wash the car"]
    assert emulator.embedding_progress
    assert emulator.embedding_progress.share == 1
    emulator.close()


def test_words_alone_need_no_numpy(lines: Callable[..., Path]) -> None:
    """Without the extra the emulator works, and loads nothing of it."""
    script = (
        "import sys, json\n"
        "for name in ('numpy', 'onnxruntime', 'tokenizers'): sys.modules[name] = None\n"
        "from lightfast.emulator import Emulator\n"
        "with Emulator([sys.argv[1]], embedder=None) as emulator: print(emulator.documents)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(car_and_login(lines))],
        capture_output=True,
        text=True,
        env={**os.environ},
        check=True,
    )
    assert json.loads(done.stdout) == 3
