"""The control endpoints: what they do, who may use them, and that their description is true."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from openapi_spec_validator import validate

from lightfast.emulator import SAMPLE, Emulator
from lightfast.emulator.control.fault_specs import FAULTS, fault_from

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.emulator.conftest import Ask

    Call = Callable[..., Awaitable[tuple[int, Any]]]

DESCRIPTION = json.loads(
    files("lightfast.emulator.control").joinpath("openapi.json").read_text("utf-8")
)
PROTECTED = [
    (method.upper(), path)
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
    if operation.get("security") != []
]


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator([SAMPLE], embedder=None) as emulator:
        yield emulator


@pytest.fixture
def call(emulator: Emulator, http: aiohttp.ClientSession) -> Call:
    """Send a control request: `call("POST", "/faults", {…})`."""

    async def call(
        method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token or emulator.control_token}", **headers}
        url = emulator.control_url + path
        options: dict[str, Any] = {} if body is None else {"json": body}
        async with http.request(method, url, headers=headers, **options) as answer:
            return answer.status, await answer.json()

    return call


# --- who may --------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), PROTECTED)
async def test_a_wrong_token_is_refused(
    method: str, path: str, emulator: Emulator, call: Call
) -> None:
    """An API key and a session are not the control token either."""
    emulator.script()
    for token in ("wrong", emulator.create_api_key(), emulator.control_token + "x", "é"):
        status, body = await call(method, path, {}, token=token)
        assert (status, body["error"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("path", ["/health", "/openapi.json", "/requests", "/reset"])
async def test_another_name_of_the_machine_is_refused(path: str, call: Call) -> None:
    """A page whose name was pointed at this machine cannot read anything."""
    method = "POST" if path == "/reset" else "GET"
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example"):
        assert (await call(method, path, Host=host))[0] == 403
    for host in ("localhost", "localhost:8765", "[::1]:80", "127.0.0.1"):
        assert (await call(method, path, Host=host))[0] == 200


async def test_health_and_the_description_need_no_token(call: Call) -> None:
    """They tell nothing that is indexed."""
    status, health = await call("GET", "/health", token="none")
    assert (status, health["status"], health["documents"]) == (200, "ok", 24)
    assert (await call("GET", "/openapi.json", token="none"))[1] == DESCRIPTION


async def test_the_api_answers_under_any_name(emulator: Emulator, ask: Ask) -> None:
    """Such as that of a service in a compose file, where other containers reach it."""
    key = emulator.create_api_key()
    for host in ("emulator:8765", "emulator", "lightfast.internal"):
        answer = await ask(emulator, key, headers={"Host": host}, query="login")
        assert answer.status == 200


# --- what they do ---------------------------------------------------------------------------


async def test_observations_are_found_until_a_reset(
    emulator: Emulator, call: Call, ask: Ask
) -> None:
    """Those with a known id are replaced; what was indexed before stays."""
    key = emulator.create_api_key()

    async def found() -> list[str]:
        answer = await ask(emulator, key, query="zebra")
        return [result["title"] for result in answer.body["data"]]

    assert await found() == []
    first = {"id": "z", "title": "Zebra crossing", "source": "linear", "type": "issue"}
    assert (await call("POST", "/observations", {"observations": [first]}))[1]["indexed"] == 1
    assert await found() == ["Zebra crossing"]
    more = [{**first, "title": "Zebra stripes"}, {"title": "Another zebra"}]
    assert (await call("POST", "/observations", {"observations": more}))[1]["indexed"] == 2
    assert sorted(await found()) == ["Another zebra", "Zebra stripes"]
    assert (await call("POST", "/reset"))[0] == 200
    assert await found() == []
    assert emulator.documents == 24


async def test_faults_are_played_and_requests_recorded(
    emulator: Emulator, call: Call, ask: Ask
) -> None:
    """In order, with their own fields; the record has what was sent, without the key."""
    key = emulator.create_api_key()
    script = [{"name": "rate_limited", "retryAfter": 7, "times": 2}, {"name": "internal_error"}]
    assert (await call("POST", "/faults", {"faults": script}))[1]["scripted"] == 2
    answers = [await ask(emulator, key, query=f"login {n}") for n in range(4)]
    assert [a.status for a in answers] == [429, 429, 500, 200]
    assert answers[0].headers["Retry-After"] == "7"
    requests = (await call("GET", "/requests"))[1]["requests"]
    assert [r["status"] for r in requests] == [429, 429, 500, 200]
    assert requests[3]["json"]["query"] == "login 3"
    assert requests[3]["requestId"] == answers[3].body["requestId"]
    assert key not in str(requests)
    await call("POST", "/faults", {"faults": [{"name": "unauthorized"}], "rate": 1, "seed": 3})
    assert [(await ask(emulator, key, query="x")).status for _ in range(3)] == [401] * 3
    await call("POST", "/faults", {"faults": []})
    assert (await ask(emulator, key, query="login")).status == 200
    await call("POST", "/reset")
    assert (await call("GET", "/requests"))[1]["requests"] == []


async def test_the_revision_is_switched(emulator: Emulator, call: Call, ask: Ask) -> None:
    """From the next request on; a reset brings the first one back."""
    key = emulator.create_api_key()
    assert (await call("PUT", "/revision", {"apiRevision": "2026-04-04"}))[0] == 200
    assert "results" in (await ask(emulator, key, query="login")).body
    told = (await call("PUT", "/revision", {"apiRevision": "2026-04-03", "behavior": "observed"}))[
        1
    ]
    assert (told["apiRevision"], told["behavior"]) == ("2026-04-03", "observed")
    assert "message" not in (await ask(emulator, key, query="")).body
    await call("POST", "/reset")
    assert (await call("GET", "/revision"))[1]["behavior"] == "documented"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/observations", []),
        ("POST", "/observations", {}),
        ("POST", "/observations", {"observations": [1]}),
        ("POST", "/observations", {"observations": [{"text": "no title"}]}),
        ("POST", "/observations", {"observations": [{"title": "x", "occurredAt": "9999-12-31T23:59:59-12:00"}]}),
        ("POST", "/faults", {}),
        ("POST", "/faults", {"faults": "internal_error"}),
        ("POST", "/faults", {"faults": [], "rate": 0.5}),
        ("POST", "/faults", {"faults": [{"name": "healthy"}], "rate": "often"}),
        ("POST", "/observations", {"observations": [], "observation": {}}),
        ("POST", "/faults", {"faults": [{"name": "healthy"}], "rates": 1}),
        ("PUT", "/revision", {"apiRevision": "2027-01-01"}),
        ("PUT", "/revision", {"apiRevison": "2026-04-04"}),
        ("PUT", "/revision", {"apiRevision": []}),
        ("PUT", "/revision", {"apiRevision": "2026-04-04", "behavior": "rude"}),
    ],
)  # fmt: skip
async def test_nonsense_is_refused_and_changes_nothing(
    method: str, path: str, body: Any, emulator: Emulator, call: Call
) -> None:
    """400 with a message."""
    status, told = await call(method, path, body)
    assert (status, told["error"]) == (400, "BAD_REQUEST")
    assert told["message"]
    assert (emulator.documents, emulator.api_revision) == (24, "2026-04-03")


# --- faults as JSON -------------------------------------------------------------------------

WRONG: list[Any] = [
    "rate_limited",
    {},
    {"name": "nope"},
    {"name": "Fault"},
    {"name": ["rate_limited"]},
    {"name": "rate_limited", "retryAfter": "soon"},
    {"name": "rate_limited", "retryAfter": -1},
    {"name": "rate_limited", "after": 1},
    {"name": "rate_limited", "times": 0},
    {"name": "rate_limited", "times": 10**9},
    {"name": "rate_limited", "times": True},
    {"name": "delay"},
    {"name": "delay", "seconds": 0},
    {"name": "delay", "seconds": 1e300},
    {"name": "error", "status": 500},
    {"name": "error", "status": 99, "code": "X"},
    {"name": "raw", "status": 200, "body": "", "headers": {"A\r\nB": "x"}},
    {"name": "raw", "status": 200, "body": "", "headers": {"A": "x\r\ny"}},
    {"name": "disconnect", "midway": 1},
]


@pytest.mark.parametrize("spec", WRONG, ids=str)
def test_a_fault_that_makes_no_sense_is_refused(spec: Any) -> None:
    """Before it is scripted, not when it is played."""
    from lightfast.emulator import EmulatorError

    with pytest.raises(EmulatorError):
        fault_from(spec)


def test_every_fault_can_be_described() -> None:
    """With the same names as in Python."""
    needed: dict[str, dict[str, Any]] = {
        "delay": {"seconds": 1},
        "drip": {"seconds": 0.5},
        "error": {"status": 418, "code": "TEAPOT", "details": {"a": 1}, "headers": {"X": "y"}},
        "raw": {"status": 200, "body": "<html>", "contentType": "text/html"},
    }
    for name, create in FAULTS.items():
        spec = {"name": name, **needed.get(name, {})}
        given = {
            ("content_type" if k == "contentType" else k): v
            for k, v in needed.get(name, {}).items()
        }
        assert fault_from(spec) == create(**given)


# --- the description ------------------------------------------------------------------------


def test_the_description_is_valid_and_complete(emulator: Emulator) -> None:
    """OpenAPI 3.1; each route and each fault is in it, and nothing else."""
    validate(DESCRIPTION)
    from lightfast.emulator.control.routes import CONTROL_PATH, Control

    control = Control(emulator, None, token="")  # type: ignore[arg-type]
    routes = {(r.method, r.path.removeprefix(CONTROL_PATH)) for r in control.routes()}
    described = {(m.upper(), p) for p, methods in DESCRIPTION["paths"].items() for m in methods}
    assert routes == described
    assert DESCRIPTION["components"]["schemas"]["Fault"]["properties"]["name"]["enum"] == sorted(
        FAULTS
    )
