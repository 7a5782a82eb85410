"""Drift as users meet it: on the response, in the log, in a callable, or raised; with a real server."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest

from lightfast import AsyncLightfast, ConfigurationError, DriftError, Lightfast, NotFoundError
from tests.conftest import KEY
from tests.servers import Answer, Server, answer, contract, page

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
    assert [attempt.status for attempt in caught.value.history] == [200]
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


def ten_results(offset: int) -> Answer:
    data = [DOCUMENTED["data"][0] | {"id": id_} for id_ in "abcdefghij"]
    meta = DOCUMENTED["meta"] | {"offset": offset, "total": 100}
    return answer(DOCUMENTED | {"data": data, "meta": meta})


@pytest.mark.parametrize("offset", [0, 10])
def test_a_page_that_repeats_itself_is_told_once_whatever_offset_it_claims(serve, offset):
    """6.4: the service echoed the offset that it had ignored."""
    told = []
    full, repeated = ten_results(offset=0), ten_results(offset=offset)
    with connect(serve(full, repeated), on_drift=told.append) as client:
        assert len(list(client.iter_results("q", limit=10))) == 10
    assert [(drift.kind, drift.path) for drift in told] == [("ignored_option", "request.offset")]
    with connect(serve(full, repeated), on_drift="raise") as client:
        results = client.iter_results("q", limit=10)
        assert [next(results).id for _ in range(10)] == list("abcdefghij")
        with pytest.raises(DriftError, match=r"request\.offset"):
            next(results)


def test_an_extra_body_is_looked_at_too(serve):
    """6b: filters inside `filters` are silently ignored, whoever wrote them there."""
    server = serve(answer(contract("response_2026_04_04.json")), ten_results(offset=0))
    with connect(server) as client:
        response = client.search("q", extra_body={"filters": {"sourceTypes": ["github"]}})
        assert response.drift[-1].path == "request.filters.sourceTypes"
        assert client.search("q", extra_body={"offset": 7}).drift[0].path == "request.offset"


def test_what_a_callable_raises_ends_the_call(serve):
    def stop(drift):
        raise InterruptedError(drift.path)

    with connect(serve(answer(NEW_FIELD)), on_drift=stop) as client:
        with pytest.raises(InterruptedError, match=r"\$\.experiment"):
            client.search("q")


class Awaited:
    async def __call__(self, drift: Any) -> None:
        raise AssertionError


@pytest.mark.parametrize("hook", ["on_drift", "on_retry", "on_response"])
@pytest.mark.parametrize("awaited", [Awaited(), Awaited.__call__])
def test_what_would_have_to_be_awaited_is_refused(hook, awaited):
    with pytest.raises(ConfigurationError, match=f"`{hook}` is called, not awaited"):
        Lightfast(KEY, **{hook: awaited})


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
