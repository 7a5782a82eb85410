"""Drift as users meet it: on the response, in the log, in a callable, or raised; with a real server."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest

from lightfast import AsyncLightfast, ConfigurationError, DriftError, Lightfast, NotFoundError
from tests.conftest import KEY
from tests.servers import Server, answer, contract, page

DOCUMENTED = contract("response_documented.json")
NEW_FIELD = DOCUMENTED | {"experiment": "b"}
TWO_NEW_FIELDS = NEW_FIELD | {"shard": 1}


def connect(server: Server, **options: Any) -> Lightfast:
    return Lightfast(KEY, base_url=server.base_url, retries=0, **options)


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "lightfast.drift"]


def test_drift_is_on_the_response_and_the_first_of_each_kind_in_the_log(serve, caplog):
    server = serve(answer(DOCUMENTED), answer(NEW_FIELD), answer(TWO_NEW_FIELDS), page("a"))
    with connect(server) as client:
        assert client.search("q").drift == ()
        assert messages(caplog) == []
        assert [drift.path for drift in client.search("q").drift] == ["$.experiment"]
        assert len(client.search("q").drift) == 2
        assert len(messages(caplog)) == 1
        assert "unknown_field $.experiment" in messages(caplog)[0]
        client.search("q")
        assert len(messages(caplog)) == 2
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_a_callable_is_told_each_deviation_of_each_answer(serve):
    told = []
    with connect(serve(answer(TWO_NEW_FIELDS)), on_drift=told.append) as client:
        client.search("q")
        client.search("q")
    assert [drift.path for drift in told] == ["$.experiment", "$.shard"] * 2


def test_raise_raises_what_deviates_and_lets_the_rest_through(serve):
    server = serve(answer(DOCUMENTED), answer(TWO_NEW_FIELDS))
    with connect(server, on_drift="raise") as client:
        assert client.search("q").drift == ()
        with pytest.raises(DriftError, match=r"\$\.experiment.*and 1 more") as caught:
            client.search("q")
    assert [drift.path for drift in caught.value.drift] == ["$.experiment", "$.shard"]
    assert (caught.value.status, caught.value.request_id) == (200, "req_7f3a2c")
    assert pickle.loads(pickle.dumps(caught.value)).drift == caught.value.drift


def test_the_second_revision_and_an_option_that_it_ignores(serve):
    """6.3, 6a: the answer shows the second revision, and the request had an offset."""
    server = serve(answer(contract("response_2026_04_04.json")))
    with connect(server) as client:
        response = client.search("q", offset=20, filters={"source_types": ["github"]})
    assert response.revision == "2026-04-04"
    assert [drift.path for drift in response.drift] == [
        "$",
        "request.offset",
        "request.filters.sourceTypes",
    ]


def test_an_error_in_another_form_says_so_and_stays_the_error_it_is(serve, caplog):
    body = {"defined": False, "code": "NOT_FOUND", "status": 404, "message": "Not Found"}
    told = []
    server = serve(answer(body, 404))
    with connect(server, on_drift=told.append) as client, pytest.raises(NotFoundError) as caught:
        client.search("q")
    assert [drift.kind for drift in caught.value.drift] == ["error_body"]
    assert tuple(told) == caught.value.drift
    assert "error_body" in messages(caplog)[0]
    with connect(server, on_drift="raise") as client, pytest.raises(NotFoundError):
        client.search("q")


def test_paging_that_repeats_itself_ends_and_is_told(serve):
    """6.4: automatic paging notices a page that repeats itself and stops."""
    told = []
    full = page(*"abcdefghij", total=100)
    with connect(serve(full), on_drift=told.append) as client:
        assert [hit.id for hit in client.iter_results("q", limit=10)] == list("abcdefghij")
    assert "request.offset" in {drift.path for drift in told if drift.kind == "ignored_option"}


def test_what_to_do_with_drift_is_checked_and_changed_by_with_options(serve):
    with pytest.raises(ConfigurationError, match="`on_drift`"):
        Lightfast(KEY, on_drift="warn")
    with connect(serve(answer(NEW_FIELD)), on_drift="raise") as client:
        assert client.with_options(on_drift=None).search("q").drift
        with pytest.raises(DriftError):
            client.with_options(timeout=5).search("q")


async def test_the_asynchronous_client_tells_the_same(serve):
    server = serve(answer(NEW_FIELD))
    async with AsyncLightfast(KEY, base_url=server.base_url, on_drift="raise") as client:
        with pytest.raises(DriftError):
            await client.search("q")
        (outcome,) = [outcome async for outcome in client.search_many(["q"])]
    assert isinstance(outcome.error, DriftError)
