"""`on_retry` and `on_response`: what a program is told of its calls without any tracer."""

from __future__ import annotations

import pytest

from lightfast import (
    AsyncLightfast,
    ConfigurationError,
    JsonResponse,
    Lightfast,
    RetryPolicy,
    SearchResponse,
    ServerError,
)
from tests.servers import Server, answer, contract

DOCUMENT = contract("response_documented.json")
RETRIES = RetryPolicy(retries=2, base_delay=0)


def test_each_wait_is_told_before_it_with_what_was_met_until_then():
    told = []
    script = answer({"error": "X"}, 503), answer({"error": "Y"}, 500), answer(DOCUMENT)
    with (
        Server(*script) as server,
        Lightfast(
            "sk-lf-x", base_url=server.base_url, retries=RETRIES,
            on_retry=lambda error, delay: told.append((error.status, error.attempts, delay)),
        ) as client,
    ):  # fmt: skip
        client.search("q")
    assert told == [(503, 1, 0.0), (500, 2, 0.0)]


async def test_each_answer_is_told():
    told = []
    async with AsyncLightfast("sk-lf-x", base_url="http://127.0.0.1:1", on_response=told.append) as client:  # fmt: skip
        with Server(answer(DOCUMENT)) as server:
            copy = client.with_options(base_url=server.base_url)
            await copy.search("q")
            await copy.post("search", {"query": "q"})
    assert [type(each) for each in told] == [SearchResponse, JsonResponse]
    assert told[0].http.status == 200


def test_what_a_hook_raises_ends_the_call():
    def stop(error, delay):
        raise InterruptedError("enough")

    with (
        Server(answer({"error": "X"}, 503)) as server,
        Lightfast("sk-lf-x", base_url=server.base_url, retries=RETRIES, on_retry=stop) as client,
    ):
        with pytest.raises(InterruptedError, match="enough"):
            client.search("q")
        assert len(server.requests) == 1


def test_a_call_that_fails_has_no_answer_to_tell():
    told = []
    with (
        Server(answer({"error": "X"}, 500)) as server,
        Lightfast(
            "sk-lf-x", base_url=server.base_url, retries=0, on_response=told.append
        ) as client,
        pytest.raises(ServerError),
    ):
        client.search("q")
    assert told == []


@pytest.mark.parametrize("name", ["on_retry", "on_response"])
def test_a_hook_must_be_callable(name):
    with pytest.raises(ConfigurationError, match=f"`{name}` must be callable"):
        AsyncLightfast("sk-lf-x", **{name: "print"})
