from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from lightfast import SearchResult
from lightfast.cli.output import printable
from lightfast.cli.tables import print_results, print_table


def result(**changes: Any) -> SearchResult:
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
def shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    monkeypatch.setenv("COLUMNS", "80")

    def shown(*results: SearchResult, **options: Any) -> str:
        print_results(results, **options)
        return capsys.readouterr().out

    return shown


def test_a_result_is_a_row_and_its_link_a_line(shown):
    assert shown(result(url="https://github.com/acme/api/commit/1")) == (
        "score  source  type    when        title\n"
        " 0.88  github  commit  2026-04-03  Retry failed requests\n"
        "       https://github.com/acme/api/commit/1\n"
    )


def test_the_best_result_comes_in_full_and_the_others_in_rows(shown):
    first = result(type="document", source="docs", extra={"path": "docs/retries.md", "line": 41})
    assert shown(first, result(title="Other", score=0.5), lead=True) == (
        "Retry failed requests\n"
        "docs/retries.md:41\n"
        "docs document, 2026-04-03, score 0.88\n"
        "  With full jitter.\n"
        "\n"
        "score  source  type    when        title\n"
        " 0.50  github  commit  2026-04-03  Other\n"
    )


def test_a_terminal_without_columns_shows_results(shown, monkeypatch):
    """As 80: containers say COLUMNS=0."""
    wide = shown(result(), result(), lead=True)
    monkeypatch.setenv("COLUMNS", "0")
    assert shown(result(), result(), lead=True) == wide


def test_a_single_result_has_no_headings_below_it(shown):
    assert shown(result(occurred_at=None), lead=True) == (
        "Retry failed requests\ngithub commit, score 0.88\n  With full jitter.\n"
    )


def test_the_text_of_the_best_result_is_bounded(shown):
    assert len(shown(result(snippet="word " * 1000), lead=True).splitlines()) == 10


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"extra": {"path": "docs/x.md", "line": 12}}, "docs/x.md:12"),
        ({"extra": {"path": "src/x.py"}}, "src/x.py"),
        ({"extra": {"path": "a\x1b[2J\u202eb.md", "line": 1}}, "a�[2J�b.md:1"),
        ({"extra": {"path": ["x"], "line": "y"}}, ""),
        ({"id": "commit_" + "0123456789" * 4}, "0123456789"),
        ({"id": "0123456789" * 4, "type": "issue"}, ""),
        ({"id": "0123456789abcdef" * 4}, "0123456789"),
        ({"url": "https://linear.app/acme/issue/SHOP-71"}, "https://linear.app/acme/issue/SHOP-71"),
    ],
)
def test_a_place_is_a_file_with_its_line_or_a_short_hash_or_an_address(shown, changes, place):
    lines = shown(result(**changes)).splitlines()[2:]
    assert lines == ([f"       {place}"] if place else [])


def test_without_links_a_commit_shows_its_hash_and_its_whole_address(shown):
    url = "https://github.com/acme/api/commit/" + "0123456789" * 4
    lines = shown(result(id="commit_" + "0123456789" * 4, url=url)).splitlines()
    assert lines[2:] == ["       0123456789", f"       {url}"]


def test_chosen_fields_are_columns(shown):
    assert shown(result(), fields=("title", "place", "occurredAt")) == (
        "title                  place  occurredAt\n"
        "Retry failed requests         2026-04-03T23:00:00Z\n"
    )


def test_a_long_title_goes_on_below_itself(shown):
    lines = shown(result(title="word " * 30)).splitlines()
    assert len(lines) == 5
    assert all(len(line) <= 80 for line in lines)
    assert all(line.startswith(" " * 35 + "word") for line in lines[2:])


def test_a_link_in_a_chosen_field_is_never_cut(shown):
    url = f"https://example.com/{'a' * 70}"
    for fields in (["title", "url"], ["title", "place"], ["url", "title"]):
        assert url in shown(result(url=url, type="issue"), fields=fields)


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
