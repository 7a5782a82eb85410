"""Pickle and deepcopy: of clients, errors, responses and all that hangs on them."""

from __future__ import annotations

import asyncio
import copy
import pickle
import ssl

import pytest

from lightfast import (
    AsyncLightfast,
    ConfigurationError,
    Lightfast,
    LightfastError,
    SearchRequest,
    SessionAuth,
    UsageError,
)
from lightfast._auth import Credential
from lightfast._secrets import Secret
from tests.faults.checks import check_error, shows_secret
from tests.faults.faces import KEY, USUAL
from tests.faults.plays import GOOD, reply
from tests.faults.server import FaultServer

ID = GOOD["data"][0]["id"]
CLIENTS = [Lightfast, AsyncLightfast]


@pytest.mark.parametrize("cls", CLIENTS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_client_is_pickled_without_its_key(server, monkeypatch, cls, protocol):
    """Elsewhere it reads its key from the environment, and works."""
    data = pickle.dumps(cls(**USUAL | {"base_url": server.base_url, "timeout": 7.0}), protocol)
    assert not shows_secret(data.decode("latin-1"))
    with pytest.raises(ConfigurationError, match="No API key"):
        pickle.loads(data)
    monkeypatch.setenv("LIGHTFAST_API_KEY", KEY)
    client = pickle.loads(data)
    assert server.base_url in repr(client)
    if cls is Lightfast:
        assert client.search("q")[0].id == ID
        client.close()
    else:
        asyncio.run(_search_and_close(client))


async def _search_and_close(client: AsyncLightfast) -> None:
    assert (await client.search("q"))[0].id == ID
    await client.aclose()


@pytest.mark.parametrize("cls", CLIENTS)
def test_a_client_that_only_a_secret_could_rebuild_is_not_pickled(cls, trusting_context):
    """A session, a proxy or a context of its own cannot travel, and the error says what to do."""
    for options in (
        {"auth": SessionAuth("tok", org_id="org_1")},
        {"api_key": KEY, "proxy": "http://me:pw@127.0.0.1:1"},
        {"api_key": KEY, "ssl": trusting_context},
    ):
        with pytest.raises(ConfigurationError, match="where it is used") as caught:
            pickle.dumps(cls(**options))
        check_error(caught.value)


@pytest.fixture
def trusting_context() -> ssl.SSLContext:
    """Return a context of one's own."""
    return ssl.create_default_context()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_shares_connections(server, copied):
    """A copied client works, and closes nothing that is not its own."""
    with Lightfast(**USUAL | {"base_url": server.base_url}) as client:
        client.search("q")
        other = copied(client)
        assert other.search("q")[0].id == ID
        other.close()
        assert client.search("q")[0].id == ID
    assert server.connections == 1


def test_a_response_travels(server, face):
    """A response is the same after pickle and deepcopy, with its headers."""
    with face(**USUAL | {"base_url": server.base_url}) as client:
        response = client.search()
    for again in (pickle.loads(pickle.dumps(response)), copy.deepcopy(response)):
        assert again == response
        assert again.http.status == 200
        assert dict(again.http.headers) == dict(response.http.headers)
    assert not shows_secret(pickle.dumps(response).decode("latin-1"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 429, 500, 503])
def test_an_error_travels(stage, face, status):
    """An error from the wire is the same after pickle, copy and deepcopy."""
    body = {"error": "CODE", "message": "words", "requestId": "req_1", "details": {"a": [1]}}
    with stage.serve(FaultServer(reply(body, status))) as server:
        with face(**USUAL | {"base_url": server.base_url}) as client:
            with pytest.raises(LightfastError) as caught:
                client.search()
    check_error(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.__dict__ == caught.value.__dict__


def test_a_request_travels():
    """A request is a value."""
    request = SearchRequest("q", extra={"new": [1]})
    assert pickle.loads(pickle.dumps(request)) == copy.deepcopy(request) == request


@pytest.mark.parametrize("value", [Secret(KEY), Credential(Secret(KEY), {"Authorization": KEY})])
def test_a_secret_never_travels(value):
    """Objects that hold a key refuse to be pickled, rather than to carry it along."""
    with pytest.raises(TypeError):
        pickle.dumps(value)


@pytest.mark.parametrize("cls", CLIENTS)
def test_used_after_close(server, cls):
    """A closed client says so, and how to go on; so do its copies."""
    client = cls(**USUAL | {"base_url": server.base_url})
    clone = client.with_options(timeout=5)
    if cls is Lightfast:
        client.search("q")
        client.close()
        client.close()
        calls = [client.search, clone.search]
    else:
        asyncio.run(client.aclose())
        asyncio.run(client.aclose())
        calls = [lambda q: asyncio.run(client.search(q)), lambda q: asyncio.run(clone.search(q))]
    for call in calls:
        with pytest.raises(UsageError, match="Make a new") as caught:
            call("q")
        check_error(caught.value)
