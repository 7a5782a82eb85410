"""Organizations, users, members and keys, as programs manage them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from lightfast.emulator import Emulator, EmulatorError
from lightfast.emulator.accounts.people import People, ensure_organization

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(embedder=None)
    yield emulator
    emulator.close()


def test_people_are_kept() -> None:
    """Organizations and users by name, by id, as values; what cannot be is told."""
    emulator = Emulator()
    try:
        acme = emulator.accounts.create_organization("acme")
        ada = emulator.accounts.create_user(" Ada ", organization=acme)
        grace = emulator.accounts.create_user("Grace")
        emulator.accounts.add_member(grace.id, acme.id)
        emulator.accounts.add_member(grace.id, "acme")
        assert emulator.accounts.list_users(organization="acme") == [ada, grace]
        assert ada.name == "Ada"
        emulator.accounts.remove_member(grace, acme)
        assert emulator.accounts.list_users(organization=acme.id) == [ada]
        assert emulator.accounts.list_users() == [ada, grace]
        emulator.accounts.create_api_key(organization=acme.id)
        assert len(emulator.accounts.list_api_keys(organization=acme)) == 1
        assert emulator.accounts.list_organizations() == [acme]
        assert emulator.accounts.organization.name == "local"
        for wrong in (
            lambda: emulator.accounts.create_organization("acme"),
            lambda: emulator.accounts.create_organization(" "),
            lambda: emulator.accounts.create_user("a" * 101),
            lambda: emulator.accounts.add_member("user_0"),
            lambda: emulator.accounts.create_session_token("user_0"),
            lambda: emulator.accounts.create_api_key(organization="org_0"),
        ):
            with pytest.raises(EmulatorError):
                wrong()
    finally:
        emulator.close()


def test_a_member_is_a_user_since_they_joined() -> None:
    """Members come by when they joined, not by when they were made; adding one again changes nothing."""
    emulator = Emulator()
    try:
        grace, ada = emulator.accounts.create_user("Grace"), emulator.accounts.create_user("Ada")
        for user in (ada, grace, ada):
            emulator.accounts.add_member(user, "acme")
        first, second = emulator.accounts.list_members(organization="acme")
        assert [(m.id, m.name, m.created_at) for m in (first, second)] == [
            (user.id, user.name, user.created_at) for user in (ada, grace)
        ]
        assert second.created_at <= first.since <= second.since
        emulator.accounts.remove_member(first, "acme")
        assert emulator.accounts.list_members(organization="acme") == [second]
        assert emulator.accounts.list_members() == []
    finally:
        emulator.close()


# --- names and ids --------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["org_", "ORG_", " org_", "user_", "key_", "sess_", "sk-lf-"])
def test_a_name_that_looks_like_an_id_is_refused(emulator: Emulator, prefix: str) -> None:
    """For organizations and users, wherever they can be created."""
    name, accounts = f"{prefix}0123", emulator.accounts
    for create in (
        lambda: accounts.create_organization(name),
        lambda: accounts.create_user(name),
        lambda: accounts.create_user("Ada", organization=name),
        lambda: accounts.create_api_key(organization=name),
        lambda: Emulator(organization=name, embedder=None),
    ):
        with pytest.raises(EmulatorError):
            create()
    assert accounts.list_organizations() == []
    assert accounts.list_users() == []


@pytest.mark.parametrize("name", ["", " ", "a" * 101, "a\0b", "a\x1b[31m", "\ud800", "a\u0085b"])
def test_a_name_that_cannot_be_kept_or_shown_is_refused(emulator: Emulator, name: str) -> None:
    """Of organizations, users and keys alike."""
    accounts = emulator.accounts
    for create in (accounts.create_organization, accounts.create_user, accounts.create_api_key):
        with pytest.raises(EmulatorError):
            create(name)


def test_an_old_organization_named_after_an_id_takes_nothing_over(emulator: Emulator) -> None:
    """A database may hold such a name; the id still means the organization that has it."""
    victim = emulator.accounts.create_organization("victim")
    with emulator._store.write() as db:
        ensure_organization(db, victim.id, 0)
    assert People(emulator._store).organization_by_id(victim.id) == victim
    mallory = emulator.accounts.create_user("Mallory", organization=victim.id)
    assert [m.id for m in emulator.accounts.list_members(organization="victim")] == [mallory.id]


def test_a_key_is_revoked_by_its_id_its_mask_or_itself(emulator: Emulator) -> None:
    """Each form means one kind of thing: a key named or masked like another is never hit."""
    accounts = emulator.accounts
    first, second = emulator.create_api_key("first"), emulator.create_api_key("second")
    known = {key.name: key for key in accounts.list_api_keys()}
    emulator.create_api_key(known["first"].id)
    emulator.create_api_key(known["first"].masked)
    assert accounts.revoke_api_key(known["first"].id).name == "first"
    assert accounts.revoke_api_key(second).name == "second"
    for gone in (known["first"].masked, "key_0", f"{first}x", "first"):
        with pytest.raises(EmulatorError, match="no such API key"):
            accounts.revoke_api_key(gone)
    assert sum(key.active for key in accounts.list_api_keys()) == 2


# --- times ----------------------------------------------------------------------------------


def test_an_expiry_that_cannot_be_read_back_is_refused(emulator: Emulator) -> None:
    """They are refused on entry; the last moment that can be read back is kept."""
    late = datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))
    early = datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))
    for expires_at in (late, early):
        with pytest.raises(EmulatorError, match="years 1 to 9999"):
            emulator.create_api_key(expires_at=expires_at)
    last = datetime.max.replace(tzinfo=UTC)
    emulator.create_api_key(expires_at=last)
    assert [key.expires_at for key in emulator.accounts.list_api_keys()] == [last]


def test_a_time_that_an_older_version_let_in_hides_no_other_key(emulator: Emulator) -> None:
    """It is read as the last moment there is."""
    emulator.create_api_key("late")
    emulator.create_api_key("good")
    with emulator._store.write() as db:
        db.execute("UPDATE api_key SET expires_at = ? WHERE name = 'late'", (2**62,))
    late, good = emulator.accounts.list_api_keys()
    assert late.expires_at is not None
    assert late.expires_at.year == 9999
    assert good.expires_at is None
