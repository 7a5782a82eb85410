"""Sections 6, 6a and 7 of the contract: what the emulator answers in each revision, row by row."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from lightfast.emulator import Emulator, EmulatorError, faults
from lightfast.emulator.search import retrieval
from tests.emulator.conftest import contract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.emulator.conftest import Answer, Ask

FIRST, SECOND = "2026-04-03", "2026-04-04"


@pytest.fixture
async def emulator(lines: Callable[..., Path]) -> AsyncIterator[Emulator]:
    observations = [
        {
            "title": f"Login bug {number}",
            "source": "github" if number % 2 else "linear",
            "type": "issue",
            "actor": "@ada",
            "occurredAt": "2026-01-01T00:00:00Z",
        }
        for number in range(12)
    ]
    async with Emulator([lines(*observations)]) as emulator:
        yield emulator


@pytest.fixture
def second(emulator: Emulator) -> Emulator:
    emulator.api_revision = SECOND
    return emulator


# --- 6a: the second revision in detail -----------------------------------------------------------


def undefined(answer: Answer, status: int, code: str) -> bool:
    """Tell whether an answer is an error that the contract of the endpoint does not define."""
    body = answer.body
    assert answer.status == body["status"] == status
    assert answer.headers["X-Request-ID"].startswith("req_")
    return body["defined"] is False and body["code"] == code and "requestId" not in body


@pytest.mark.parametrize(
    "body",
    [{}, {"query": ""}, {"query": "a", "limit": 101}, {"query": "a", "sources": "github"}, []],
    ids=lambda body: f"6a: validation {json.dumps(body)}",
)
async def test_validation_never_names_a_field(
    body: Any, second: Emulator, key: str, ask: Ask
) -> None:
    """6a: 400 with bare `data: {}`."""
    answer = await ask(second, key, data=json.dumps(body).encode())
    assert answer.status == 400
    assert answer.body == {
        "defined": True,
        "code": "BAD_REQUEST",
        "status": 400,
        "message": "Input validation failed",
        "data": {},
    }


@pytest.mark.parametrize("authenticated", [False, True])
@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        pytest.param(b"{", "application/json", id="6a: malformed before authentication: not JSON"),
        pytest.param(b"\xff", "application/json", id="6a: malformed before authentication: bytes"),
        pytest.param(
            b'{"query": "login"}',
            "text/plain",
            id="6a: malformed before authentication: text/plain",
        ),
    ],
)
async def test_malformed_is_decided_before_authentication(
    data: bytes, content_type: str, authenticated: bool, second: Emulator, key: str, ask: Ask
) -> None:
    """6a: 400 `defined: false`, with or without a key."""
    answer = await ask(
        second,
        key if authenticated else None,
        data=data,
        headers={"Content-Type": content_type},
    )
    assert undefined(answer, 400, "BAD_REQUEST")
    assert answer.body["message"].startswith("Malformed request")


async def test_well_formed_nonsense_is_decided_after_authentication(
    second: Emulator, key: str, ask: Ask
) -> None:
    """6a: only what is malformed comes first; an empty body is no document, not a malformed one."""
    assert (await ask(second, data=b"{}")).status == 401
    assert (await ask(second, data=b"")).status == 401
    assert (await ask(second, key, data=b"")).body["message"] == "Input validation failed"


async def test_a_session_without_an_organization(second: Emulator, ask: Ask) -> None:
    """6a: 400 BAD_REQUEST, `defined: false`."""
    user = second.accounts.create_user("Ada")
    token = second.accounts.create_session_token(user)
    answer = await ask(second, headers={"Cookie": f"__session={token}"}, query="login")
    assert undefined(answer, 400, "BAD_REQUEST")
    assert "X-Org-ID" in answer.body["message"]


@pytest.mark.parametrize("path", ["/nowhere", "/search/x", "/system/health"])
async def test_an_unknown_path(path: str, second: Emulator, key: str, ask: Ask) -> None:
    """6a: 404 NOT_FOUND, `defined: false`."""
    assert undefined(await ask(second, key, path=path), 404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/search", "/search/"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_other_methods_are_not_found(
    method: str, path: str, second: Emulator, key: str, ask: Ask
) -> None:
    """6a: 404 NOT_FOUND, no 405."""
    answer = await ask(second, key, method=method, path=path)
    assert undefined(answer, 404, "NOT_FOUND")
    assert answer.body["message"] == "Endpoint not found"
    assert "Allow" not in answer.headers


async def test_a_trailing_slash(emulator: Emulator, key: str, ask: Ask) -> None:
    """6a: works in 2026-04-04; the documented revision does not have it."""
    assert (await ask(emulator, key, path="/search/", query="login")).status == 404
    emulator.api_revision = SECOND
    answer = await ask(emulator, key, path="/search/", query="login")
    assert (answer.status, len(answer.body["results"])) == (200, 10)


@pytest.mark.parametrize(
    "scheme",
    [
        pytest.param("bearer ", id="6a: bearer in lower case"),
        pytest.param("BEARER ", id="6a: bearer in upper case"),
        pytest.param("Bearer  ", id="6a: two spaces"),
        pytest.param("Bearer\t", id="6a: a tab"),
    ],
)
@pytest.mark.parametrize("revision", [FIRST, SECOND])
async def test_the_scheme_is_exactly_bearer_and_one_space(
    revision: Any, scheme: str, emulator: Emulator, key: str, ask: Ask
) -> None:
    """6a: 401 in both revisions; the right spelling is let in."""
    emulator.api_revision = revision
    wrong = await ask(emulator, headers={"Authorization": scheme + key}, query="login")
    assert wrong.status == 401
    right = await ask(emulator, headers={"Authorization": f"Bearer {key}"}, query="login")
    assert right.status == 200


async def test_the_offset_is_ignored_and_the_total_counts_the_page(
    second: Emulator, key: str, ask: Ask
) -> None:
    """6a: paging by offset repeats the first page."""
    first = await ask(second, key, query="login", limit=5)
    again = await ask(second, key, query="login", limit=5, offset=5)
    assert first.body["total"] == again.body["total"] == 5
    assert first.body["results"] == again.body["results"]


@pytest.mark.parametrize(("mode", "status"), [("fast", 200), ("balanced", 200), ("thorough", 400)])
async def test_the_modes(mode: str, status: int, second: Emulator, key: str, ask: Ask) -> None:
    """6a: `thorough` is refused."""
    assert (await ask(second, key, query="login", mode=mode)).status == status


@pytest.mark.parametrize(
    ("time", "status"),
    [
        ("2026-01-01T00:00:00Z", 200),
        ("2026-01-01T00:00:00.123Z", 200),
        ("2026-01-01T00:00:00+00:00", 400),
        ("2026-01-01T00:00:00", 400),
        ("2026-01-01", 400),
    ],
)
async def test_times_have_a_literal_z(
    time: str, status: int, second: Emulator, key: str, ask: Ask
) -> None:
    """6a: as before."""
    assert (await ask(second, key, query="login", after=time)).status == status


async def test_an_answer_has_the_literal_shape(second: Emulator, key: str, ask: Ask) -> None:
    """6.3: `results`, `total` and `requestId`, eight fields each, and nothing else."""
    documented = contract("response_2026_04_04.json")
    answer = await ask(second, key, query="login")
    assert answer.body.keys() == documented.keys()
    assert {frozenset(r) for r in answer.body["results"]} == {frozenset(documented["results"][0])}


async def test_the_other_errors(second: Emulator, key: str, ask: Ask) -> None:
    """6.2: the same codes but for the internal one; the request id stands in the header only."""
    second.script(faults.internal_error(), faults.rate_limited())
    internal = await ask(second, key, query="login")
    documented = next(
        e for e in contract("errors.json") if e["name"] == "second revision, internal"
    )
    assert internal.body == documented["body"] | {"message": internal.body["message"]}
    assert internal.headers["X-Request-ID"].startswith("req_")
    assert (await ask(second, key, query="login")).body["code"] == "RATE_LIMITED"
    stranger = await ask(second, query="login")
    assert (stranger.body["code"], stranger.body["defined"]) == ("UNAUTHORIZED", True)


# --- 6a, below the table: 2026-04-03 as observed ----------------------------------------------


@pytest.fixture
def observed(emulator: Emulator) -> Emulator:
    emulator.behavior = "observed"
    return emulator


async def test_observed_errors_have_no_message_and_no_header(
    observed: Emulator, key: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """6.1 and 6a: INVALID_JSON, VALIDATION_ERROR and INTERNAL_ERROR."""
    invalid_json = await ask(observed, key, data=b"{")
    validation = await ask(observed, key, query="a", limit=101)
    monkeypatch.setattr(retrieval, "search", lambda *_: 1 / 0)
    internal = await ask(observed, key, query="login")
    answers = [invalid_json, validation, internal]
    codes = ["INVALID_JSON", "VALIDATION_ERROR", "INTERNAL_ERROR"]
    assert [(a.status, a.body["error"]) for a in answers] == list(
        zip([400, 400, 500], codes, strict=True)
    )
    for answer in answers:
        assert answer.body.keys() <= {"error", "details", "requestId"}
        assert answer.body["requestId"].startswith("req_")
        assert "X-Request-ID" not in answer.headers
    assert validation.body["details"] == {
        "formErrors": [],
        "fieldErrors": {"limit": ["Too big: expected number to be <=100"]},
    }


async def test_a_revoked_key_is_not_distinguished_from_an_unknown_one(
    emulator: Emulator, key: str, ask: Ask
) -> None:
    """6a: "Invalid API key" as observed and in 2026-04-04; the documented revision says which."""
    (known,) = emulator.accounts.list_api_keys()
    emulator.accounts.revoke_api_key(known.id)
    told = {}
    for revision, behavior in [(FIRST, "documented"), (FIRST, "observed"), (SECOND, "documented")]:
        emulator.api_revision, emulator.behavior = revision, behavior  # type: ignore[assignment]
        revoked = await ask(emulator, key, query="login")
        unknown = await ask(emulator, "sk-lf-" + "a" * 43, query="login")
        assert revoked.status == unknown.status == 401
        told[revision, behavior] = (revoked.body["message"], unknown.body["message"])
    revoked, unknown = told.pop((FIRST, "documented"))
    assert "revoked" in revoked
    assert revoked != unknown
    assert set(told.values()) == {("Invalid API key", "Invalid API key")}


@pytest.mark.parametrize("revision", [FIRST, SECOND])
async def test_keys_that_are_wrong_in_other_ways_are_told_apart(
    revision: Any, observed: Emulator, ask: Ask
) -> None:
    """2: no `sk-lf-` key, a wrong length, an expired key; says which, observed and in 2026-04-04."""
    observed.api_revision = revision
    expired = observed.create_api_key(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    keys = ("lf_" + "a" * 43, "sk-lf-short", expired)
    said = [(await ask(observed, key, query="login")).body["message"] for key in keys]
    assert ["start with" in said[0], "43" in said[1], "expired" in said[2]] == [True] * 3


async def test_an_empty_content_type_says_nothing(second: Emulator, key: str, ask: Ask) -> None:
    """6a: a body that is not sent as JSON is refused; one of no type is."""
    answer = await ask(second, key, data=b'{"query": "login"}', headers={"Content-Type": ""})
    assert answer.status == 200


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({"sourceTypes": ["nowhere"]}, 10, id="3: sourceTypes accepted, ignored"),
        pytest.param({"observationTypes": ["x"]}, 10, id="3: observationTypes accepted, ignored"),
        pytest.param({"actorNames": ["@nobody"]}, 10, id="3: actorNames accepted, ignored"),
        pytest.param({"sources": ["linear"]}, 6, id="3: sources filters on `source`"),
        pytest.param({"entityTypes": ["issue"]}, 10, id="3: entityTypes filters on `type`"),
        pytest.param({"entityTypes": ["commit"]}, 0, id="3: entityTypes filters on `type`: none"),
        pytest.param({"dateRange": {"end": "2020-01-01T00:00:00Z"}}, 0, id="3: dateRange filters"),
    ],
)
async def test_observed_filters(
    filters: dict[str, Any], expected: int, observed: Emulator, key: str, ask: Ask
) -> None:
    """3: what the service of 2026-04-03 did with them."""
    answer = await ask(observed, key, query="login", filters=filters)
    assert len(answer.body["data"]) == expected


async def test_observed_pages(observed: Emulator, key: str, ask: Ask) -> None:
    """6.4: `offset` is ignored, and `meta.total` is the number of rows in the page."""
    first = await ask(observed, key, query="login", limit=5)
    again = await ask(observed, key, query="login", limit=5, offset=5)
    assert first.body["meta"]["total"] == again.body["meta"]["total"] == 5
    assert first.body["data"] == again.body["data"]


# --- switching --------------------------------------------------------------------------------


async def test_revision_and_behavior_are_switched_while_it_serves(
    emulator: Emulator, key: str, ask: Ask
) -> None:
    """Each request is answered in what is set when it comes; `clear` goes back to the start."""
    shapes = []
    for revision, behavior in [(SECOND, "documented"), (FIRST, "observed"), (FIRST, "documented")]:
        emulator.api_revision, emulator.behavior = revision, behavior  # type: ignore[assignment]
        answer = await ask(emulator, key, data=b"{")
        shapes.append(answer.body.keys() & {"defined", "message"})
    assert shapes == [{"defined", "message"}, set(), {"message"}]
    emulator.api_revision, emulator.behavior = SECOND, "observed"
    emulator.clear()
    assert (emulator.api_revision, emulator.behavior) == (FIRST, "documented")
    with pytest.raises(EmulatorError, match="'documented' or 'observed', not 'wild'"):
        emulator.behavior = "wild"  # type: ignore[assignment]
    with pytest.raises(EmulatorError, match="`behavior`"):
        Emulator(behavior="wild")  # type: ignore[arg-type]


# --- 6.7 and 7: addresses ---------------------------------------------------------------------


@pytest.mark.parametrize("revision", [FIRST, SECOND])
@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/api/v1/search", id="6.7: the documentation's path"),
        pytest.param("/v1/search", id="6.7: the path of the OpenAPI file and the TypeScript SDK"),
    ],
)
async def test_both_paths_are_served(
    path: str, revision: Any, emulator: Emulator, key: str, http: aiohttp.ClientSession
) -> None:
    """6.7: an emulator answers both, records both, and plays its script on both."""
    emulator.api_revision = revision
    headers = {"Authorization": f"Bearer {key}"}
    emulator.script(faults.rate_limited())
    for status in (429, 200):
        async with http.post(
            emulator.console_url.rstrip("/") + path, json={"query": "login"}, headers=headers
        ) as answer:
            assert answer.status == status
            assert answer.headers["X-Request-ID"].startswith("req_")
    assert [request.path for request in emulator.requests] == [path, path]


# What the official TypeScript client and the MCP server of April 2026 send.
TYPESCRIPT_HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "lightfast/0.1.0-alpha.5",
    "Accept": "*/*",
    "Accept-Language": "*",
    "Sec-Fetch-Mode": "cors",
    "Accept-Encoding": "gzip, deflate",
}
TYPESCRIPT_BODY = {"query": "login bug", "limit": 10, "offset": 0, "mode": "balanced"}
MCP_BODY = {
    "query": "login bug",
    "limit": 10,
    "offset": 0,
    "mode": "balanced",
    "filters": {
        "sourceTypes": ["github"],
        "dateRange": {"start": "2020-01-01T00:00:00Z"},
    },
}


@pytest.mark.parametrize("revision", [FIRST, SECOND])
@pytest.mark.parametrize("base", ["", "/api"], ids=["7: <origin>", "7: <origin>/api"])
@pytest.mark.parametrize("body", [TYPESCRIPT_BODY, MCP_BODY], ids=["7: SDK", "7: MCP server"])
async def test_the_official_typescript_client_works_unmodified(
    body: dict[str, Any],
    base: str,
    revision: Any,
    emulator: Emulator,
    key: str,
    http: aiohttp.ClientSession,
) -> None:
    """7: its requests, header for header, with either base address: it adds `/v1/search`."""
    emulator.api_revision = revision
    base_url = emulator.console_url.rstrip("/") + base
    headers = {**TYPESCRIPT_HEADERS, "Authorization": f"Bearer {key}"}
    async with http.post(f"{base_url}/v1/search", json=body, headers=headers) as answer:
        told = await answer.json()
    assert answer.status == 200, told
    results = told["data" if revision == FIRST else "results"]
    filtered = body is MCP_BODY and revision == FIRST  # 2026-04-04 ignores `filters`
    assert len(results) == (6 if filtered else 10)
    assert {result["source"] for result in results} >= {"github"}


@pytest.mark.parametrize("base", ["", "/api"], ids=["7: <origin>", "7: <origin>/api"])
async def test_the_official_client_of_2026_04_04_works_unmodified(
    base: str, second: Emulator, key: str, http: aiohttp.ClientSession
) -> None:
    """7: that of the next day, generated from its contract, writes no defaults and the filters at the top."""
    headers = {
        **TYPESCRIPT_HEADERS,
        "Authorization": f"Bearer {key}",
        "User-Agent": "node",
        "X-SDK-Version": "lightfast-node/0.1.0-alpha.5",
    }
    url = f"{second.console_url.rstrip('/')}{base}/v1/search"
    for body, status in [({"query": "login", "sources": ["github"]}, 200), ({"query": ""}, 400)]:
        async with http.post(url, json=body, headers=headers) as answer:
            told = await answer.json()
        assert answer.status == status, told
        if status == 200:
            assert {result["source"] for result in told["results"]} == {"github"}
        else:  # it takes an error for one of its own by these
            assert told.keys() == {"defined", "code", "status", "message", "data"}


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        pytest.param({}, 401, "UNAUTHORIZED", id="7: AuthenticationError 401"),
        pytest.param({"data": b"{}"}, 400, "VALIDATION_ERROR", id="7: ValidationError 400"),
        pytest.param({"path": "/other"}, 404, "NOT_FOUND", id="7: NotFoundError 404"),
        pytest.param(
            {"fault": faults.rate_limited()}, 429, "RATE_LIMITED", id="7: RateLimitError 429"
        ),
        pytest.param(
            {"fault": faults.internal_error()}, 500, "INTERNAL_ERROR", id="7: ServerError 5xx"
        ),
    ],
)
async def test_the_official_clients_errors_find_their_facts(
    arguments: dict[str, Any], status: int, code: str, emulator: Emulator, key: str, ask: Ask
) -> None:
    """7: each of its error classes reads `code`, `message`, `requestId` and `status`."""
    if fault := arguments.pop("fault", None):
        emulator.script(fault)
    given = None if status == 401 else key
    answer = await ask(emulator, given, **{"query": "login", **arguments})
    assert (answer.status, answer.body["error"]) == (status, code)
    assert answer.body["message"]
    assert answer.body["requestId"]
    assert ("Retry-After" in answer.headers) is (status == 429)
