"""Headers of one's own: sent beside the SDK's, and never in place of the credential."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from lightfast import AsyncLightfast, ConfigurationError, Lightfast
from lightfast._wire.requests import REFUSED_HEADERS
from tests.conftest import KEY
from tests.servers import Server


def connect(server: Server, **options: Any) -> Lightfast:
    return Lightfast(KEY, base_url=server.base_url, retries=0, **options)


def test_default_headers_go_with_every_request_and_one_call_s_beside_them(server):
    headers = {"X-Tenant": "acme", "user-agent": "app/1"}
    with connect(server, default_headers=headers) as client:
        client.search("q")
        client.post("x", {}, headers={"x-tenant": "other", "X-Trace": "t"})
        client.get("x")
        client.search("q")
    sent = [(got["X-Tenant"], got.get("X-Trace"), got["User-Agent"]) for got, _ in server.requests]
    assert sent == [
        ("acme", None, "app/1"),
        ("other", "t", "app/1"),
        ("acme", None, "app/1"),
        ("acme", None, "app/1"),
    ]
    assert all(got["Authorization"] == f"Bearer {KEY}" for got, _ in server.requests)


@pytest.mark.parametrize("name", [*sorted(REFUSED_HEADERS), "AUTHORIZATION", "Cookie"])
def test_what_the_sdk_writes_cannot_be_set_and_the_error_lists_it(server, name):
    with pytest.raises(ConfigurationError, match="authorization, connection") as caught:
        Lightfast(KEY, default_headers={name: "secret-value"})
    assert "secret-value" not in str(caught.value)
    with connect(server) as client, pytest.raises(ConfigurationError, match="`headers` cannot set"):
        client.post("x", {}, headers={name: "v"})
    assert server.requests == []


@pytest.mark.parametrize(
    "headers",
    [{"a b": "v"}, {"": "v"}, {1: "v"}, {"X": "a\r\nY: b"}, {"X": "é"}, {"X": 1}, {"X": ""}, ["X"]],
    ids=repr,
)
def test_what_cannot_be_sent_as_a_header_is_refused(headers):
    with pytest.raises(ConfigurationError, match="`default_headers`"):
        AsyncLightfast(KEY, default_headers=headers)


def test_headers_may_hold_secrets_and_are_neither_shown_nor_pickled(server):
    with connect(server, default_headers={"X-Gateway": "gateway-secret"}) as client:
        assert "gateway-secret" not in repr(client) + repr(client._client._config)
        with pytest.raises(ConfigurationError, match="default_headers"):
            pickle.dumps(client)
        plain = client.with_options(default_headers={})
        plain.search("q")
    assert "X-Gateway" not in server.requests[-1][0]
