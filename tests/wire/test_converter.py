"""JSON and models: the documented shape, the alpha's deviations, and words for what is wrong."""

from __future__ import annotations

import copy
import gc
import json
import pickle
from datetime import UTC, datetime
from functools import reduce
from operator import getitem
from typing import Any

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightfast import (
    ConfigurationError,
    DateRange,
    SearchFilters,
    SearchRequest,
    SearchResponse,
    to_dict,
)
from lightfast._wire.converter import WireError, read_json, read_search, write_json, write_search
from lightfast._wire.revisions import wire_name
from tests.servers import CONTRACT, contract


def read(document: Any) -> SearchResponse:
    return read_search(orjson.dumps(document))


def test_the_documented_response_reads_into_models_field_by_field():
    response = read(contract("response_documented.json"))
    hit, bare = response
    assert (hit.id, hit.title, hit.source, hit.type) == (
        "obs_01HV8Z3K",
        "Retry failed requests with exponential backoff",
        "github",
        "pull_request",
    )
    assert hit.occurred_at == datetime(2026, 3, 28, 9, 14, 5, 123000, tzinfo=UTC)
    assert hit.occurred_at.tzinfo is UTC
    assert (hit.score, hit.latest_action, hit.total_events) == (0.92, "merged", 7)
    assert hit.significance_score == 81.5
    assert [(entity.key, entity.category) for entity in hit.entities] == [
        ("@ada", "person"),
        ("src/retry.ts", "file"),
    ]
    assert [(ref.type, ref.id, ref.label) for ref in hit.references] == [
        ("issue", "LIN-204", "fixes"),
        ("commit", "9fceb02", None),
    ]
    assert (bare.url, bare.occurred_at, bare.entities) == (None, None, ())
    assert isinstance(bare.score, float)
    assert response.context.clusters[0].keywords == ("retry", "timeout")
    assert response.context.clusters[1].topic is None
    assert (response.meta.total, response.meta.limit, response.meta.offset) == (57, 10, 0)
    assert (response.meta.took_ms, response.meta.mode) == (128.4, "balanced")
    assert (response.meta.paths.vector, response.meta.paths.cluster) == (True, False)
    assert response.latency.entity_search_ms == 12.0
    assert response.latency.max_parallel_ms == 41.0
    assert response.request_id == "req_7f3a2c"
    assert response.extra == hit.extra == response.meta.extra == response.latency.extra == {}


def test_a_dict_for_unknown_fields_is_there_once_somebody_looks_and_stays():
    hit = read(contract("response_documented.json"))[0]
    assert not [value for value in gc.get_referents(hit) if isinstance(value, dict)]
    assert hit.extra == {}
    assert hit.extra is hit.extra
    hit.extra["note"] = "mine"
    assert attrs.evolve(hit, title="other").extra == {"note": "mine"}


def test_a_value_whose_unknown_fields_nobody_asked_for_is_equal_copied_and_pickled():
    text = contract("response_documented.json")
    for remade in (copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))):
        assert remade(read(text)) == read(text)


def test_optional_fields_may_be_missing_or_null():
    assert list(read(contract("response_minimal.json"))) == []
    (hit,) = response = read(contract("response_nulls.json"))
    assert (hit.latest_action, hit.total_events, hit.entities) == (None, None, ())
    assert (hit.references[0].url, hit.references[0].label) == (None, None)
    assert (response.context, response.latency, response.request_id) == (None, None, None)
    assert (response.meta.limit, response.meta.mode, response.meta.paths) == (None, None, None)


def test_unknown_fields_are_kept_at_every_level_and_unknown_modes_stay_text():
    response = read(contract("response_unknown_fields.json"))
    hit = response[0]
    assert response.extra == {"experiment": "b"}
    assert hit.extra == {"sentiment": {"value": 0.25}}
    assert hit.entities[0].extra == {"weight": 3}
    assert hit.references[0].extra == {"strength": None}
    assert response.context.extra == {"graph": []}
    assert response.context.clusters[0].extra == {"size": 4}
    assert response.meta.extra == {"shard": "eu-1"}
    assert response.meta.paths.extra == {"graph": True}
    assert response.latency.extra == {"graphSearch": 3}
    assert response.meta.mode == "psychic"


def test_the_second_revision_reads_into_the_same_models():
    response = read(contract("response_2026_04_04.json"))
    assert [hit.id for hit in response] == ["obs_9"]
    assert response.meta.total == 1
    assert (response.meta.limit, response.meta.mode, response.latency) == (None, None, None)
    assert response.request_id == "req_second_revision"
    assert read({"results": []}).meta.total == 0


@pytest.mark.parametrize(
    "name", ["response_documented.json", "response_unknown_fields.json", "response_minimal.json"]
)
def test_a_response_is_written_as_the_json_it_came_from(name):
    document = contract(name)
    assert json.loads(json.dumps(to_dict(read(document)))) == document


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_are_written_with_a_literal_z_and_read_back_as_they_were(at):
    body = json.loads(write_search(SearchRequest("q", filters=SearchFilters(date_range=DateRange(start=at)))))  # fmt: skip
    written = body["filters"]["dateRange"]["start"]
    assert written.endswith("Z")
    assert DateRange(start=written).start == at


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("data", 0, "title"), None, "$.data[0].title: expected a string, got null"),
        (("data", 0, "title"), 7, "$.data[0].title: expected a string, got 7"),
        (("data", 1, "score"), "high", "$.data[1].score: expected a number, got 'high'"),
        (("data", 1, "score"), True, "$.data[1].score: expected a number, got a boolean"),
        (("data", 0, "url"), 7, "$.data[0].url: expected a string, got 7"),
        (("data", 0, "occurredAt"), "soon", "$.data[0].occurredAt: expected an ISO 8601 time"),
        (("data", 0, "occurredAt"), "", "$.data[0].occurredAt: expected an ISO 8601 time"),
        (("data", 0, "occurredAt"), "Z", "$.data[0].occurredAt: expected an ISO 8601 time"),
        (("data", 0, "occurredAt"), 1775, "$.data[0].occurredAt: expected an ISO 8601 time"),
        (("data", 0, "totalEvents"), "1", "$.data[0].totalEvents: expected a number"),
        (("data", 0, "entities"), {}, "$.data[0].entities: expected an array, got an object"),
        (("data", 0, "entities", 1), "x", "$.data[0].entities[1]: expected an object, got 'x'"),
        (("data", 0, "entities", 1, "key"), None, "$.data[0].entities[1].key: expected a string"),
        (("data", 1), None, "$.data[1]: expected an object, got null"),
        (("data",), None, "$.data: expected an array, got null"),
        (("meta",), None, "$.meta: expected an object, got null"),
        (("meta", "total"), "57", "$.meta.total: expected a number, got '57'"),
        (("meta", "paths", "vector"), 1, "$.meta.paths.vector: expected true or false, got 1"),
        (("context", "clusters", 0, "keywords", 1), 3, "$.context.clusters[0].keywords[1]"),
        (("latency", "total"), [], "$.latency.total: expected a number, got an array"),
        (("requestId",), 7, "$.requestId: expected a string, got 7"),
    ],
)
def test_a_field_of_the_wrong_type_is_named_by_its_wire_path(path, value, says):
    document = contract("response_documented.json")
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(WireError) as caught:
        read(document)
    assert says in str(caught.value)


@pytest.mark.parametrize("path", [("data",), ("meta",), ("meta", "total"), ("data", 0, "id")])
def test_a_required_field_that_is_missing_is_named(path):
    document = contract("response_documented.json")
    place = document
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    with pytest.raises(WireError, match="missing"):
        read(document)


def test_whole_numbers_may_come_as_floats_because_json_has_one_kind_of_number():
    document = contract("response_documented.json")
    document["meta"]["total"] = 57.0
    assert read(document).meta.total == 57


@pytest.mark.parametrize("number", [57.5, 57.0, 57])
def test_counting_numbers_may_come_fractional(number):
    """4: `total`, `limit`, `offset` and `totalEvents` are typed `number`."""
    document = contract("response_documented.json")
    document["meta"] |= {"total": number, "limit": number, "offset": number}
    document["data"][0]["totalEvents"] = number
    response = read(document)
    read_numbers = [response.meta.total, response.meta.limit, response.meta.offset]
    assert [*read_numbers, response[0].total_events] == [57] * 4
    assert response.drift == ()


def test_times_without_a_zone_are_utc_and_others_become_it():
    document = contract("response_nulls.json")
    times = {
        "2026-04-03T12:00:00": 12,
        "2026-04-03T12:00:00+02:00": 10,
        "2026-04-03T12:00Z": 12,
        "2026-04-03": 0,
    }
    for text, hour in times.items():
        document["data"][0]["occurredAt"] = text
        assert read(document)[0].occurred_at == datetime(2026, 4, 3, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"NaN",
        b"<html>",
        b"\xff\xfe",
        b'{"data": [',
        b'"\\ud800"',
        b"[" * 100_000 + b"]" * 100_000,
        "{}".encode("utf-16"),
    ],
)
def test_what_is_no_answer_is_an_error_in_words(body):
    with pytest.raises(WireError, match=r"^\$"):
        read_search(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text("abc"),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(contract("response_documented.json"))) | st.text("abc"), inner),
        max_leaves=20,
    )
)  # fmt: skip
def test_any_json_is_read_or_refused_in_words(document):
    try:
        read(document)
    except WireError as error:
        assert str(error).startswith("$")


def test_the_minimal_request_is_written_as_the_contract_says():
    assert json.loads(write_search(SearchRequest("login bug"))) == contract("request_minimal.json")


def test_the_full_request_is_written_as_the_contract_says():
    request = SearchRequest(
        "who broke the login page?",
        limit=20,
        offset=40,
        mode="thorough",
        filters=SearchFilters(
            sources=["github", "linear"],
            types=["pull_request", "issue"],
            date_range=DateRange(
                start="2026-01-01T00:00Z",
                end=datetime(2026, 4, 3, 12, 30, 0, 250_000, tzinfo=UTC),
            ),
            actor_names=["@ada"],
        ),
        extra={"explain": True},
    )
    assert json.loads(write_search(request)) == contract("request_full.json")


def test_single_fields_of_the_api_are_written_as_they_are_and_nowhere_else():
    filters = SearchFilters(
        source_types=["github"], observation_types=["commit"], entity_types=["issue"]
    )
    request = SearchRequest("login bug", filters=filters)
    assert json.loads(write_search(request)) == contract("request_single_fields.json")


@pytest.mark.parametrize(
    ("filters", "written"),
    [
        pytest.param(
            {"sources": ["github"]},
            {"filters": {"sourceTypes": ["github"], "sources": ["github"]}, "sources": ["github"]},
            id="3: a provider is sent as sourceTypes and as sources",
        ),
        pytest.param(
            {"types": ["commit"]},
            {
                "filters": {"observationTypes": ["commit"], "entityTypes": ["commit"]},
                "types": ["commit"],
            },
            id="3: a kind is sent as observationTypes and as entityTypes",
        ),
        pytest.param(
            {"date_range": DateRange(start="2026-01-01", end="2026-01-31")},
            {
                "filters": {
                    "dateRange": {
                        "start": "2026-01-01T00:00:00Z",
                        "end": "2026-01-31T23:59:59.999999Z",
                    }
                },
                "after": "2026-01-01T00:00:00Z",
                "before": "2026-01-31T23:59:59.999999Z",
            },
            id="3: dateRange is sent as after and before, too",
        ),
        pytest.param(
            {"actor_names": ["@sarah"]},
            {"filters": {"actorNames": ["@sarah"]}},
            id="3: actorNames, in the prose only",
        ),
        pytest.param(
            {"sources": ["github"], "source_types": ["linear"]},
            {"filters": {"sourceTypes": ["linear"], "sources": ["github"]}, "sources": ["github"]},
            id="3: a single field wins over the provider",
        ),
        pytest.param(
            {"types": ["issue"], "extra": {"entityTypes": None, "labels": ["x"]}},
            {
                "filters": {"observationTypes": ["issue"], "entityTypes": None, "labels": ["x"]},
                "types": ["issue"],
            },
            id="3: extra wins over everything",
        ),
        pytest.param(
            {"sources": []},
            {"filters": {"sourceTypes": [], "sources": []}, "sources": []},
            id="3: an empty filter is sent as it is",
        ),
    ],
)
def test_a_filter_is_written_under_the_names_of_both_revisions(filters, written):
    body = to_dict(SearchRequest("q", filters=SearchFilters(**filters)))
    minimal = {"query": "q", "limit": 10, "offset": 0, "mode": "balanced"}
    assert body == minimal | written


def test_filters_of_the_extra_body_join_those_that_are_known():
    request = SearchRequest(
        "q",
        filters=SearchFilters(sources=["github"]),
        extra={"filters": {"actorNames": ["ada"]}},
    )
    assert json.loads(write_search(request))["filters"] == {
        "sourceTypes": ["github"],
        "sources": ["github"],
        "actorNames": ["ada"],
    }


@pytest.mark.parametrize("value", ["\ud800", object(), {1: 2}, 2**70])
def test_what_json_cannot_hold_is_refused_before_it_is_sent(value):
    with pytest.raises(ConfigurationError, match="JSON"):
        write_json(value)


def test_a_lone_surrogate_in_a_query_is_refused_before_it_is_sent():
    with pytest.raises(ConfigurationError, match="JSON"):
        write_search(SearchRequest("\ud800"))


def test_to_dict_takes_values_of_this_package_only():
    with pytest.raises(ConfigurationError, match="not dict"):
        to_dict({})


def test_names_on_the_wire_are_camel_case_without_units():
    names = {
        "results": "data",
        "occurred_at": "occurredAt",
        "took_ms": "took",
        "max_parallel_ms": "maxParallel",
        "id": "id",
    }
    assert {name: wire_name(name) for name in names} == names


def test_reading_leaves_the_document_as_it_was():
    document = contract("response_unknown_fields.json")
    before = copy.deepcopy(document)
    read(document)
    assert document == before


def test_every_response_of_the_contract_is_read():
    for path in CONTRACT.glob("response_*.json"):
        assert read_search(path.read_bytes()).meta.total >= 0


def test_json_is_read_as_it_is():
    assert read_json(b'{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}


@pytest.mark.parametrize("place", ["data", "entities", "references"])
def test_what_is_wrong_late_in_an_array_is_found_though_what_came_before_was_used_up(place):
    """Reading frees each object once it has been read; a second look has to start anew."""
    document = contract("response_documented.json")
    items = document["data"] if place == "data" else document["data"][0][place]
    items += [dict(items[0]) for _ in range(100)]
    for index in (0, 1, 50, len(items) - 1):
        for name in ("id", "key", "type"):
            if name not in items[index]:
                continue
            value = items[index].pop(name)
            with pytest.raises(WireError, match=rf"\[{index}\]\.{name}: missing"):
                read(document)
            items[index][name] = value
    assert read(document)


@pytest.mark.parametrize("size", [2, 200])
@pytest.mark.parametrize(
    ("path", "names"),
    [
        ((), ("context", "latency", "requestId")),
        (("data", 0), ("url", "occurredAt", "latestAction", "entities", "references")),
        (("context",), ("clusters",)),
        (("context", "clusters", 0), ("topic", "summary", "keywords")),
        (("meta",), ("limit", "took", "paths")),
    ],
)
def test_a_new_field_in_place_of_a_missing_one_leaves_all_others_as_they_are(path, names, size):
    """As many fields as are known need not be those: nothing may be read from a used-up array."""
    for name in names:
        document = contract("response_documented.json")
        item = reduce(getitem, path, document)
        for array in (value for value in item.values() if isinstance(value, list)):
            array += [array[-1]] * (size - len(array))
        del item[name]
        expected = to_dict(read(document))
        item["new"] = 1
        reduce(getitem, path, expected)["new"] = 1
        assert to_dict(read(document)) == expected


def test_a_document_that_is_read_into_a_value_is_left_as_it_was():
    document = contract("response_documented.json")
    SearchResponse.from_dict(document)
    assert document == contract("response_documented.json")


def test_reading_leaves_the_garbage_collector_alone(monkeypatch):
    """It belongs to the process: pausing it would undo an application's own gc.disable()."""
    document = contract("response_documented.json")
    document["data"] *= 200
    for name in ("disable", "enable", "freeze", "set_threshold"):
        monkeypatch.setattr(gc, name, lambda *_: pytest.fail("touched"))
    assert len(read(document)) == 200 * len(contract("response_documented.json")["data"])
