"""The values: what they accept, refuse, show and keep."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, timedelta, timezone

import attrs
import pytest

from lightfast import (
    ConfigurationError,
    DateRange,
    Headers,
    HttpInfo,
    SearchFailure,
    SearchFilters,
    SearchMeta,
    SearchOutcome,
    SearchRequest,
    SearchResponse,
    SearchResult,
    SearchSuccess,
    ServerError,
)

RESULT = SearchResult(
    id="1", title="Fix login", source="github", type="issue", snippet="…", score=0.9
)
RESPONSE = SearchResponse(
    results=(RESULT, attrs.evolve(RESULT, id="2", score=0.5)),
    meta=SearchMeta(total=7, mode="fast"),
    request_id="req_1",
)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"query": ""}, "`query`"),
        ({"query": None}, "`query`"),
        ({"query": b"bytes"}, "`query`"),
        ({"query": "q", "limit": 0}, "`limit` must be a whole number from 1 to 100, not 0"),
        ({"query": "q", "limit": 101}, "`limit`"),
        ({"query": "q", "limit": True}, "`limit`"),
        ({"query": "q", "limit": "10"}, "`limit`"),
        ({"query": "q", "limit": 10.0}, "`limit`"),
        ({"query": "q", "offset": -1}, "`offset`"),
        ({"query": "q", "offset": 2**53}, "`offset`"),
        ({"query": "q", "mode": "slow"}, "fast, balanced, thorough"),
        ({"query": "q", "filters": ["github"]}, r"SearchFilters\(sources="),
        (
            {"query": "q", "filters": {"sourceTypes": ["github"]}},
            "no field 'sourceTypes'; it has sources, types",
        ),
        ({"query": "q", "filters": {"date_range": {"from": 1}}}, "DateRange has no field 'from'"),
        ({"query": "a\ud800b"}, "lone surrogate at character 1"),
        ({"query": "q", "filters": {"sources": ["\udfff"]}}, "lone surrogate"),
        ({"query": "q", "extra": ["x"]}, "mapping"),
        ({"query": "q", "extra": {1: "x"}}, "string keys"),
    ],
)
def test_a_request_that_the_api_would_refuse_cannot_be_made(arguments, says):
    """3: `query` 1 character or more, `limit` 1..100, `offset` 0..2^53-1, three modes."""
    with pytest.raises(ConfigurationError, match=says):
        SearchRequest(**arguments)


def test_a_request_takes_the_largest_values_of_the_contract():
    request = SearchRequest("q", limit=100, offset=2**53 - 1, mode="thorough")
    assert (request.limit, request.offset) == (100, 2**53 - 1)


def test_a_filter_refuses_a_lone_string_because_it_would_be_read_by_letters():
    with pytest.raises(ConfigurationError, match=r"write \['github'\], not 'github'"):
        SearchFilters(sources="github")
    with pytest.raises(ConfigurationError, match=r"write \['github'\], not 'github'"):
        SearchRequest("q", filters={"sources": "github"})
    with pytest.raises(ConfigurationError, match="list of strings"):
        SearchFilters(source_types=["issue", 7])
    with pytest.raises(ConfigurationError, match="list of strings"):
        SearchFilters(types=7)


def test_filters_may_be_a_plain_mapping():
    given = {"sources": ["github"], "date_range": {"start": "2026-08-01"}}
    expected = SearchFilters(sources=["github"], date_range=DateRange(start="2026-08-01"))
    assert SearchRequest("q", filters=given).filters == expected


class Integer:
    """Integer of another library, as numpy's are to Python."""

    def __index__(self) -> int:
        return 20


def test_numbers_may_be_anything_that_stands_for_an_integer():
    request = SearchRequest("q", limit=Integer(), offset=Integer())
    assert (request.limit, request.offset) == (20, 20)
    assert type(request.limit) is int


def test_a_filter_takes_any_iterable_of_strings_and_keeps_unknown_ones():
    filters = SearchFilters(sources=(name for name in ["github"]), extra={"actorNames": ["ada"]})
    assert filters.sources == ("github",)
    assert filters.extra == {"actorNames": ["ada"]}
    assert SearchFilters().sources is None


def test_a_filter_takes_a_date_range_only():
    with pytest.raises(ConfigurationError, match="DateRange"):
        SearchFilters(date_range=("2026-01-01T00:00:00Z", None))


def test_a_date_range_is_utc_whatever_zone_it_was_given_in():
    """3: UTC with a literal `Z`, seconds and fraction optional."""
    at = datetime(2026, 4, 3, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    assert DateRange(start=at).start == datetime(2026, 4, 3, 12, 0, tzinfo=UTC)
    assert DateRange(end="2026-04-03T12:00Z").end == datetime(2026, 4, 3, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("day", [date(2026, 8, 1), "2026-08-01"])
def test_a_day_is_the_whole_of_it_in_utc(day):
    whole = DateRange(start=day, end=day)
    assert whole.start == datetime(2026, 8, 1, tzinfo=UTC)
    assert whole.end == datetime(2026, 8, 1, 23, 59, 59, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (datetime(2026, 4, 3), "aware"),
        ("2026-04-03T12:00:00", "is not a UTC date or timestamp; use e.g. '2026-08-01'"),
        ("2026-04-03T12:00:00+00:00", "not a UTC date or timestamp"),
        ("2026-04-31", "not a UTC date or timestamp: day"),
        ("٢٠٢٦-٠٤-٠٣", "not a UTC date or timestamp"),
        ("2026-13-03T12:00:00Z", "month"),
        (20260403, "not int"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), "UTC equivalent"),
    ],
)
def test_a_date_range_refuses_times_that_could_mean_another(value, says):
    """3: `+00:00` and naive times are rejected."""
    with pytest.raises(ConfigurationError, match=says):
        DateRange(start=value)


def test_a_date_range_does_not_end_before_it_starts():
    with pytest.raises(ConfigurationError, match="before"):
        DateRange(start="2026-04-03T12:00:00Z", end="2026-04-02T12:00:00Z")


def test_a_response_is_a_sequence_of_its_results():
    assert len(RESPONSE) == 2
    assert RESPONSE[0].title == "Fix login"
    assert RESPONSE[-1].id == "2"
    assert RESPONSE[:1] == (RESULT,)
    assert [hit.id for hit in RESPONSE] == ["1", "2"]
    assert RESULT in RESPONSE
    assert [hit.id for hit in reversed(RESPONSE)] == ["2", "1"]


def test_reprs_are_short_and_say_what_matters():
    assert repr(RESULT) == "<SearchResult 0.9 github/issue 'Fix login'>"
    assert repr(RESPONSE) == "<SearchResponse 2 of 7 results, mode='fast', request='req_1'>"


def test_values_are_frozen_hashable_and_survive_copy_and_pickle():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        RESULT.title = "other"
    assert len({RESULT, copy.copy(RESULT)}) == 1
    assert copy.deepcopy(RESPONSE) == RESPONSE
    assert pickle.loads(pickle.dumps(RESPONSE)) == RESPONSE


def test_headers_are_found_in_any_case_and_joined_when_repeated():
    headers = Headers([(b"X-Request-ID", b"r"), (b"Via", b"a"), (b"via", b"b")])
    assert headers["x-request-id"] == "r"
    assert headers["VIA"] == "a, b"
    assert list(headers) == ["x-request-id", "via"]
    assert len(headers) == 2
    assert "content-type" not in headers
    assert headers.get("nope") is None
    assert "x-request-id" in repr(headers)


def test_http_information_survives_pickle():
    info = HttpInfo(status=200, headers=Headers([(b"a", b"b")]), attempts=2, elapsed=0.5)
    assert pickle.loads(pickle.dumps(info)) == info


def test_an_outcome_gives_its_response_or_raises_its_error():
    answered = SearchSuccess(index=0, query="q", response=RESPONSE)
    assert (answered.ok, answered.error, answered.unwrap()) == (True, None, RESPONSE)
    failed = SearchFailure(index=1, query="q", error=ServerError("down"))
    assert (failed.ok, failed.response) == (False, None)
    with pytest.raises(ServerError, match="down"):
        failed.unwrap()
    assert isinstance(answered, SearchOutcome)
    assert isinstance(failed, SearchOutcome)
