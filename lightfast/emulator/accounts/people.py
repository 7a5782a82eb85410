"""Organizations, users, and who is a member of what."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator import timestamps
from lightfast.emulator.accounts.names import check_name, looks_like_id
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

    from lightfast.emulator.store import Store

__all__ = ["Member", "Organization", "People", "User", "check_organization", "ensure_organization"]


@attrs.frozen(kw_only=True)
class Organization:
    """Owner of an index and of API keys.

    Args:
        id: What the ``X-Org-ID`` header names: ``org_…``.
        name: What people call it, and what the emulator's own arguments name.
        created_at: When it was created.
    """

    id: str
    name: str
    created_at: datetime


@attrs.frozen(kw_only=True)
class User:
    """Person who can sign in.

    Args:
        id: ``user_…``.
        name: What people call them; not unique.
        created_at: When they were created.
    """

    id: str
    name: str
    created_at: datetime


@attrs.frozen(kw_only=True)
class Member(User):
    """User with access to an organization's data.

    Args:
        id: ``user_…``.
        name: What people call them; not unique.
        created_at: When they were created.
        since: When they became a member.
    """

    since: datetime


class People:
    """Organizations, users and memberships in a database.

    Organizations are looked up by name or by id, never by "either": an id is public, and a caller who
    passed one off as a name would be let in.

    Args:
        store: The database.
        now: Returns the current time, in microseconds since 1970.
    """

    def __init__(self, store: Store, *, now: Callable[[], int] = timestamps.now) -> None:
        self._store, self._now = store, now

    # --- organizations ------------------------------------------------------------------------

    def create_organization(self, name: str, *, member: str | None = None) -> Organization:
        """Create an organization without data.

        Args:
            name: Its name.
            member: The id of the user who becomes its first member.

        Raises:
            EmulatorError: The name is empty, too long, taken, or looks like an id.
        """
        name = check_organization(name)
        with self._store.write() as db:
            created = _create(db, name, self._now())
            if created is None:
                raise EmulatorError(f"An organization named {name!r} already exists.")
            if member is not None:
                _insert_member(db, name, member, self._now())
        return created

    def ensure(self, name: str) -> Organization:
        """Return the organization of a name, after creating it if it is missing."""
        name = check_organization(name)
        with self._store.read() as db:
            found = _find_organization(db, name)
        if found is None:
            with self._store.write() as db:
                # Another process may have created it since.
                found = _create(db, name, self._now()) or _find_organization(db, name)
        assert found is not None  # noqa: S101
        return found

    def organization_by_id(self, organization_id: str) -> Organization:
        """Return the organization of an id.

        Raises:
            EmulatorError: There is none.
        """
        with self._store.read() as db:
            row = db.execute(
                "SELECT * FROM organization WHERE public_id = ?", (organization_id,)
            ).fetchone()
        if row is None:
            raise EmulatorError(f"There is no organization with the id {organization_id!r}.")
        return _organization(row)

    def organizations(self, *, member: str | None = None) -> list[Organization]:
        """Return all organizations, or those that a user is a member of, oldest first."""
        condition = "WHERE id IN (SELECT organization_id FROM member WHERE user_id = :member)"
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT * FROM organization {condition if member else ''} ORDER BY created_at, id",  # noqa: S608
                {"member": member},
            ).fetchall()
        return [_organization(row) for row in rows]

    # --- users and members --------------------------------------------------------------------

    def create_user(self, name: str) -> User:
        """Create a user who is not a member of any organization yet.

        Raises:
            EmulatorError: The name is empty, too long, or looks like an id.
        """
        name = check_name("a user", name)
        if looks_like_id(name):
            raise EmulatorError("The name of a user must not look like an id.")
        user = (f"user_{secrets.token_hex(12)}", name, self._now())
        with self._store.write() as db:
            db.execute("INSERT INTO user VALUES (?, ?, ?)", user)
        return User(id=user[0], name=name, created_at=timestamps.to_datetime(user[2]))

    def user(self, user_id: str) -> User:
        """Return the user of an id.

        Raises:
            EmulatorError: There is none.
        """
        with self._store.read() as db:
            row = db.execute("SELECT * FROM user WHERE id = ?", (user_id,)).fetchone()
        if row is None:
            raise EmulatorError(f"There is no user with the id {user_id!r}.")
        return _user(row)

    def users(self, *, organization: str | None = None) -> list[User]:
        """Return all users, or the members of the organization of a name, oldest first."""
        condition = "WHERE id IN (SELECT user_id FROM member WHERE organization_id = :organization)"
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT * FROM user {condition if organization else ''} ORDER BY created_at, rowid",  # noqa: S608
                {"organization": organization},
            ).fetchall()
        return [_user(row) for row in rows]

    def members(self, organization: str) -> list[Member]:
        """Return the members of the organization of a name, in the order in which they joined."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT user.*, member.created_at AS since FROM member"
                " JOIN user ON user.id = member.user_id WHERE member.organization_id = ?"
                " ORDER BY since, user.rowid",
                (organization,),
            ).fetchall()
        return [_member(row) for row in rows]

    def add_member(self, user_id: str, organization: str) -> None:
        """Make a user a member of the organization of a name, which is created if it is missing."""
        user = self.user(user_id)
        with self._store.write() as db:
            ensure_organization(db, organization, self._now())
            _insert_member(db, organization, user.id, self._now())

    def remove_member(self, user_id: str, organization: str) -> bool:
        """End a membership, from the next request on.

        Returns:
            Whether the user was a member.
        """
        with self._store.write() as db:
            removed = db.execute(
                "DELETE FROM member WHERE organization_id = ? AND user_id = ?",
                (organization, user_id),
            )
        return removed.rowcount > 0

    def membership(self, user_id: str, organization_id: str) -> str | None:
        """Return the name of the organization of an id; None unless the user is a member of it."""
        with self._store.read() as db:
            row = db.execute(
                "SELECT o.id FROM organization AS o JOIN member AS m ON m.organization_id = o.id"
                " WHERE o.public_id = ? AND m.user_id = ?",
                (organization_id, user_id),
            ).fetchone()
        return row["id"] if row else None


def check_organization(name: str) -> str:
    """Return the name if an organization can have it.

    Raises:
        EmulatorError: It is empty, too long, or looks like an id.
    """
    name = check_name("an organization", name)
    if looks_like_id(name):
        raise EmulatorError(f"The name of an organization must not look like an id; {name!r} does.")
    return name


def ensure_organization(db: sqlite3.Connection, name: str, at: int) -> bool:
    """Create the organization of a name unless it exists.

    Returns:
        Whether it was created.
    """
    inserted = db.execute(
        "INSERT OR IGNORE INTO organization (id, created_at, public_id) VALUES (?, ?, ?)",
        (name, at, f"org_{secrets.token_hex(12)}"),
    )
    return inserted.rowcount > 0


def _find_organization(db: sqlite3.Connection, name: str) -> Organization | None:
    # The column `id` holds the name, `public_id` the id.
    row = db.execute("SELECT * FROM organization WHERE id = ?", (name,)).fetchone()
    return _organization(row) if row else None


def _create(db: sqlite3.Connection, name: str, at: int) -> Organization | None:
    """Return the organization just created; None if the name is taken."""
    return _find_organization(db, name) if ensure_organization(db, name, at) else None


def _insert_member(db: sqlite3.Connection, organization: str, user_id: str, at: int) -> None:
    db.execute("INSERT OR IGNORE INTO member VALUES (?, ?, ?)", (organization, user_id, at))


def _organization(row: sqlite3.Row) -> Organization:
    return Organization(
        id=row["public_id"], name=row["id"], created_at=timestamps.to_datetime(row["created_at"])
    )


def _user(row: sqlite3.Row) -> User:
    return User(
        id=row["id"], name=row["name"], created_at=timestamps.to_datetime(row["created_at"])
    )


def _member(row: sqlite3.Row) -> Member:
    user, since = _user(row), timestamps.to_datetime(row["since"])
    return Member(id=user.id, name=user.name, created_at=user.created_at, since=since)
