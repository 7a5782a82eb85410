"""Shared abilities of all values: JSON, both ways; rows; and a table for notebooks."""

from __future__ import annotations

import html.parser
import json
from datetime import UTC, datetime
from typing import NoReturn

import pytest

import lightfast
from lightfast import (
    Cluster,
    ConfigurationError,
    DateRange,
    Entity,
    Headers,
    HttpInfo,
    JsonResponse,
    Reference,
    SearchContext,
    SearchFailure,
    SearchFilters,
    SearchMeta,
    SearchPaths,
    SearchRequest,
    SearchResponse,
    SearchResult,
    ServerError,
    to_dict,
)
from tests.servers import contract

WHEN = datetime(2026, 4, 3, 12, 30, tzinfo=UTC)
HIT = SearchResult(
    id="1", title="Fix login", source="github", type="issue", url="https://x.example/1",
    occurred_at=WHEN, snippet="It was broken", score=0.5, total_events=3,
    entities=(Entity(key="ada", category="person"),),
    references=(Reference(type="issue", id="#1"),),
    extra={"path": "docs/x.md", "line": 12},
)  # fmt: skip
RESPONSE = SearchResponse(
    results=(HIT,),
    meta=SearchMeta(total=7, mode="fast", paths=SearchPaths(vector=True, entity=False, cluster=False)),
    context=SearchContext(clusters=(Cluster(topic="login", keywords=("a",)),)),
    request_id="req_1",
)  # fmt: skip
REQUEST = SearchRequest(
    "q",
    limit=5,
    filters=SearchFilters(
        sources=["github"],
        types=["issue"],
        date_range=DateRange(start=WHEN),
        actor_names=["@ada"],
        source_types=["linear"],
        extra={"labels": ["bug"]},
    ),
    extra={"explain": True},
)
READABLE = [HIT, RESPONSE, RESPONSE.meta, RESPONSE.context, HIT.entities[0], REQUEST, REQUEST.filters]  # fmt: skip


@pytest.mark.parametrize("value", READABLE, ids=lambda value: type(value).__name__)
def test_a_value_survives_the_way_through_json_text(value):
    document = json.loads(value.to_json())
    assert document == value.to_dict() == to_dict(value) == dict(value)
    assert type(value).from_dict(document) == value


def test_an_answer_of_the_api_is_read_from_a_dict_in_either_shape():
    for name in ("response_documented.json", "response_2026_04_04.json"):
        assert len(SearchResponse.from_dict(contract(name))) > 0


def test_from_dict_names_the_place_that_does_not_fit():
    document = RESPONSE.to_dict()
    document["data"][0]["title"] = None
    with pytest.raises(ConfigurationError, match=r"\$\.data\[0\]\.title"):
        SearchResponse.from_dict(document)


@pytest.mark.parametrize(
    ("cls", "document", "says"),
    [
        (SearchRequest, {"limit": 5}, "'query' is missing"),
        (SearchRequest, {"query": ""}, "`query`"),
        (SearchRequest, {"query": "q", "limit": 101}, "`limit`"),
        (SearchRequest, {"query": "q", "filters": 7}, "takes a JSON object, not int"),
        (DateRange, {"begin": "2026-01-01T00:00:00Z"}, "unknown field 'begin'"),
        (SearchResult, [], "takes a JSON object, not list"),
        (SearchFailure, {}, "cannot be read back"),
        (HttpInfo, {}, "cannot be read back"),
    ],
)
def test_from_dict_refuses_what_is_no_such_value(cls, document, says):
    with pytest.raises(ConfigurationError, match=says):
        cls.from_dict(document)


def test_values_without_a_place_in_the_api_are_json_too():
    http = HttpInfo(status=200, headers=Headers([(b"A", b"b")]), attempts=2, elapsed=0.5)
    assert http.to_dict() == {"status": 200, "headers": {"a": "b"}, "attempts": 2, "elapsed": 0.5}
    answer = JsonResponse(data=[1], request_id=None, http=http)
    assert answer.to_dict() == {"data": [1], "requestId": None}
    error = ServerError("down", status=503, code="X", request_id="r", retryable=True)
    outcome = SearchFailure(index=3, query=REQUEST, error=error)
    assert json.loads(outcome.to_json()) == {
        "index": 3,
        "query": REQUEST.to_dict(),
        "error": {
            "type": "ServerError",
            "message": "down",
            "status": 503,
            "code": "X",
            "requestId": "r",
            "retryable": True,
            "attempts": 0,
        },
    }


def test_every_value_is_one():
    from lightfast._value import Value

    for name in (
        *sorted({*lightfast.models.__all__} - {"SearchOutcome"}),
        "DateRange",
        "SearchFilters",
        "SearchRequest",
    ):
        assert issubclass(getattr(lightfast, name), Value), name


def test_a_result_is_no_sequence():
    with pytest.raises(TypeError, match="not iterable"):
        iter(HIT)
    assert RESPONSE["requestId"] == "req_1"
    assert RESPONSE[0] is HIT


# --- rows -------------------------------------------------------------------------------------


def test_a_row_is_flat_and_has_a_real_datetime_and_the_place():
    (row,) = RESPONSE.to_rows()
    assert row == HIT.to_row()
    assert row["occurred_at"] is WHEN
    assert (row["path"], row["line"], row["total_events"]) == ("docs/x.md", 12, 3)
    assert all(isinstance(value, str | int | float | datetime | None) for value in row.values())


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_a_data_frame_says_what_to_install(name, monkeypatch):
    monkeypatch.setitem(
        lightfast.models.__dict__["data_frame"].__globals__, "import_module", _fails
    )
    with pytest.raises(ConfigurationError, match=f"python -m pip install {name}"):
        getattr(RESPONSE, f"to_{name}")()


def _fails(name: str) -> NoReturn:
    raise ModuleNotFoundError(name)


# --- HTML -------------------------------------------------------------------------------------


class _Page(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str | None] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name == "href"]


def test_a_response_is_a_linked_table_in_a_notebook():
    page = _Page(RESPONSE._repr_html_())
    assert page.links == ["https://x.example/1"]
    for said in (
        "Fix login",
        "docs/x.md:12",
        "2026-04-03",
        "It was broken",
        "0.50",
        "of 7 results",
    ):
        assert said in page.text
    assert "Fix login" in _Page(HIT._repr_html_()).text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", None])  # fmt: skip
def test_a_table_is_escaped_and_links_to_web_addresses_only(url):
    evil = "<script>alert(1)</script>\" onmouseover='x'"
    page = _Page(
        SearchResult(
            id="1", title=evil, source=evil, type=evil, snippet=evil, score=float("nan"), url=url,
            extra={"path": evil, "line": "x"},
        )._repr_html_()
    )  # fmt: skip
    assert page.links == []
    assert page.tags == {"table", "thead", "tbody", "tr", "th", "td", "span", "strong", "br"}
    assert page.text.count(evil) == 5


def test_a_link_cannot_leave_its_attribute():
    url = 'https://x.example/"><script>alert(1)</script>'
    page = _Page(SearchResult(id="1", title="t", source="s", type="t", snippet="", score=1, url=url)._repr_html_())  # fmt: skip
    assert page.links == [url]
    assert "script" not in page.tags


def test_an_empty_response_is_an_empty_table():
    empty = SearchResponse(results=(), meta=SearchMeta(total=0))
    assert "0 of 0 results" in empty._repr_html_()
    assert dict(empty) == {"data": [], "meta": {"total": 0}}
