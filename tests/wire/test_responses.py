"""Responses decoded: statuses, error bodies, values; all of it without a socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lightfast
from lightfast import LightfastError, ResponseError
from lightfast._secrets import Secret
from lightfast._text import excerpt, printable
from lightfast._wire.responses import HttpResponse, error_from, read_any, read_search
from tests.conftest import KEY
from tests.servers import contract

NOW = datetime(2026, 4, 3, 12, 0, tzinfo=UTC)


def response(body: Any, status: int = 200, **headers: str) -> HttpResponse:
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()  # fmt: skip
    pairs = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())  # fmt: skip
    return HttpResponse(status=status, headers=pairs, body=data, secret=Secret(KEY))


# Rows of the contract's section 6, by the names of the literal errors.
ROWS = {"validation error": "6.1: ", "second revision": "6.2: ", "edge": "6.5: "}


def row_of(case: dict[str, Any]) -> str:
    return next((row for name, row in ROWS.items() if case["name"].startswith(name)), "5: ")


@pytest.mark.parametrize("case", contract("errors.json"), ids=lambda c: row_of(c) + c["name"])
def test_every_error_of_the_contract_becomes_its_exception(case):
    error = error_from(response(case["body"], case["status"], **case["headers"]), NOW)
    assert type(error) is getattr(lightfast, case["raises"])
    assert error.status == case["status"]
    assert error.code == case["code"]
    assert error.request_id == case["request_id"]
    assert error.retryable is case.get("retryable", False)
    assert error.retry_after == case.get("retry_after")
    assert case["says"] in str(error)


@pytest.mark.parametrize("status", range(400, 600))
def test_every_status_from_400_to_599_is_an_error_even_without_a_body(status):
    error = error_from(response(b"", status), NOW)
    assert isinstance(error, lightfast.APIError)
    assert isinstance(error, lightfast.ServerError) is (status >= 500)
    assert error.retryable is (status in {408, 429, 500, 502, 503, 504})
    assert str(status) in str(error)


def test_details_of_either_shape_are_kept():
    first = next(case for case in contract("errors.json") if "without message" in case["name"])
    second = {"body": {"code": "BAD_REQUEST", "data": {"field": "limit", "reason": "too big"}}}
    assert error_from(response(first["body"], 400)).details["formErrors"] == ["Unrecognized key"]
    assert error_from(response(second["body"], 400)).details == {"field": "limit", "reason": "too big"}  # fmt: skip
    assert error_from(response({"error": "X", "details": [1]}, 400)).details == {"details": [1]}


def test_a_retry_after_date_counts_from_now():
    error = error_from(response({}, 429, retry_after="Fri, 03 Apr 2026 12:01:00 GMT"), NOW)
    assert error.retry_after == 60.0


def test_success_is_no_error():
    assert error_from(response(b"")) is None


@pytest.mark.parametrize("status", [100, 199, 300, 301, 304, 307, 308, 600, 999])
def test_what_is_neither_success_nor_error_is_no_answer(status):
    error = error_from(response(b"moved", status, location="https://evil.example/\r\nx"))
    assert isinstance(error, ResponseError)
    assert error.status == status
    assert "\n" not in str(error)


def test_what_the_server_echoes_of_the_key_is_blotted_out():
    body = {"error": "UNAUTHORIZED", "message": f"bad key {KEY}", "details": {"key": KEY}}
    error = error_from(response(body, 401, x_request_id=f"req {KEY}", x_vercel_id=KEY))
    assert KEY not in str(error) + error.body + repr(error.details) + repr(vars(error))
    unreadable = response(f"<html>{KEY}</html>")
    with pytest.raises(ResponseError) as caught:
        read_search(unreadable)
    assert KEY not in str(caught.value) + caught.value.body
    assert KEY not in repr(unreadable.info(1, 0.0).headers)
    assert KEY not in repr(response({}, x_echo=f"Bearer {KEY}").info(1, 0.0).headers)


def escaped(document: object) -> str:
    return json.dumps(document).replace(KEY, "".join(f"\\u{ord(char):04x}" for char in KEY))


@pytest.mark.parametrize("write", [json.dumps, escaped], ids=["plain", "escaped"])
def test_a_key_in_the_id_of_a_request_is_redacted(write):
    """It is logged and traced; also behind JSON's escapes."""
    document = contract("response_minimal.json") | {"requestId": f"req {KEY}"}
    found = read_search(response(write(document)))
    other = read_any(response(write({"requestId": f"req {KEY}"})))
    assert (found.request_id, other.request_id) == ("req …", "req …")
    assert KEY not in repr(found)
    del document["requestId"]
    in_header = read_search(response(write(document), x_request_id=f"req {KEY}"))
    assert in_header.request_id == "req …"


def test_an_error_document_under_200_is_quoted():
    with pytest.raises(ResponseError, match="INTERNAL_ERROR down") as caught:
        read_search(response({"error": "INTERNAL_ERROR", "message": "down", "requestId": "req_1"}))
    assert caught.value.request_id == "req_1"


def test_prose_in_an_error_document_under_200_is_quoted():
    with pytest.raises(ResponseError, match="holds an error: Only HTML here"):
        read_search(response({"error": "Only HTML here"}))


def test_the_request_id_may_come_in_a_header():
    document = contract("response_minimal.json")
    del document["requestId"]
    assert read_search(response(document, x_request_id="req_h")).request_id == "req_h"
    assert read_any(response([], x_request_id="req_h")).request_id == "req_h"


def test_any_json_is_an_answer_to_an_unknown_endpoint():
    answer = read_any(response({"a": 1, "requestId": "req_1"}))
    assert (answer.data, answer.request_id, answer.http.status) == (
        {"a": 1, "requestId": "req_1"},
        "req_1",
        200,
    )
    with pytest.raises(ResponseError, match="not JSON"):
        read_any(response("<html>"))


@given(
    status=st.integers(100, 999),
    body=st.binary(max_size=300) | st.just(orjson.dumps(contract("response_documented.json"))),
    headers=st.dictionaries(st.sampled_from(["retry-after", "x-request-id", "x-vercel-error", "location"]), st.binary(max_size=40)),
)  # fmt: skip
def test_any_answer_is_a_value_or_one_of_our_errors(status, body, headers):
    pairs = tuple((name.encode(), value) for name, value in headers.items())
    answer = HttpResponse(status=status, headers=pairs, body=body, secret=Secret(KEY))
    try:
        error = error_from(answer, NOW)
        if error is not None:
            raise error
        read_search(answer)
    except LightfastError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 3000


@given(st.text(), st.integers(10, 100))
def test_cleaned_text_is_printable_and_bounded(text, length):
    assert printable(text, length).isprintable()
    assert len(printable(text, length)) <= length


def test_an_excerpt_of_anything_is_printable_and_bounded():
    assert excerpt(b"\x1b[31mred\x00 \xff" + b"x" * 100_000).startswith("[31mred \ufffdxxx")
    assert len(excerpt(b"x" * 100_000)) == 500
