"""Anything in: only a value or a LightfastError out, printable and bounded."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightfast import (
    DateRange,
    LightfastError,
    SearchFilters,
    SearchRequest,
    SearchResponse,
    to_dict,
)
from lightfast._retry import RetryPolicy, parse_retry_after, retry_delay
from lightfast._secrets import Secret
from lightfast._text import excerpt, printable
from lightfast._transport.encoding import EncodingError, TooLargeError, decompress, run
from lightfast._wire.converter import read_json, write_search
from lightfast._wire.requests import post_request
from lightfast._wire.responses import HttpResponse, error_from, read_any, read_search
from tests.faults.checks import check_error
from tests.faults.faces import KEY
from tests.faults.plays import GOOD, GOOD_BODY

bounded = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
NOW = datetime(2026, 4, 3, 12, tzinfo=UTC)

keys = st.sampled_from([KEY, KEY.encode().decode(), KEY[:20], KEY[10:]])
texts = st.one_of(st.text(max_size=60), keys, st.tuples(st.text(max_size=9), keys).map("".join))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.text(max_size=9), st.sampled_from(["error", "code", "message", "details", "data", "meta", "requestId", "fieldErrors", "formErrors", "results", "total"])),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=12,
)  # fmt: skip


def _json(document: object) -> bytes:
    import json

    return json.dumps(document).encode("utf-8", "replace")


bodies = st.one_of(st.binary(max_size=300), documents.map(_json), st.just(GOOD_BODY), st.just(b""))
names = st.sampled_from([b"Retry-After", b"X-Request-Id", b"Location", b"x-vercel-id", b"x-vercel-error", b"Content-Type", b"X-Any"])  # fmt: skip
headers = st.lists(st.tuples(names, st.binary(max_size=60)), max_size=5).map(tuple)


def _response(status: int, headers: tuple, body: bytes) -> HttpResponse:
    return HttpResponse(status=status, headers=headers, body=body, secret=Secret(KEY))


@bounded
@given(status=st.integers(0, 999), headers=headers, body=bodies)
def test_any_answer_is_a_success_or_an_error(status, headers, body):
    """Any status, headers and bytes: None for 2xx, else one error that is fit to be shown."""
    error = error_from(_response(status, headers, body), NOW)
    assert (error is None) == (200 <= status < 300)
    if error is not None:
        assert error.retry_after is None or error.retry_after >= 0 if hasattr(error, "retry_after") else True  # fmt: skip
        _check(error, body)


def _check(error: LightfastError, body: bytes) -> None:
    # The middle of a key is nobody's key, unless its beginning stood before it.
    if KEY[10:].encode() in body.replace(KEY.encode(), b""):
        return
    error.__context__ = None  # as the transport does, at the one boundary where errors leave
    check_error(error)


@bounded
@given(headers=headers, body=bodies)
def test_any_body_of_a_200_is_read_or_an_error(headers, body):
    """Any bytes: a response, or a ResponseError that is fit to be shown."""
    for read in (read_search, read_any):
        try:
            result = read(_response(200, headers, body))
        except LightfastError as error:
            _check(error, body)
        else:
            assert isinstance(repr(result), str)


@st.composite
def bent(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the good document with anything in the place of one of its values."""
    import copy

    document = copy.deepcopy(GOOD)
    place = document
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        place[key] = draw(documents)
        return document


@bounded
@given(document=bent())
def test_a_document_with_one_wrong_value_is_read_or_an_error_with_its_place(document):
    """The error tells the path to what is wrong; what is readable survives to_dict()."""
    try:
        result = read_search(_response(200, (), _json(document)))
    except LightfastError as error:
        _check(error, _json(document))
        assert "$" in str(error)
    else:
        again = to_dict(result)
        assert [hit["id"] for hit in again["data"]] == [hit.id for hit in result]


@bounded
@given(value=st.one_of(st.none(), st.text(max_size=60), st.integers().map(str), st.floats().map(str), st.from_regex(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d ([+-]\d{4}|GMT)?")))  # fmt: skip
def test_retry_after_is_read_or_ignored(value):
    """Any text: seconds from 0 on, or None; and a delay that can be slept."""
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or 0 <= seconds < math.inf
    assert 0 <= retry_delay(1, RetryPolicy(), seconds) < math.inf


@bounded
@given(attempt=st.integers(1, 10**9), base=st.floats(0, 1e300), most=st.floats(0, 1e300))
def test_a_delay_never_overflows(attempt, base, most):
    """However often and however long, the wait stays below its bound."""
    assert 0 <= retry_delay(attempt, RetryPolicy(base_delay=base, max_delay=most)) <= most


@bounded
@given(text=st.text(), length=st.integers(1, 50))
def test_clean_text_is_printable_and_bounded(text, length):
    """No control character, no surrogate, no more than asked."""
    result = printable(text, length)
    assert len(result) <= length
    assert result.isprintable()
    assert result.encode("utf-8").decode() == result


@bounded
@given(body=st.binary())
def test_an_excerpt_is_printable_and_bounded(body):
    """Of any bytes."""
    result = excerpt(body)
    assert len(result) <= 500
    assert result.isprintable()


@bounded
@given(body=st.binary(max_size=200), coding=st.one_of(st.sampled_from(["gzip", "deflate", "gzip, deflate", "br", ",", ""]), st.text(max_size=20)))  # fmt: skip
def test_any_coding_of_any_bytes_is_bounded(body, coding):
    """Out come at most as many bytes as allowed, or one of two errors."""
    try:
        assert len(run(decompress(body, coding, 1_000))) <= 1_000
    except (EncodingError, TooLargeError) as error:
        assert str(error).isprintable()


instants = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.timezones())
filters = st.builds(
    SearchFilters,
    sources=st.none() | st.lists(st.text(max_size=9), max_size=3),
    entity_types=st.none() | st.lists(st.text(max_size=9), max_size=3),
    date_range=st.none() | st.builds(DateRange, start=st.none() | instants),
)
requests = st.builds(
    SearchRequest,
    st.text(min_size=1, max_size=40),
    limit=st.integers(1, 100),
    offset=st.integers(0, 2**53 - 1),
    mode=st.sampled_from(["fast", "balanced", "thorough"]),
    filters=st.none() | filters,
)


@bounded
@given(request=requests)
def test_any_request_is_written_as_the_contract_says_or_refused(request):
    """A request that can be built can be sent; only a lone surrogate has no JSON."""
    try:
        document = read_json(write_search(request))
    except LightfastError as error:
        check_error(error)
        return
    assert document["query"] == request.query
    assert (document["limit"], document["offset"], document["mode"]) == (
        request.limit, request.offset, request.mode,
    )  # fmt: skip
    assert document == to_dict(request) | {"filters": document.get("filters")} or "filters" not in document  # fmt: skip
    start = document.get("filters", {}).get("dateRange", {}).get("start")
    if start is not None:
        assert start.endswith("Z")
        at = datetime.fromisoformat(start)
        assert abs(at - request.filters.date_range.start) < timedelta(microseconds=1)


@bounded
@given(query=st.text(st.characters(categories=["Cs", "Lu"]), min_size=1, max_size=9))
def test_a_query_with_lone_surrogates_is_refused_in_words_that_can_be_printed(query):
    """A value that no JSON can hold is a ConfigurationError, and its message can be logged."""
    try:
        write_search(SearchRequest(query))
    except LightfastError as error:
        check_error(error)


@bounded
@given(path=st.one_of(st.text(max_size=30), st.binary(max_size=9), st.none()))
def test_a_path_stays_below_the_base_url(path):
    """Any path: a URL below the base, or refused."""
    try:
        url = post_request("http://127.0.0.1/api/v1", path, {}).url
    except LightfastError as error:
        check_error(error)
    else:
        assert url.startswith("http://127.0.0.1/api/v1/")
        assert ".." not in url.split("/")


def test_a_response_round_trips():
    """The documented answer comes out of to_dict() as it went in."""
    response = read_search(_response(200, (), GOOD_BODY))
    assert isinstance(response, SearchResponse)
    again = to_dict(response)
    assert again["meta"]["total"] == GOOD["meta"]["total"]
    assert again["data"][0]["title"] == GOOD["data"][0]["title"]
