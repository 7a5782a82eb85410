"""Scripted faults as the SDK meets them, recorded requests, and the second revision."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from lightfast import (
    AsyncLightfast,
    AuthenticationError,
    DateRange,
    Lightfast,
    LightfastError,
    NetworkError,
    OrganizationNotConfiguredError,
    RateLimitError,
    RequestTimeoutError,
    ResponseError,
    RetryBudget,
    RetryPolicy,
    SearchFilters,
    ServerError,
    ValidationError,
)
from lightfast.emulator import SAMPLE, Emulator, EmulatorError, faults
from lightfast.emulator.faults import script
from tests.emulator.conftest import Ask
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

QUICK = RetryPolicy(retries=2, base_delay=0.001, max_delay=0.002)
LONG = RetryPolicy(retries=8, base_delay=0.001, max_delay=0.01)
AMPLE = RetryBudget(reserve=1000)


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator([SAMPLE]) as emulator:
        yield emulator


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[AsyncLightfast]:
    key = emulator.create_api_key()
    async with AsyncLightfast(
        key, base_url=emulator.base_url, retries=QUICK, retry_budget=AMPLE
    ) as client:
        yield client


def statuses(emulator: Emulator) -> list[int | None]:
    return [request.status for request in emulator.requests]


# --- faults ---------------------------------------------------------------------------------

HEALS = [
    (faults.rate_limited(0.01), 429),
    (faults.rate_limited(None), 429),
    (faults.internal_error(), 500),
    (faults.edge_error(), 502),
    (faults.edge_error(504, "FUNCTION_INVOCATION_TIMEOUT"), 504),
    (faults.disconnect(), None),
    (faults.disconnect(midway=True), None),
    (faults.drip(0.1), 200),
    (faults.delay(0.1), 200),
]


@pytest.mark.parametrize(("one", "status"), HEALS, ids=lambda v: str(v)[:40])
async def test_a_passing_fault_is_retried(
    one: faults.Fault, status: int | None, emulator: Emulator, client: AsyncLightfast
) -> None:
    """The right answer comes in the end, after exactly the scripted attempts."""
    emulator.script(one)
    assert (await client.search("login bug")).results[0].id == "issue_120"
    assert statuses(emulator) == ([200] if status == 200 else [status, 200])
    assert emulator.requests[0].fault == one
    await client.search("login bug")
    assert statuses(emulator)[-1] == 200
    assert emulator.requests[-1].fault is None


LASTS = [
    (faults.rate_limited(3600), RateLimitError, 1),
    (faults.config_error(), OrganizationNotConfiguredError, 1),
    (faults.unauthorized(), AuthenticationError, 1),
    (faults.error_without_message(), ValidationError, 1),
    (faults.not_json(), ResponseError, 1),
    (faults.error(418, "TEAPOT", "Short and stout"), LightfastError, 1),
    (faults.internal_error() * 3, ServerError, 3),
    (3 * faults.disconnect(), NetworkError, 3),
    (faults.edge_error() * 3, ServerError, 3),
]


@pytest.mark.parametrize(("one", "error", "attempts"), LASTS, ids=lambda v: str(v)[:40])
@pytest.mark.parametrize("revision", ["2026-04-03", "2026-04-04"])
async def test_a_lasting_fault_is_raised(
    revision: script.ApiRevision,
    one: faults.Fault,
    error: type[LightfastError],
    attempts: int,
    emulator: Emulator,
    client: AsyncLightfast,
) -> None:
    """As its own error, in either revision, and the next call works."""
    emulator.api_revision = revision
    emulator.script(one)
    with pytest.raises(error):
        await client.search("login bug")
    assert len(emulator.requests) == attempts
    assert (await client.search("login bug")).results


async def test_what_the_error_says_is_what_was_scripted(
    emulator: Emulator, client: AsyncLightfast
) -> None:
    """Retry-After as seconds or a date, the edge's headers, details without a message."""
    emulator.script(
        faults.rate_limited(datetime.now(UTC) + timedelta(hours=1)),
        faults.edge_error(413, "FUNCTION_PAYLOAD_TOO_LARGE"),
        faults.error_without_message(),
    )
    errors = []
    for _ in range(3):
        with pytest.raises(LightfastError) as caught:
            await client.search("login bug")
        errors.append(caught.value)
    limited, edge, silent = errors
    assert isinstance(limited, RateLimitError)
    assert limited.retry_after == pytest.approx(3600, abs=5)
    assert edge.code == "FUNCTION_PAYLOAD_TOO_LARGE"
    assert "x-vercel-id" in edge.details
    assert silent.message == "limit: Too big: expected number to be <=100"


async def test_a_script_is_played_in_order(emulator: Emulator, client: AsyncLightfast) -> None:
    """One after another, with healthy answers where the script has them; a new one takes its place."""
    emulator.script(
        faults.internal_error(),
        faults.healthy() * 2,
        faults.disconnect(),
        faults.internal_error(),
    )
    for _ in range(4):
        await client.search("login")
    assert statuses(emulator) == [500, 200, 200, None, 500, 200, 200]
    emulator.clear()
    emulator.script(faults.internal_error() * 100)
    emulator.script()
    await client.search("login")
    assert statuses(emulator) == [200]


async def test_a_rate_of_faults_is_reproducible(emulator: Emulator, client: AsyncLightfast) -> None:
    """The same seed fails the same calls; another seed fails others."""
    runs = []
    for seed in (7, 7, 8):
        emulator.clear()
        emulator.script(faults.internal_error(), faults.edge_error(), rate=0.2, seed=seed)
        for _ in range(40):
            await client.with_options(retries=LONG).search("login")
        runs.append(statuses(emulator))
    assert runs[0] == runs[1] != runs[2]
    assert 4 <= len(runs[0]) - 40 <= 20
    assert {500, 502} <= set(runs[0])


async def test_many_calls_under_fire_get_right_answers(emulator: Emulator) -> None:
    """A twentieth of 300 calls in parallel is disturbed, in every way; all answers are right."""
    kinds = [one for one, _ in HEALS]
    emulator.script(*kinds, rate=0.05, seed=1)
    key = emulator.create_api_key()
    async with AsyncLightfast(
        key, base_url=emulator.base_url, retries=LONG, retry_budget=AMPLE
    ) as client:
        answers = await asyncio.gather(*(client.search("login bug") for _ in range(300)))
    assert {answer.results[0].id for answer in answers} == {"issue_120"}


async def test_a_delay_meets_the_callers_deadline(
    emulator: Emulator, client: AsyncLightfast
) -> None:
    """The caller gives up in time, the request is on record, and nobody waits for the emulator's end."""
    emulator.script(faults.delay(30), faults.drip(30))
    for number in (1, 2):
        with pytest.raises(RequestTimeoutError):
            await client.search("login", timeout=1)
        await eventually(lambda n=number: len(emulator.requests) == n)
    assert [r.json["query"] for r in emulator.requests if r.json] == ["login"]
    assert len(emulator.requests) == 2


def test_the_emulator_stops_in_the_middle_of_a_fault() -> None:
    """Closing does not wait for a scripted delay."""
    with Emulator([SAMPLE]) as emulator:
        key = emulator.create_api_key()
        emulator.script(faults.delay(10 * PATIENCE))
        with (
            Lightfast(key, base_url=emulator.base_url, retries=0, timeout=0.2) as client,
            pytest.raises(RequestTimeoutError),
        ):
            client.search("login")
        started = time.monotonic()
    assert time.monotonic() - started < PATIENCE


def test_a_script_that_makes_no_sense_is_told() -> None:
    """Not a fault, a rate, a revision or a number of times."""
    emulator = Emulator()
    try:
        for wrong in (
            lambda: emulator.script("rate_limited"),  # type: ignore[arg-type]
            lambda: emulator.script(rate=0.5),
            lambda: emulator.script(faults.disconnect(), rate=0),
            lambda: emulator.script(faults.disconnect(), rate=1.5),
            lambda: setattr(emulator, "api_revision", "2027"),
            lambda: Emulator(api_revision="2027"),  # type: ignore[arg-type]
        ):
            with pytest.raises(EmulatorError):
                wrong()
        for nonsense in (
            lambda: faults.disconnect() * 0,
            lambda: faults.delay(0),
            lambda: faults.drip(-1),
        ):
            with pytest.raises(ValueError, match="not"):
                nonsense()
    finally:
        emulator.close()


# --- requests -------------------------------------------------------------------------------


async def test_requests_are_recorded_without_their_secret(
    emulator: Emulator, client: AsyncLightfast
) -> None:
    """Path, headers, body, status, time and id; of the key only what the console shows, too."""
    before = datetime.now(UTC)
    filters = SearchFilters(sources=["github"])
    response = await client.search("login bug", limit=3, filters=filters)
    (request,) = emulator.requests
    assert (request.method, request.path, request.status) == ("POST", "/api/v1/search", 200)
    assert request.json["query"] == "login bug"
    assert request.json["filters"]["sources"] == ["github"]
    assert request.headers["content-type"] == request.headers["Content-Type"]
    assert request.headers["User-Agent"].startswith("lightfast")
    (key,) = emulator.accounts.list_api_keys()
    assert request.headers["Authorization"] == f"Bearer {key.masked}"
    assert before <= request.at <= datetime.now(UTC)
    assert request.request_id == response.request_id
    emulator.clear()
    assert emulator.requests == []


@pytest.mark.parametrize(
    "header", ["Bearer sk-lf-short", "Basic c2VjcmV0", "secret", "Bearer  sk-lf-" + "x" * 50]
)
async def test_no_secret_is_recorded_of_any_kind(header: str, emulator: Emulator, ask: Ask) -> None:
    """Whatever was sent for a credential."""
    headers = {"Authorization": header, "Cookie": "__session=secret; other=secret"}
    await ask(emulator, headers=headers, query="login")
    (request,) = emulator.requests
    assert (request.status, request.body, request.json) == (401, b"", None)
    for value in (header, header.split()[-1], "other=secret"):
        assert value not in str(dict(request.headers))
        assert value not in repr(request)


async def test_the_record_is_bounded(
    emulator: Emulator, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By number and by bytes: an emulator may run for weeks."""
    monkeypatch.setattr(script, "MAX_RECORDED", 5)
    monkeypatch.setattr(script, "MAX_RECORDED_BYTES", 100_000)
    key = emulator.create_api_key()
    for number in range(8):
        await ask(emulator, key, query=f"login {number}")
    assert [r.json["query"] for r in emulator.requests] == [f"login {n}" for n in range(3, 8)]
    for _ in range(4):
        await ask(emulator, key, query="a" * 40_000)
    assert len(emulator.requests) == 2


# --- the second revision ---------------------------------------------------------------------


async def test_the_sdk_reads_the_second_revision(
    emulator: Emulator, client: AsyncLightfast
) -> None:
    """The same results; fields that the revision lacks are None; it can be spoken from the start."""
    first = await client.search("login bug")
    emulator.api_revision = "2026-04-04"
    second = await client.search("login bug")
    assert [r.id for r in second] == [r.id for r in first]
    assert (second.meta.total, second.meta.mode) == (len(second), None)
    past = SearchFilters(date_range=DateRange(end="2020-01-01T00:00:00Z"))
    assert not (await client.search("login bug", filters=past)).results
    raw = SearchFilters(source_types=["nowhere"])
    assert (await client.search("login bug", filters=raw)).results  # ignored
    async with Emulator([SAMPLE], api_revision="2026-04-04") as other:
        other.api_revision = "2026-04-03"
        other.clear()
        assert other.api_revision == "2026-04-04"


def test_an_emulator_is_found_by_observations_of_any_kind(lines: Callable[..., Path]) -> None:
    """The bundled corpus is valid, varied and small."""
    with SAMPLE.open(encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    assert {o["source"] for o in found} == {"github", "linear", "vercel", "sentry"}
    assert len(found) == len({o["id"] for o in found}) < 50
    emulator = Emulator([SAMPLE])
    assert emulator.refresh() == len(found)
    emulator.close()
