"""The emulator against the documented wire, word for word."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightfast.emulator import Emulator
from lightfast.emulator.api import requests
from lightfast.emulator.search import retrieval
from tests.emulator.conftest import Ask, contract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from .repositories import Repository

REQUEST_ID = re.compile(r"req_[0-9a-f]{24}")


@pytest.fixture
async def emulator(lines: Callable[..., Path]) -> AsyncIterator[Emulator]:
    observations = [{"title": f"Login bug {number}", "text": "It broke."} for number in range(12)]
    async with Emulator([lines(*observations)]) as emulator:
        yield emulator


def kind(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def shape(value: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: kind(value[name]) for name in names}


async def test_an_answer_has_the_documented_shape(repository: Repository, ask: Ask) -> None:
    """Every required field is there, with the documented type, and nothing undocumented beside it."""
    repository.commit("Retry failed requests\n\nFixes #12, see LIN-204.", {"src/retry.ts": "x"})
    documented = contract("response_documented.json")
    async with Emulator([repository.path]) as emulator:
        answer = await ask(emulator, emulator.create_api_key(), query="retry")
    assert answer.status == 200
    body, result = answer.body, answer.body["data"][0]
    required = ("data", "meta", "requestId")
    assert shape(body, *required) == shape(documented, *required)
    meta = ("total", "limit", "offset", "took", "mode", "paths")
    assert shape(body["meta"], *meta) == shape(documented["meta"], *meta)
    assert body["meta"].keys() == documented["meta"].keys()
    assert shape(body["meta"]["paths"], "vector", "entity", "cluster") == {
        "vector": "boolean",
        "entity": "boolean",
        "cluster": "boolean",
    }
    fields = ("id", "title", "source", "type", "url", "occurredAt", "snippet", "score")
    assert shape(result, *fields) == shape(documented["data"][0], *fields)
    assert body.keys() <= documented.keys()
    assert result.keys() <= documented["data"][0].keys()
    assert {"total", "retrieval", "rerank"} <= body["latency"].keys()
    assert body["latency"].keys() <= documented["latency"].keys()
    assert all(kind(value) == "number" and value >= 0 for value in body["latency"].values())
    assert all(entity.keys() == {"key", "category"} for entity in result["entities"])
    assert all({"type", "id"} <= reference.keys() for reference in result["references"])


async def test_a_request_id_stands_in_body_and_header(
    emulator: Emulator, key: str, ask: Ask
) -> None:
    """Answers and errors carry a new id each, in both places."""
    answers = [await ask(emulator, key, query="login"), await ask(emulator)]
    ids = {answer.body["requestId"] for answer in answers}
    assert len(ids) == 2
    assert all(REQUEST_ID.fullmatch(answer.body["requestId"]) for answer in answers)
    assert all(a.headers["X-Request-ID"] == a.body["requestId"] for a in answers)


@pytest.mark.parametrize("name", ["request_minimal.json", "request_full.json"])
async def test_the_contracts_requests_are_accepted(
    name: str, emulator: Emulator, key: str, ask: Ask
) -> None:
    """The SDK's requests are read, unknown fields included, and echoed in `meta`."""
    request = contract(name)
    answer = await ask(emulator, key, data=json.dumps(request).encode())
    assert answer.status == 200
    meta = answer.body["meta"]
    assert {n: meta[n] for n in ("limit", "offset", "mode")} == {
        n: request[n] for n in ("limit", "offset", "mode")
    }


async def test_nothing_given_is_answered_in_the_documented_words(
    emulator: Emulator, ask: Ask
) -> None:
    """Without credentials: 401, the documented code and message, and the scheme that would help."""
    answer = await ask(emulator, query="login")
    documented = contract("errors.json")[0]
    assert answer.status == documented["status"]
    assert answer.body == documented["body"] | {"requestId": answer.body["requestId"]}
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "bearer nonsense",
        "Bearer pk-lf-" + "a" * 43,
        "Bearer sk-lf-abc",
        "Bearer sk-lf-" + "a" * 42,
        "Bearer sk-lf-" + "a" * 44,
        "Bearer sk-lf-" + "a" * 42 + "-",
        "Bearer sk-lf-" + "é" * 43,
        "Bearer sk-lf-" + "a" * 43,
    ],
)
@pytest.mark.parametrize("cookie", ["", "__session=abc"])
async def test_a_bad_bearer_token_decides_alone(
    header: str, cookie: str, emulator: Emulator, ask: Ask
) -> None:
    """401 UNAUTHORIZED that speaks of the key, whatever else was sent."""
    headers = {"Authorization": header, "Cookie": cookie, "X-Org-ID": "org_1"}
    answer = await ask(emulator, headers=headers, query="login")
    assert (answer.status, answer.body["error"]) == (401, "UNAUTHORIZED")
    assert answer.body["message"].startswith("Invalid API key: ")


async def test_two_bearer_tokens_are_refused(emulator: Emulator, key: str, ask: Ask) -> None:
    """It is not guessed which one counts."""
    headers = [("Authorization", f"Bearer {key}"), ("Authorization", "Bearer other")]
    answer = await ask(emulator, headers=headers, query="login")
    assert (answer.status, answer.body["error"]) == (401, "UNAUTHORIZED")
    assert "one Authorization header" in answer.body["message"]


async def test_another_scheme_counts_as_nothing_given(emulator: Emulator, ask: Ask) -> None:
    """Only Bearer is looked at."""
    answer = await ask(emulator, headers={"Authorization": "Basic eDp5"}, query="login")
    assert answer.body["message"].startswith("Authentication required.")


async def test_credentials_are_looked_at_before_the_body(emulator: Emulator, ask: Ask) -> None:
    """A stranger's nonsense is answered with 401, not 400."""
    assert (await ask(emulator, data=b"{")).status == 401


@pytest.mark.parametrize("data", [b"", b"{", b"nonsense", b"{'a': 1}", b'{"query": NaN}', b"\xff"])
async def test_what_is_not_json_is_invalid_json(
    data: bytes, emulator: Emulator, key: str, ask: Ask
) -> None:
    """400 INVALID_JSON."""
    answer = await ask(emulator, key, data=data)
    assert (answer.status, answer.body["error"]) == (400, "INVALID_JSON")


async def test_a_bad_request_says_what_is_wrong_where(
    emulator: Emulator, key: str, ask: Ask
) -> None:
    """400 VALIDATION_ERROR with `details`, and a message that says the same."""
    answer = await ask(emulator, key, query="login", limit=101)
    assert answer.status == 400
    assert answer.body.keys() == {"error", "message", "details", "requestId"}
    assert answer.body["error"] == "VALIDATION_ERROR"
    assert answer.body["details"] == {
        "formErrors": [],
        "fieldErrors": {"limit": ["Too big: expected number to be <=100"]},
    }
    assert "limit: Too big: expected number to be <=100" in answer.body["message"]


async def test_an_unknown_path_is_not_found(emulator: Emulator, key: str, ask: Ask) -> None:
    """404 NOT_FOUND, in the documented shape."""
    for path in ("/nowhere", "/search/", "/../search"):
        answer = await ask(emulator, key, path=path)
        assert (answer.status, answer.body["error"]) == (404, "NOT_FOUND")
        assert answer.body.keys() == {"error", "message", "requestId"}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
async def test_only_post_is_allowed(method: str, emulator: Emulator, key: str, ask: Ask) -> None:
    """405 METHOD_NOT_ALLOWED with `Allow`, and no word of CORS."""
    answer = await ask(emulator, key, method=method, headers={"Origin": "https://example.com"})
    assert (answer.status, answer.body["error"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer.body["message"] == "Use POST"
    assert answer.headers["Allow"] == "POST"
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_a_body_over_a_mebibyte_is_too_large(emulator: Emulator, key: str, ask: Ask) -> None:
    """413, in the documented shape; one of exactly a mebibyte is read."""
    frame = len(json.dumps({"query": ""}))
    fits = await ask(emulator, key, query="a" * ((1 << 20) - frame))
    assert fits.status == 200
    answer = await ask(emulator, key, query="a" * (1 << 20))
    assert (answer.status, answer.body["error"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_an_organization_without_an_index_is_not_configured(ask: Ask) -> None:
    """500 CONFIG_ERROR in the documented words."""
    async with Emulator() as emulator:
        answer = await ask(emulator, emulator.create_api_key(), query="login")
    documented = next(e for e in contract("errors.json") if e["code"] == "CONFIG_ERROR")
    assert answer.status == documented["status"]
    assert answer.body == documented["body"] | {"requestId": answer.body["requestId"]}


async def test_the_unexpected_is_logged_and_never_shown(
    emulator: Emulator,
    key: str,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """500 INTERNAL_ERROR without a word of the cause; the log has it, with the request's id."""

    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(retrieval, "search", broken)
    answer = await ask(emulator, key, query="login")
    assert (answer.status, answer.body["error"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in json.dumps(answer.body)
    assert "the secret of the house" in caplog.text
    assert answer.body["requestId"] in caplog.text


async def test_a_body_that_does_not_come_is_given_up(
    emulator: Emulator, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """408 in the documented shape, and the connection is closed."""
    monkeypatch.setattr(requests, "BODY_TIMEOUT", 0.05)
    host, port = emulator.base_url.removeprefix("http://").split("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/v1/search HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99\r\n"
    writer.write(f"{head}Authorization: Bearer {key}\r\n\r\n{{".encode())
    answer = await reader.readuntil(b"\r\n\r\n") + await reader.readuntil(b"}")
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"Connection: close" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == "REQUEST_TIMEOUT"


QUERIES = [
    *(
        "*",
        '"',
        '"a',
        "a OR",
        "NEAR(a b)",
        "title:login",
        "a AND NOT b",
        "^a",
        "-a",
        "a*",
        "(",
        "{a}",
    ),
    *("'; DROP TABLE document;--", "\0", "a\0b", "\u202e", "🙂", "​", "%s %d", "\\", "a:b:c"),
]


@pytest.mark.parametrize("query", QUERIES)
async def test_no_query_is_taken_for_syntax(
    query: str, emulator: Emulator, key: str, ask: Ask
) -> None:
    """Operators, quotes and controls are text like any other."""
    assert (await ask(emulator, key, query=query)).status == 200


async def test_any_text_is_a_query(lines: Callable[..., Path], ask: Ask) -> None:
    """Hypothesis finds no text that is answered with anything but 200."""
    async with Emulator([lines({"title": "Login"})]) as emulator:
        key = emulator.create_api_key()
        loop = asyncio.get_running_loop()

        @given(st.text(min_size=1))
        @settings(
            max_examples=150,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            database=None,
        )
        def one(query: str) -> None:
            future = asyncio.run_coroutine_threadsafe(ask(emulator, key, query=query), loop)
            assert future.result(10).status == 200

        await asyncio.to_thread(one)
