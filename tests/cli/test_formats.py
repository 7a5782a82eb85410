from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from click.testing import Result

from tests.cli.conftest import Run
from tests.conftest import KEY
from tests.servers import Answer, Server, answer, contract, page


@pytest.fixture
def search(run: Run, serve: Callable[..., Server]) -> Callable[..., Result]:
    """Search at a scripted server: `search(*options, script=[…])`."""

    def search(*options: str, script: Iterable[Answer] = ()) -> Result:
        server = serve(*script)
        settings = {"LIGHTFAST_API_KEY": KEY, "LIGHTFAST_BASE_URL": server.base_url}
        result = run("search", "login", "bug", *options, **settings)
        assert result.exit_code in (0, 2), result.stderr
        return result

    return search


def document(**changes: Any) -> Answer:
    """Return the documented answer with one result, changed."""
    whole = contract("response_documented.json")
    whole["data"] = [whole["data"][0] | changes]
    return answer(whole)


def test_json_lines_are_the_api_s_own_results(search):
    lines = search("--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == contract("response_documented.json")["data"]


def test_fields_choose_and_order_what_each_format_prints(search):
    wanted = contract("response_documented.json")["data"]
    for name in ("occurredAt", "occurred_at", "OCCURREDAT"):
        told = json.loads(search("--json", "--fields", f"title, {name}").stdout)
        assert [list(item.items()) for item in told] == [
            [("title", item["title"]), ("occurredAt", item["occurredAt"])] for item in wanted
        ]
    first = json.loads(search("--format", "jsonl", "--fields", "score").stdout.splitlines()[0])
    assert first == {"score": wanted[0]["score"]}


def test_a_field_that_does_not_exist_is_refused_before_anything_is_sent(search):
    result = search("--fields", "title,nope")
    assert result.exit_code == 2
    assert "'nope' is not a field" in result.stderr


def test_csv_can_be_read_back(search):
    told = search(
        "--format", "csv", "--fields", "title,place,entities",
        script=[document(title='a "b",\n; c', path="x.md", line=3)],
    ).stdout  # fmt: skip
    header, row = csv.reader(io.StringIO(told))
    assert header == ["title", "place", "entities"]
    assert row[:2] == ['a "b", ; c', "x.md:3"]
    assert json.loads(row[2]) == contract("response_documented.json")["data"][0]["entities"]


def test_csv_has_one_header_over_all_pages(search):
    told = search(
        "--format", "csv", "--all", "--limit", "2", "--fields", "id",
        script=[page("a", "b", total=3), page("c", total=3, offset=2)],
    ).stdout  # fmt: skip
    assert told.splitlines() == ["id", "a", "b", "c"]


def test_markdown_links_titles_and_lets_nothing_end_a_cell(search):
    told = search(
        "--format", "markdown", "--fields", "title,source",
        script=[document(title="a|b [c](http://x) <b> `d` *e*\nf", url="https://x.y/(z)|")],
    ).stdout  # fmt: skip
    assert told.splitlines() == [
        "| title | source |",
        "|---|---|",
        r"| [a\|b \[c\](http://x) \<b\> \`d\` \*e\* f](https://x.y/%28z%29%7C) | github |",
    ]


@pytest.mark.parametrize("options", [["--format", "csv"], ["--format", "jsonl"], ["--json"]])
def test_formats_for_programs_print_no_notes(search, options):
    assert search(*options).stderr == ""


def test_web_opens_the_first_result(search, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    result = search("--web", script=[document(url="https://github.com/acme/api/pull/7")])
    assert opened == ["https://github.com/acme/api/pull/7"]
    assert result.stderr == "Opening https://github.com/acme/api/pull/7\n"


@pytest.mark.parametrize("url", [None, "javascript:alert(1)", "file:///etc/passwd", "https://a b"])
def test_web_opens_nothing_but_web_pages(search, monkeypatch, url):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    result = search("--web", script=[document(url=url, title="T")])
    assert opened == []
    assert result.stderr == "'T' has no web address; no page was opened.\n"
