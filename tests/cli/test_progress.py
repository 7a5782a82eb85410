from __future__ import annotations

import sys
from collections.abc import Iterator

import click
import pytest

from lightfast.cli import progress
from lightfast.cli.output import QUIET
from lightfast.cli.progress import Embedding, Indexing
from lightfast.emulator import EmbeddingProgress


@pytest.fixture
def context() -> Iterator[click.Context]:
    with click.Context(click.Command("x")) as context:
        yield context


def index(*moments: float) -> Indexing:
    """Index 10 things, of which one more is read at each of the moments, in seconds."""
    clock = iter([0.0, *moments, moments[-1], moments[-1]])
    now = [next(clock)]
    with Indexing(lambda: now[0]) as indexing:
        for done, moment in enumerate(moments, 1):
            now[0] = moment
            indexing(done, 10)
        return indexing


def test_what_takes_less_than_a_second_is_not_worth_a_word(context, capsys):
    index(0.1, 0.9)
    assert capsys.readouterr().err == ""


def test_without_a_terminal_there_is_one_line_at_the_end(context, capsys):
    assert index(0.5, 2.0)._bar._shown is None
    assert capsys.readouterr().err == "Indexed 2 items in 2.0 s.\n"


def test_quiet_keeps_the_line_away(context, capsys):
    context.meta[QUIET] = True
    index(0.5, 2.0)
    assert capsys.readouterr().err == ""


def test_a_terminal_sees_a_bar_after_a_second(context, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert index(0.5, 0.9)._bar._shown is None
    indexing = index(0.5, 2.0, 2.5)
    assert indexing._bar._shown.finished is False
    assert indexing._bar._shown.tasks[0].completed == 3
    assert not indexing._bar._shown.live.is_started
    assert capsys.readouterr().err.endswith("Indexed 3 items in 2.5 s.\n")


def test_a_failure_takes_the_bar_away_and_leaves_the_last_word_to_the_error(
    context, monkeypatch, capsys
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "PATIENCE", -1)
    with pytest.raises(KeyboardInterrupt), Indexing() as indexing:
        indexing(1, 2)
        raise KeyboardInterrupt
    assert not indexing._bar._shown.live.is_started
    assert "Indexed" not in capsys.readouterr().err


def test_a_long_embedding_says_a_line_every_ten_seconds(context, capsys):
    now = [0.0]
    with Embedding(lambda: now[0]) as embedding:
        for done, now[0] in enumerate((1.0, 9.0, 11.0, 12.0, 20.0, 21.5), 1):
            embedding(EmbeddingProgress(embedded=done, documents=1000))
    assert capsys.readouterr().err == (
        "3 of 1,000 documents can be searched by meaning.\n"
        "6 of 1,000 documents can be searched by meaning.\n"
    )
