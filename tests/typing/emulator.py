"""Every public call of the emulator and the pytest plugin, as mypy must understand it. It is checked, and never run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, assert_type

from lightfast.emulator import (
    SAMPLE,
    ApiKey,
    CorpusInfo,
    Emulator,
    Member,
    Organization,
    RecordedRequest,
    User,
    faults,
)


def people(emulator: Emulator) -> None:
    acme = emulator.accounts.create_organization("acme")
    assert_type(acme, Organization)
    assert_type(emulator.accounts.organization, Organization)
    assert_type(emulator.accounts.list_organizations(), list[Organization])
    ada = emulator.accounts.create_user("Ada", organization=acme)
    assert_type(ada, User)
    assert_type(emulator.accounts.list_users(organization="acme"), list[User])
    emulator.accounts.add_member(ada, acme)
    assert_type(emulator.accounts.list_members(organization=acme), list[Member])
    emulator.accounts.add_member(ada.id)
    emulator.accounts.remove_member(ada, acme.id)
    assert_type(emulator.accounts.create_session_token(ada, lifetime=30), str)
    assert_type(
        emulator.accounts.create_api_key("k", organization=acme, expires_at=datetime.now(UTC)), str
    )
    assert_type(emulator.accounts.list_api_keys(organization=acme.id), list[ApiKey])
    assert_type(emulator.accounts.revoke_api_key("sk-lf-...AbC1"), ApiKey)


def steering(emulator: Emulator) -> None:
    emulator.script(faults.rate_limited(retry_after=1), faults.internal_error() * 2)
    emulator.script(faults.rate_limited(datetime.now(UTC)), 2 * faults.rate_limited(None))
    emulator.script(faults.disconnect(midway=True), rate=0.05, seed=7)
    emulator.script(
        faults.config_error(),
        faults.unauthorized(),
        faults.error(418, "TEAPOT", "Short", details={"a": 1}, headers={"X": "y"}),
        faults.error_without_message(),
        faults.edge_error(504, "FUNCTION_INVOCATION_TIMEOUT"),
        faults.not_json(),
        faults.raw(200, b"{}", content_type="application/json", headers={"X": "y"}),
        faults.drip(1.5),
        faults.delay(1),
        faults.healthy(),
    )
    assert_type(emulator.requests, list[RecordedRequest])
    request = emulator.requests[-1]
    assert_type(request.json, Any)
    assert_type(request.status, int | None)
    assert_type(request.fault, faults.Fault | None)
    assert_type(request.at, datetime)
    emulator.api_revision = "2026-04-04"
    emulator.clear()
    emulator.faults.script(faults.healthy(), rate=0.5)
    assert_type(emulator.faults.requests, list[RecordedRequest])
    assert_type(emulator.seed([{"title": "Login fails", "type": "issue"}]), int)
    emulator.reset()
    assert_type(emulator.control_url, str)
    assert_type(emulator.control_token, str)


def life() -> None:
    with Emulator(
        [SAMPLE, "notes.md", Path()],
        database="index.sqlite3",
        host="127.0.0.1",
        port=0,
        organization="acme",
        allow_remote=False,
        session_lifetime=60,
        api_revision="2026-04-03",
        rebuild=True,
        watch=True,
        control_token="secret",
    ) as emulator:
        assert_type(emulator.base_url, str)
        assert_type(emulator.console_url, str)
        assert_type(emulator.documents, int)
        assert_type(emulator.corpora(), list[CorpusInfo])
        people(emulator)
        steering(emulator)
