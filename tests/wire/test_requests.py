"""Requests as sent, and the next page; all of it without a socket."""

from __future__ import annotations

import enum
import json

import orjson
import pytest

from lightfast import ConfigurationError, SearchRequest, SearchResponse
from lightfast._wire.converter import read_search as decode
from lightfast._wire.requests import get_request, next_page, post_request, search_request
from tests.servers import contract


def test_a_search_is_posted_below_the_base_url():
    request = search_request("https://a.example/api/v1", SearchRequest("q"))
    assert request.url == "https://a.example/api/v1/search"
    assert json.loads(request.body)["query"] == "q"


@pytest.mark.parametrize("path", ["contents", "/contents", "a/b-c/d.e", "a/"])
def test_any_path_below_the_base_url_can_be_posted_to(path):
    assert post_request("https://a.example/v1", path, {}).url.startswith("https://a.example/v1/")


@pytest.mark.parametrize(
    "path",
    ["", "/", "//evil.example", "https://evil.example", "../admin", "a/../../b", "a?b", "a#b", "a b", "a\nb", "é", None, 7],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_is_refused(path):
    with pytest.raises(ConfigurationError, match="`path`"):
        post_request("https://a.example/v1", path, {})


def page(count: int, total: int) -> SearchResponse:
    document = contract("response_minimal.json")
    item = contract("response_nulls.json")["data"][0]
    document["data"] = [item | {"id": str(number)} for number in range(count)]
    document["meta"]["total"] = total
    return decode(orjson.dumps(document))


@pytest.mark.parametrize(
    ("results", "total", "fresh", "offset"),
    [
        (10, 57, 10, 10),  # a full page, more to come
        (10, 10, 10, 10),  # a full page, and a total that counts this page only
        (10, 57, 0, None),  # a page that repeats itself
        (10, 57, 3, 10),  # a page that repeats itself in part
        (0, 57, 0, None),  # an empty page
        (4, 4, 4, None),  # a short page, and no more promised
        (4, 57, 4, 4),  # a short page, because the server caps it
    ],
)
def test_the_next_page_is_asked_for_while_it_may_bring_something(results, total, fresh, offset):
    following = next_page(SearchRequest("q"), page(results, total), fresh)
    assert (following and following.offset) == offset


def test_paging_ends_where_offsets_end():
    request = SearchRequest("q", offset=2**53 - 1)
    assert next_page(request, page(10, 2**60), 10) is None


class Kind(str, enum.Enum):  # noqa: UP042  # whose str() is another than its value
    ISSUE = "issue"


class Int64:
    """Integer of another library, as numpy's are to Python."""

    def __index__(self) -> int:
        return 3


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a b&c", "a=a+b%26c"),
        (1.5, "a=1.5"),
        (True, "a=true"),
        (Int64(), "a=3"),
        (Kind.ISSUE, "a=issue"),
        ([1, Kind.ISSUE], "a=1&a=issue"),
    ],
)
def test_parameters_stand_in_the_url_as_a_server_reads_them(value, written):
    assert get_request("https://a.example", "x", {"a": value}).url.endswith(f"/x?{written}")
