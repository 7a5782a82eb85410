from __future__ import annotations

import os
import time

from lightfast.cli.cache import DAY, note_daily


def test_a_daily_note_is_printed_once_a_day(cache, capsys):
    for _ in range(2):
        note_daily("x", "Hello.")
    assert capsys.readouterr().err == "Hello.\n"
    yesterday = time.time() - DAY - 1
    os.utime(cache / "x.noted", (yesterday, yesterday))
    note_daily("x", "Hello.")
    assert capsys.readouterr().err == "Hello.\n"


def test_each_note_has_a_day_of_its_own(capsys):
    note_daily("x", "Hello.")
    note_daily("y", "Goodbye.")
    assert capsys.readouterr().err == "Hello.\nGoodbye.\n"


def test_a_clock_that_was_wrong_does_not_silence_a_note_for_ever(cache, capsys):
    note_daily("x", "Hello.")
    os.utime(cache / "x.noted", (time.time() + 10 * DAY,) * 2)
    note_daily("x", "Hello.")
    assert capsys.readouterr().err == "Hello.\nHello.\n"


def test_without_a_cache_it_is_printed_every_time(monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    for _ in range(2):
        note_daily("x", "Hello.")
    assert capsys.readouterr().err == "Hello.\nHello.\n"
