"""Requests as the service's schemas read them: values, defaults and every issue, in zod 4's words."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightfast.emulator.api.dialect import Dialect
from lightfast.emulator.api.revision_2026_04_03 import DOCUMENTED, OBSERVED
from lightfast.emulator.api.revision_2026_04_04 import DIALECT_2026_04_04
from lightfast.emulator.api.validation import InvalidRequestError, NotJsonError
from lightfast.emulator.search.query import SearchQuery


def read_bytes(dialect: Dialect, body: bytes) -> SearchQuery:
    return dialect.query_from(dialect.parse(body, "application/json"))


def read(**body: Any) -> SearchQuery:
    return read_bytes(DOCUMENTED, json.dumps(body).encode())


def read_second(**body: Any) -> SearchQuery:
    return read_bytes(DIALECT_2026_04_04, json.dumps(body).encode())


def test_defaults_are_the_contracts() -> None:
    """3: 10 results from the first, balanced."""
    expected = SearchQuery(query="a", limit=10, offset=0, mode="balanced")
    assert read(query="a") == read_second(query="a") == expected


def test_whole_numbers_may_be_written_with_a_point() -> None:
    """JSON does not distinguish 10 from 10.0."""
    assert read(query="a", limit=100.0, offset=1e3).offset == 1000


def test_unknown_fields_are_ignored() -> None:
    """3: both servers ignore fields that they do not know, at the top and among the filters."""
    assert read(query="a", explain=True, filters={"x": 1, "dateRange": {"y": 2}}).query == "a"


# What zod 4.4.3 said to these values.
ISSUES = [
    ({}, "query", "Invalid input: expected string, received undefined"),
    ({"query": ""}, "query", "Too small: expected string to have >=1 characters"),
    ({"query": None}, "query", "Invalid input: expected string, received null"),
    ({"query": ["a"]}, "query", "Invalid input: expected string, received array"),
    ({"limit": 0}, "limit", "Too small: expected number to be >=1"),
    ({"limit": 101}, "limit", "Too big: expected number to be <=100"),
    ({"limit": 1.5}, "limit", "Invalid input: expected int, received number"),
    ({"limit": "10"}, "limit", "Invalid input: expected number, received string"),
    ({"limit": True}, "limit", "Invalid input: expected number, received boolean"),
    ({"limit": None}, "limit", "Invalid input: expected number, received null"),
    ({"offset": -1}, "offset", "Too small: expected number to be >=0"),
    ({"offset": 2**53}, "offset", "Too big: expected int to be <=9007199254740991"),
    ({"offset": 1e300}, "offset", "Too big: expected int to be <=9007199254740991"),
    ({"mode": "psychic"}, "mode", 'Invalid option: expected one of "fast"|"balanced"|"thorough"'),
    ({"mode": None}, "mode", 'Invalid option: expected one of "fast"|"balanced"|"thorough"'),
    ({"mode": ["fast"]}, "mode", 'Invalid option: expected one of "fast"|"balanced"|"thorough"'),
    ({"filters": None}, "filters", "Invalid input: expected object, received null"),
    ({"filters": []}, "filters", "Invalid input: expected object, received array"),
    (
        {"filters": {"sources": "github"}},
        "filters.sources",
        "Invalid input: expected array, received string",
    ),
    (
        {"filters": {"sources": ["a", 1]}},
        "filters.sources.1",
        "Invalid input: expected string, received number",
    ),
    (
        {"filters": {"dateRange": "today"}},
        "filters.dateRange",
        "Invalid input: expected object, received string",
    ),
    (
        {"filters": {"dateRange": {"end": 1}}},
        "filters.dateRange.end",
        "Invalid input: expected string, received number",
    ),
    (
        {"filters": {"dateRange": {"start": "2026-01-01T00:00:00+00:00"}}},
        "filters.dateRange.start",
        "Invalid ISO datetime",
    ),
]


@pytest.mark.parametrize(("body", "path", "said"), ISSUES, ids=lambda value: str(value)[:40])
def test_a_wrong_value_is_named_by_its_path_and_described_in_zods_words(
    body: dict[str, Any], path: str, said: str
) -> None:
    """3: what a request may hold; 6a: texts in `details` are zod 4's own, grouped by first step."""
    with pytest.raises(InvalidRequestError) as caught:
        read(**{"query": "a", **body} if body else {})
    assert caught.value.field_errors == {path.partition(".")[0]: [said]}
    assert str(caught.value) == f"{path}: {said}"


def test_all_issues_are_found_at_once() -> None:
    """Not one per attempt."""
    with pytest.raises(InvalidRequestError) as caught:
        read(query="", limit=0, filters={"sources": 1, "entityTypes": 2})
    assert {k: len(v) for k, v in caught.value.field_errors.items()} == {
        "query": 1,
        "limit": 1,
        "filters": 2,
    }


@pytest.mark.parametrize("body", [b"[]", b"null", b'"a"', b"1", b"true"])
def test_a_body_that_is_not_an_object_is_a_form_error(body: bytes) -> None:
    """There is no field to name."""
    with pytest.raises(InvalidRequestError) as caught:
        read_bytes(DOCUMENTED, body)
    (said,) = caught.value.form_errors
    assert said.startswith("Invalid input: expected object, received ")
    assert caught.value.field_errors == {}


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "thorough"},
        {"limit": 101},
        {"sources": "github"},
        {"types": [1]},
        {"after": "2026-01-01"},
        {"before": 5},
        {"query": ""},
        {"offset": -1},
        {"offset": "x"},
        {"offset": 2**53},
    ],
    ids=json.dumps,
)
def test_the_second_revision_refuses_what_its_own_schema_refuses(body: dict[str, Any]) -> None:
    """6a: validation; its fields stand at the top."""
    with pytest.raises(InvalidRequestError):
        read_second(**{"query": "login", **body})


@pytest.mark.parametrize(
    "body",
    [
        {"offset": 7},
        {"filters": []},
        {"filters": {"sources": 1, "dateRange": {"start": "x"}}},
    ],
    ids=json.dumps,
)
def test_the_second_revision_ignores_what_only_the_first_one_knows(body: dict[str, Any]) -> None:
    """6a: `offset` is ignored; so is everything in `filters`."""
    assert read_second(query="a", **body) == SearchQuery(query="a")


@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["query", "limit", "filters", "dateRange", "start", "sources"]),
                inner,
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_body_is_read_or_refused(body: bytes) -> None:
    """With a query or one of two errors, in any dialect."""
    for dialect in (DOCUMENTED, OBSERVED, DIALECT_2026_04_04):
        with contextlib.suppress(NotJsonError, InvalidRequestError):
            assert read_bytes(dialect, body).query
