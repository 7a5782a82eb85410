from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lightfast import SearchResult
from lightfast.cli.output import printable
from lightfast.cli.tables import print_results, print_table


def result(**changes):
    values = {
        "id": "1",
        "title": "Retry failed requests",
        "source": "github",
        "type": "commit",
        "snippet": "With full jitter.",
        "score": 0.876,
        "occurred_at": datetime(2026, 4, 3, 23, tzinfo=UTC),
    }
    return SearchResult(**(values | changes))


@pytest.fixture
def shown(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")

    def shown(*results, **options):
        print_results(results, **options)
        return capsys.readouterr().out

    return shown


def test_a_result_is_a_row_and_its_link_a_line(shown):
    assert shown(result(url="https://github.com/acme/api/commit/1")) == (
        "score  source  type    when        title\n"
        " 0.88  github  commit  2026-04-03  Retry failed requests\n"
        "       https://github.com/acme/api/commit/1\n"
    )


def test_a_long_title_goes_on_below_itself(shown):
    lines = shown(result(title="word " * 30)).splitlines()
    assert len(lines) == 5
    assert all(len(line) <= 80 for line in lines)
    assert all(line.startswith(" " * 35 + "word") for line in lines[2:])


def test_a_link_is_never_cut_in_a_pipe(shown):
    url = "https://github.com/acme/api/blob/" + "a" * 100
    assert f"       {url}\n" in shown(result(url=url))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://x/\x1b]8;;", None, "", "docs/x"])
def test_only_a_web_address_is_a_link(shown, url):
    assert len(shown(result(url=url)).splitlines()) == 2


def test_a_snippet_is_shown_on_demand_and_wrapped(shown):
    assert "jitter" not in shown(result())
    lines = shown(result(snippet="jitter " * 20), snippets=True).splitlines()[2:]
    assert len(lines) == 2
    assert all(line.startswith(" " * 7 + "jitter") and len(line) <= 80 for line in lines)


def test_wide_characters_keep_the_columns(shown):
    lines = shown(result(source="日本"), result()).splitlines()
    assert lines[1].startswith(" 0.88  日本    commit")


def test_what_came_from_outside_cannot_steer_the_terminal(shown):
    out = shown(result(title="a\x1b[2Jb\u202ec\nd [bold]e[/bold] :smile:", source="x\x07"))
    assert "a�[2Jb�c d [bold]e[/bold] :smile:" in out
    assert "\x1b" not in out
    assert "\x07" not in out


def test_a_missing_date_is_a_dash(shown):
    assert "commit  -     Retry" in shown(result(occurred_at=None))


def test_no_results_are_no_table(shown):
    assert shown() == ""


def test_numbers_in_front_are_set_right(capsys):
    print_table(("documents", "kind"), [("7", "commits"), ("1200", "documents")])
    assert capsys.readouterr().out == (
        "documents  kind\n        7  commits\n     1200  documents\n"
    )


def test_printable_is_one_line():
    assert printable(" a\n\n b\tc\x85d ") == "a b c d"
