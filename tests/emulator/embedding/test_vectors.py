"""An embedder of one's own that breaks its promise: one kind of error, and search goes on by words."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lightfast import Lightfast
from lightfast.emulator import Emulator, EmulatorError
from lightfast.emulator.embedding import index, semantics
from lightfast.emulator.embedding.vectors import embed_texts, unit_rows
from tests.waiting import PATIENCE, eventually

Embed = Callable[[Sequence[str]], Any]


class Mine:
    name = "mine"
    dimension = 3

    def __init__(self, embed: Embed) -> None:
        self.embed = embed


def good(texts: Sequence[str]) -> Any:
    return np.tile(np.float32([1, 0, 0]), (len(texts), 1))


BROKEN: list[tuple[Embed, str]] = [
    (lambda texts: 1 // 0, r"failed: ZeroDivisionError: .*by zero"),
    (lambda texts: None, r"returned an array of shape \(\) instead of \(2, 3\)"),
    (lambda texts: "abc", r"failed: ValueError: could not convert"),
    (
        lambda texts: np.ones((len(texts), 5)),
        r"returned an array of shape \(2, 5\) instead of \(2, 3\)",
    ),
    (
        lambda texts: np.ones((len(texts) - 1, 3)),
        r"returned an array of shape \(1, 3\) instead of \(2, 3\)",
    ),
    (lambda texts: np.full((len(texts), 3), np.nan), "returned numbers that are not finite"),
]


@pytest.mark.parametrize(("embed", "message"), BROKEN)
def test_what_an_embedder_does_wrong_names_it(embed: Embed, message: str) -> None:
    with pytest.raises(EmulatorError, match=f"The embedder 'mine' {message}"):
        embed_texts(Mine(embed), ["a", "b"])


@pytest.mark.parametrize("embed", [embed for embed, _ in BROKEN])
def test_search_goes_on_by_words(
    embed: Embed, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notes = tmp_path / "notes.jsonl"
    notes.write_text('{"title": "login"}\n{"title": "car"}\n')
    mine = Mine(good)
    with Emulator([notes], embedder=mine) as emulator:
        emulator.embed()
        mine.embed = embed
        with Lightfast(emulator.create_api_key(), base_url=emulator.base_url) as client:
            found = client.search("login")
        with pytest.raises(EmulatorError):
            notes.write_text('{"title": "new"}\n')
            emulator.refresh()
            emulator.embed()
    assert [hit.title for hit in found] == ["login"]
    assert found.meta.paths.vector is False
    assert "search goes on without meaning" in caplog.text


@pytest.mark.parametrize(("pause", "is_back"), [(0.0, True), (PATIENCE, False)])
def test_meaning_comes_back_after_a_pause(
    pause: float, is_back: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "PAUSE", pause)
    notes = tmp_path / "notes.jsonl"
    notes.write_text('{"title": "login"}\n')
    mine = Mine(good)
    with Emulator([notes], embedder=mine) as emulator:
        emulator.embed()
        with Lightfast(emulator.create_api_key(), base_url=emulator.base_url) as client:
            mine.embed = BROKEN[0][0]
            assert client.search("login").meta.paths.vector is False
            mine.embed = good
            assert client.search("login").meta.paths.vector is is_back


def test_rows_are_scaled_whatever_their_length() -> None:
    rows = embed_texts(Mine(lambda texts: [[3e300, 4e300, 0], [0, 0, 0], [0, 1e-300, 0]]), "abc")
    np.testing.assert_allclose(rows, [[0.6, 0.8, 0], [0, 0, 0], [0, 1, 0]], atol=1e-6)
    assert unit_rows(np.empty((0, 3), np.float32)).shape == (0, 3)


async def test_the_log_holds_the_traceback_of_an_embedder_of_ones_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notes = tmp_path / "notes.jsonl"
    notes.write_text('{"title": "login"}\n')
    async with Emulator([notes], embedder=Mine(lambda texts: 1 // 0)) as emulator:
        await eventually(lambda: not emulator.is_embedding)
    assert "in <lambda>" in caplog.text


def test_closing_does_not_wait_for_an_embedder_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(semantics, "GRACE", 0.01)
    begun, let_go = threading.Event(), threading.Event()

    def hang(texts: Sequence[str]) -> Any:
        begun.set()
        assert let_go.wait(PATIENCE)
        return good(texts)

    notes = tmp_path / "notes.jsonl"
    notes.write_text('{"title": "login"}\n')
    with Emulator([notes], embedder=Mine(hang)):
        assert begun.wait(PATIENCE)
        (thread,) = (t for t in threading.enumerate() if t.name == "lightfast-emulator-embedding")
    assert thread.is_alive()
    let_go.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]
