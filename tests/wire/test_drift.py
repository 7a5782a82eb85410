"""Drift: what an answer, or an error's body, has that the pinned revision has not; all of it pure."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from lightfast import API_REVISIONS, Drift, SearchRequest, SearchResponse
from lightfast._wire.converter import WireError, read_search
from lightfast._wire.drift import error_body_drift, ignored_options
from tests.servers import contract


def read(document: Any) -> SearchResponse:
    return read_search(orjson.dumps(document))


def paths(response: SearchResponse, kind: str) -> set[str]:
    return {drift.path for drift in response.drift if drift.kind == kind}


@pytest.mark.parametrize("name", ["response_documented.json", "response_minimal.json"])
def test_a_documented_answer_has_no_drift(name):
    response = read(contract(name))
    assert (response.revision, response.drift) == ("2026-04-03", ())


def test_known_revisions_begin_with_the_pinned_one():
    assert API_REVISIONS == ("2026-04-03", "2026-04-04")


def test_unknown_fields_are_listed_by_wire_path_at_every_level():
    """6.6: new fields appear without notice, and are kept."""
    response = read(contract("response_unknown_fields.json"))
    assert paths(response, "unknown_field") == {
        "$.experiment",
        "$.data[].sentiment",
        "$.data[].entities[].weight",
        "$.data[].references[].strength",
        "$.context.graph",
        "$.context.clusters[].size",
        "$.meta.shard",
        "$.meta.paths.graph",
        "$.latency.graphSearch",
    }
    assert {drift.kind for drift in response.drift} == {"unknown_field"}


def test_promised_fields_that_turn_null_are_listed():
    """6.6: optional fields turn null."""
    response = read(contract("response_nulls.json"))
    assert paths(response, "null_field") >= {"$.meta.limit", "$.data[].entities", "$.requestId"}
    assert "$.data[].url" not in paths(response, "null_field")  # null is documented there
    assert {drift.kind for drift in response.drift} == {"null_field"}


@pytest.mark.parametrize(
    ("place", "name", "path"),
    [
        ((), "requestId", "$.requestId"),
        (("meta",), "took", "$.meta.took"),
        (("meta",), "paths", "$.meta.paths"),
        (("data", 0), "occurredAt", "$.data[].occurredAt"),
        (("latency",), "rerank", "$.latency.rerank"),
        (("context", "clusters", 0), "keywords", "$.context.clusters[].keywords"),
    ],
)
def test_promised_fields_that_are_missing_are_listed(place, name, path):
    """6.6: optional fields go missing."""
    document = contract("response_documented.json")
    holder = document
    for step in place:
        holder = holder[step]
    del holder[name]
    assert read(document).drift == (
        Drift("missing_field", path, "missing, though the pinned revision promises it"),
    )


def test_fields_that_may_be_missing_are_no_drift():
    document = contract("response_documented.json")
    del document["context"], document["latency"], document["data"][0]["latestAction"]
    assert read(document).drift == ()


def test_the_second_revision_is_a_revision_of_its_own():
    """6.3: `results` and `total`; what deviates besides is told by the paths of that shape."""
    document = contract("response_2026_04_04.json")
    document["results"][0]["sentiment"] = 1
    del document["results"][0]["url"], document["requestId"], document["total"]
    response = read(document)
    assert response.revision == "2026-04-04"
    assert [(drift.kind, drift.path) for drift in response.drift] == [
        ("revision", "$"),
        ("missing_field", "$.results[].url"),
        ("unknown_field", "$.results[].sentiment"),
        ("missing_field", "$.requestId"),
        ("missing_field", "$.total"),
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"results": None}, r"^\$\.results: expected an array"),
        ({"results": [{}]}, r"^\$\.results\[0\]\.id: missing"),
        ({"total": "many"}, r"^\$\.total: expected a number"),
    ],
)
def test_what_cannot_be_read_of_the_second_shape_is_named_as_it_came(change, says):
    with pytest.raises(WireError, match=says):
        read(contract("response_2026_04_04.json") | change)


def test_one_answer_s_drift_is_not_taken_for_the_next_one_s():
    assert read(contract("response_unknown_fields.json")).drift
    assert read(contract("response_documented.json")).drift == ()
    assert read(contract("response_2026_04_04.json")).drift
    assert read(contract("response_documented.json")).drift == ()


def test_drift_is_bounded_and_printable_whatever_a_server_sends():
    document = contract("response_documented.json")
    document["data"] = [document["data"][0] | {f"\x1b[31m{n}" + "x" * 500: n} for n in range(500)]
    drift = read(document).drift
    assert 0 < len(drift) <= 20
    assert all(len(str(each)) < 200 and str(each).isprintable() for each in drift)


def test_where_a_document_is_found_is_no_drift():
    """Our own emulator adds `path` and `line`."""
    document = contract("response_documented.json")
    document["data"][0] |= {"path": "docs/a.md", "line": 7}
    response = read(document)
    assert response.drift == ()
    assert response[0].extra == {"path": "docs/a.md", "line": 7}


SECOND = read(contract("response_2026_04_04.json"))


@pytest.mark.parametrize(
    ("options", "ignored"),
    [
        pytest.param({}, [], id="6.3: nothing to ignore"),
        pytest.param({"offset": 5}, ["request.offset"], id="6a: offset is ignored"),
        pytest.param({"mode": "thorough"}, ["request.mode"], id="6a: thorough is not known"),
        pytest.param(
            {"filters": {"sources": ["a"], "types": ["b"], "date_range": {"start": "2026-01-01"}}},
            [],
            id="6.3: filters that stand at the top",
        ),
        pytest.param(
            {"filters": {"source_types": ["a"], "actor_names": ["b"], "extra": {"labels": ["c"]}}},
            ["request.filters.actorNames", "request.filters.sourceTypes", "request.filters.labels"],
            id="6b: filters inside `filters` are silently ignored",
        ),
        pytest.param(
            {"filters": {"sources": [], "source_types": [], "actor_names": []}},
            [],
            id="6.3: empty filters, which filter nothing",
        ),
        pytest.param(
            {"extra": {"offset": 5, "filters": {"sourceTypes": ["a"]}, "boost": 2}},
            ["request.offset", "request.filters.sourceTypes", "request.boost"],
            id="6b: fields of the extra body",
        ),
        pytest.param(
            {"extra": {"sources": ["a"], "filters": {"sourceTypes": ["a"]}, "after": "2026Z"}},
            [],
            id="6.3: fields of the extra body that stand at the top",
        ),
        pytest.param(
            {"filters": {"sources": ["a"], "source_types": ["b"]}},
            ["request.filters.sourceTypes"],
            id="6.3: another value at the top",
        ),
    ],
)
def test_what_the_second_revision_cannot_honor_is_told(options, ignored):
    found = ignored_options(SearchRequest("q", **options), SECOND)
    assert [drift.path for drift in found] == ignored
    assert {drift.kind for drift in found} <= {"ignored_option"}


def test_an_offset_of_the_extra_body_is_the_one_that_was_asked_for():
    request = SearchRequest("q", extra={"offset": 5})
    document = contract("response_documented.json")
    document["meta"]["offset"] = 5
    assert ignored_options(request, read(document)) == ()
    document["meta"]["offset"] = 0
    assert [drift.path for drift in ignored_options(request, read(document))] == ["request.offset"]


def test_an_offset_that_was_not_used_is_told():
    """6.4: `offset` may be ignored."""
    first = read(contract("response_documented.json"))
    assert ignored_options(SearchRequest("q", offset=first.meta.offset), first) == ()
    (drift,) = ignored_options(SearchRequest("q", offset=30), first)
    assert (drift.path, drift.message) == ("request.offset", "30 was asked for, 0 was used")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param({"error": "X", "message": "m", "requestId": "r"}, None, id="5: documented"),
        pytest.param(
            {"error": "VALIDATION_ERROR", "details": {}, "requestId": "r"},
            "no message",
            id="6.1: no message",
        ),
        pytest.param(
            {"defined": True, "code": "BAD_REQUEST", "status": 400, "message": "m", "data": {}},
            "revision 2026-04-04",
            id="6.2: second revision",
        ),
        pytest.param(
            {"error": "auth_required", "message": "m", "diagnostics": {}},
            "no requestId",
            id="6b: 2026-06-17 without a request id",
        ),
        pytest.param({"title": "t", "status": 400}, "problem", id="RFC 9457"),
        pytest.param(
            {"error": "X", "message": "m", "requestId": "r", "detail": "d"},
            None,
            id="5: documented, and a detail",
        ),
    ],
)
def test_the_form_of_an_error_s_body_is_told(body, says):
    drift = error_body_drift(json.loads(json.dumps(body)))
    assert [each.kind for each in drift] == (["error_body"] if says else [])
    assert says is None or says in drift[0].message
