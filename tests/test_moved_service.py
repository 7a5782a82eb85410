"""Section 6b of the contract: where the service went, and what a client pinned to 2026-04-03 makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from lightfast import (
    APIError,
    AuthenticationError,
    ConfigurationError,
    Lightfast,
    NotFoundError,
    ServerError,
    ValidationError,
)
from lightfast.emulator import SAMPLE, Emulator
from tests.conftest import KEY
from tests.servers import Server, answer

EMPTY_404 = answer("", 404)


def connect(server: Server, key: str = KEY, **options: Any) -> Lightfast:
    return Lightfast(key, base_url=server.base_url, retries=0, **options)


@pytest.fixture
def second() -> Iterator[Emulator]:
    with Emulator([SAMPLE], embedder=None, api_revision="2026-04-04") as emulator:
        yield emulator


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param("", 404, id="6b: empty 404"),
        pytest.param({"error": "not_found"}, 404, id="6b: 404"),
        pytest.param("", 410, id="410"),
    ],
)
def test_search_that_is_gone_is_told_with_where_it_may_be(serve, body, status):
    """6b: 2026-05-07, 2026-05-11, and 6.7: a 404 names the URL, the other address and the date."""
    server = serve(answer(body, status))
    with connect(server) as client, pytest.raises(APIError) as caught:
        client.search("q")
    said = str(caught.value)
    assert f"{server.base_url}/search" in said
    assert "base_url='https://lightfast.ai/v1'" in said
    assert "2026-05-07" in said
    assert "lightfast doctor" in said
    assert not caught.value.retryable


def test_each_of_the_two_addresses_names_the_other():
    """6.7: the documentation's path and that of the OpenAPI file."""
    from lightfast._secrets import Secret
    from lightfast._wire.moved import advice
    from lightfast.models import Headers

    said = {
        base: advice(404, f"{base}/search", Headers(), Secret(KEY))
        for base in ("https://lightfast.ai/api/v1", "https://lightfast.ai/v1")
    }
    assert "base_url='https://lightfast.ai/v1'" in said["https://lightfast.ai/api/v1"]
    assert "base_url='https://lightfast.ai/api/v1'" in said["https://lightfast.ai/v1"]


def test_filters_work_at_the_address_of_2026_04_05(second):
    """6b: `/v1/search` in the second revision: filters are honored there, because they stand at the top."""
    base_url = second.console_url + "v1"
    with Lightfast(second.create_api_key(), base_url=base_url) as client:
        response = client.search("login deploy", filters={"sources": ["vercel"]})
        assert response.revision == "2026-04-04"
        assert {hit.source for hit in response} == {"vercel"}
        with pytest.raises(ValidationError, match="Input validation failed"):
            client.search("login", mode="thorough")


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(KEY, id="6b: sk-lf- stops"),
        pytest.param("ak_" + "x" * 43, id="6b: 2026-05-15 ak_"),
        pytest.param("lf_" + "x" * 43, id="6b: 2026-05-27 lf_"),
    ],
)
def test_keys_of_later_revisions_are_sent_and_a_401_says_which_kind_is_taken_when(serve, key):
    server = serve(answer({"error": "UNAUTHORIZED", "message": "no", "requestId": "r"}, 401))
    with connect(server, key) as client, pytest.raises(AuthenticationError) as caught:
        client.search("q")
    assert server.requests[0][0]["Authorization"] == f"Bearer {key}"
    said = str(caught.value)
    assert "'sk-lf-' from 2026-04-03, 'ak_' from 2026-05-15, 'lf_' from 2026-05-27" in said
    prefix = next(p for p in ("sk-lf-", "ak_", "lf_") if key.startswith(p))
    assert f"yours begins with '{prefix}'" in said
    assert key not in said


def test_the_emulator_says_itself_what_is_wrong(second):
    second.api_revision = "2026-04-03"
    with (
        Lightfast(KEY, base_url=second.base_url) as client,
        pytest.raises(AuthenticationError) as caught,
    ):
        client.search("q")
    assert "hosted service" not in str(caught.value)


def test_signals_can_be_posted_and_got(serve):
    """6b: 2026-05-27 `POST /signals` → 202, `GET /signals/{id}`."""
    server = serve(answer({"id": "sig_1"}, 202), answer({"id": "sig_1", "status": "done"}))
    with connect(server) as client:
        posted = client.post("signals", {"kind": "deploy"}, headers={"Idempotency-Key": "k1"})
        assert (posted.http.status, posted.data) == (202, {"id": "sig_1"})
        got = client.get(f"signals/{posted.data['id']}", {"expand": ["a", "b"], "full": True})
    assert got.data["status"] == "done"
    assert server.paths == ["/api/v1/signals", "/api/v1/signals/sig_1"]
    (first, body), (second_, nothing) = server.requests
    assert (first["Idempotency-Key"], body) == ("k1", {"kind": "deploy"})
    assert (second_["Authorization"], nothing) == (f"Bearer {KEY}", None)
    assert not {"Content-Type", "Content-Length"} & second_.keys()


def test_health_can_be_got(serve):
    """6b: 2026-05-11 `GET /system/health`."""
    server = serve(answer({"status": "ok"}))
    with connect(server) as client:
        assert client.get("system/health").data == {"status": "ok"}


async def _of_2026_06_17(request: web.Request) -> web.StreamResponse:
    """Answer an unknown path as the service does from then on: by the `Accept` header."""
    accept = request.headers.get("Accept", "")
    if "html" in accept or "*/*" in accept:
        return web.Response(status=404)
    return web.json_response({"error": "Only HTML requests are supported here"}, status=500)


def test_an_unknown_path_is_a_404_and_no_500_that_is_retried(serve):
    """6b: 2026-06-17 `Accept: application/json, */*;q=0.5` gets the 404."""
    server = serve(_of_2026_06_17)
    with (
        Lightfast(KEY, base_url=server.base_url, retries=2) as client,
        pytest.raises(NotFoundError) as caught,
    ):
        client.search("q")
    assert server.requests[0][0]["Accept"] == "application/json, */*;q=0.5"
    assert caught.value.attempts == 1


@pytest.mark.parametrize("prose", ["Only HTML requests are supported here", "Unavailable!"])
def test_prose_in_the_place_of_a_code_is_a_message(serve, prose):
    """6b: 2026-06-17 `{"error": "Only HTML requests are supported here"}`."""
    server = serve(answer({"error": prose}, 500))
    with connect(server) as client, pytest.raises(ServerError) as caught:
        client.search("q")
    assert caught.value.message == prose
    assert caught.value.code is None


def test_errors_of_2026_06_17_keep_code_message_and_diagnostics(serve):
    """6b: 2026-06-17 `{"error": "auth_required", "message", "diagnostics"}`, no request id."""
    body = {"error": "auth_required", "message": "Sign in", "diagnostics": {"hint": "no key"}}
    with connect(serve(answer(body, 401))) as client, pytest.raises(AuthenticationError) as caught:
        client.search("q")
    assert (caught.value.code, caught.value.request_id) == ("auth_required", None)
    assert caught.value.message.startswith("Sign in")
    assert caught.value.details["diagnostics"] == {"hint": "no key"}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param(
            {"type": "about:blank", "title": "Bad Request", "detail": "limit is too big"},
            "Bad Request: limit is too big",
            id="problem+json",
        ),
        pytest.param(
            {
                "defined": True,
                "code": "BAD_REQUEST",
                "status": 400,
                "message": "Input validation failed",
                "data": {"issues": [{"message": "Too big", "path": ["filters", 0]}, "?"]},
            },
            "Input validation failed: filters.0: Too big",
            id="oRPC's issues",
        ),
        pytest.param(
            {"data": {"issues": [{"message": "Required"}]}}, "Required", id="issues alone"
        ),
        pytest.param(
            {"data": {"issues": [{"message": "Required", "path": [{"key": "query"}, 0]}]}},
            "query.0: Required",
            id="steps that are objects",
        ),
        pytest.param(
            {
                "defined": True,
                "code": "BAD_REQUEST",
                "message": "Invalid",
                "data": {"field": "limit", "reason": "Too big"},
            },
            "Invalid: limit: Too big",
            id="6.2: field and reason",
        ),
        pytest.param(
            {"data": {"field": "limit"}, "message": "Invalid"}, "Invalid", id="6.2: field"
        ),
    ],
)
def test_other_forms_of_errors_give_a_message(serve, body, says):
    with connect(serve(answer(body, 400))) as client, pytest.raises(APIError) as caught:
        client.search("q")
    assert caught.value.message == says


@pytest.mark.parametrize(
    "path", ["", "../x", "https://evil.example", "a?b=1", "a b"], ids=lambda path: path or "empty"
)
def test_get_goes_below_the_base_url_only(serve, path):
    with connect(serve()) as client, pytest.raises(ConfigurationError, match="`path`"):
        client.get(path)


def test_an_answer_without_content_is_none(serve):
    with connect(serve(answer("", 204))) as client:
        response = client.post("signals", {})
    assert (response.data, response.http.status) == (None, 204)


@pytest.mark.parametrize("params", ["a=1", {"a": object()}, {"a": None}, {1: "a"}, {"a": "\ud800"}])
def test_parameters_that_cannot_stand_in_a_url_are_refused(serve, params):
    with connect(serve()) as client, pytest.raises(ConfigurationError, match="`params`"):
        client.get("x", params)
