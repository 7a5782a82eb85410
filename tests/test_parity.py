"""Section 7 of the contract: what the official TypeScript SDK of April 2026 does, this one does, too."""

from __future__ import annotations

import inspect

import pytest

import lightfast
from lightfast import ConfigurationError, Lightfast, LightfastError, SearchResponse
from tests.conftest import KEY
from tests.servers import answer, contract


@pytest.mark.parametrize(
    ("status", "name", "base"),
    [
        pytest.param(401, "AuthenticationError", "APIError", id="7: AuthenticationError 401"),
        pytest.param(400, "ValidationError", "APIError", id="7: ValidationError 400"),
        pytest.param(404, "NotFoundError", "APIError", id="7: NotFoundError 404"),
        pytest.param(429, "RateLimitError", "APIError", id="7: RateLimitError 429"),
        pytest.param(500, "ServerError", "APIError", id="7: ServerError 5xx"),
    ],
)
def test_errors_have_the_same_classes_and_facts(serve, status, name, base):
    """7: each with `code`, `message`, `requestId` and `status`; a 429 with `retryAfter`."""
    body = {"error": "CODE", "message": "words", "requestId": "req_1"}
    server = serve(answer(body, status, retry_after="7"))
    with (
        Lightfast(KEY, base_url=server.base_url, retries=0) as client,
        pytest.raises(LightfastError) as caught,
    ):
        client.search("q")
    error = caught.value
    assert type(error) is getattr(lightfast, name)
    assert isinstance(error, getattr(lightfast, base))
    assert (error.code, error.request_id, error.status) == ("CODE", "req_1", status)
    assert error.message.startswith("words")
    assert error.retry_after == 7.0


def test_a_network_error_is_one():
    """7: NetworkError."""
    with (
        Lightfast(KEY, base_url="http://127.0.0.1:9", retries=0) as client,
        pytest.raises(lightfast.NetworkError),
    ):
        client.search("q")


def test_a_key_without_a_known_prefix_is_rejected_at_construction():
    """7: it rejects a key without the prefix at construction."""
    with pytest.raises(ConfigurationError, match="sk-lf-"):
        Lightfast("nonsense")


def test_the_user_agent_is_the_same(server):
    """7: `User-Agent: lightfast/<version>`."""
    with Lightfast(KEY, base_url=server.base_url) as client:
        assert isinstance(client.search("q"), SearchResponse)
    assert server.requests[0][0]["User-Agent"] == f"lightfast/{lightfast.__version__}"


def test_the_timeout_is_the_same():
    """7: `timeout? = 30000 ms`."""
    assert inspect.signature(Lightfast).parameters["timeout"].default == 30.0


def test_its_base_url_works_with_the_path_that_it_adds(serve):
    """7: it takes `baseUrl` without `/api/v1` and adds `/v1/search`; ours takes the whole base."""
    server = serve(answer(contract("response_documented.json")))
    origin = server.base_url.removesuffix("/api/v1")
    for base in (f"{origin}/v1", f"{origin}/api/v1"):
        with Lightfast(KEY, base_url=base) as client:
            client.search("q")
    assert server.paths == ["/v1/search", "/api/v1/search"]
