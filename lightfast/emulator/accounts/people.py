"""Organizations, users, and who is a member of what."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator import timestamps
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

    from lightfast.emulator.store import Store

__all__ = ["Member", "Organization", "People", "User", "check_organization", "ensure_organization"]

MAX_NAME = 100


@attrs.frozen(kw_only=True)
class Organization:
    """Whose data it is.

    Args:
        id: What the ``X-Org-ID`` header names: ``org_…``.
        name: What people call it, and what the emulator's own arguments name.
        created_at: When it was made.
    """

    id: str
    name: str
    created_at: datetime


@attrs.frozen(kw_only=True)
class User:
    """Somebody who can sign in.

    Args:
        id: ``user_…``.
        name: What people call them.
        created_at: When they were made.
    """

    id: str
    name: str
    created_at: datetime


@attrs.frozen(kw_only=True)
class Member(User):
    """A user who sees an organization's data.

    Args:
        id: ``user_…``.
        name: What people call them.
        created_at: When they were made.
        since: When they became a member.
    """

    since: datetime


class People:
    """Organizations, users and memberships in a database.

    Args:
        store: The database.
        now: Says what time it is, in microseconds since 1970.
    """

    def __init__(self, store: Store, *, now: Callable[[], int] = timestamps.now) -> None:
        self._store, self._now = store, now

    def create_organization(self, name: str) -> Organization:
        """A new organization, without data or members.

        Raises:
            EmulatorError: The name is empty, too long or taken.
        """
        name = check_organization(name)
        with self._store.write() as db:
            if not ensure_organization(db, name, self._now()):
                raise EmulatorError(f"There is an organization {name!r} already.")
        return self.organization(name)

    def ensure(self, name: str) -> Organization:
        """The organization of that name, made if need be."""
        with self._store.write() as db:
            ensure_organization(db, check_organization(name), self._now())
        return self.organization(name)

    def organization(self, which: str) -> Organization:
        """The organization of that id or name.

        Raises:
            EmulatorError: There is none.
        """
        with self._store.read() as db:
            row = db.execute(
                "SELECT * FROM organization WHERE public_id = :which OR id = :which"
                " ORDER BY public_id = :which DESC",
                {"which": which},
            ).fetchone()
        if row is None:
            raise EmulatorError(
                f"There is no organization {which!r}; create_organization makes it."
            )
        return _organization(row)

    def organizations(self, *, member: str | None = None) -> list[Organization]:
        """All organizations, or those that a user is a member of, oldest first."""
        chosen = "WHERE id IN (SELECT organization_id FROM member WHERE user_id = :member)"
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT * FROM organization {chosen if member else ''} ORDER BY created_at, id",  # noqa: S608
                {"member": member},
            ).fetchall()
        return [_organization(row) for row in rows]

    def create_user(self, name: str) -> User:
        """A new user, member of nothing yet.

        Raises:
            EmulatorError: The name is empty or too long.
        """
        name = name.strip()
        if not 1 <= len(name) <= MAX_NAME:
            raise EmulatorError(f"A user's name has 1 to {MAX_NAME} characters, not {len(name)}.")
        user_id = f"user_{secrets.token_hex(12)}"
        with self._store.write() as db:
            db.execute("INSERT INTO user VALUES (?, ?, ?)", (user_id, name, self._now()))
        return self.user(user_id)

    def user(self, user_id: str) -> User:
        """The user of that id.

        Raises:
            EmulatorError: There is none.
        """
        with self._store.read() as db:
            row = db.execute("SELECT * FROM user WHERE id = ?", (user_id,)).fetchone()
        if row is None:
            raise EmulatorError(f"There is no user {user_id!r}; create_user makes one.")
        return _user(row)

    def users(self, *, organization: str | None = None) -> list[User]:
        """All users, or an organization's members, oldest first."""
        chosen = "WHERE id IN (SELECT user_id FROM member WHERE organization_id = :organization)"
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT * FROM user {chosen if organization else ''} ORDER BY created_at, rowid",  # noqa: S608
                {"organization": organization},
            ).fetchall()
        return [_user(row) for row in rows]

    def members(self, organization: str) -> list[Member]:
        """The members of the organization of that name, by when they became it."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT user.*, member.created_at AS since FROM member"
                " JOIN user ON user.id = member.user_id WHERE member.organization_id = ?"
                " ORDER BY since, user.rowid",
                (organization,),
            ).fetchall()
        return [_member(row) for row in rows]

    def add_member(self, user_id: str, organization: str) -> None:
        """Make the user a member of the organization of that name, which is made if need be."""
        user = self.user(user_id)
        with self._store.write() as db:
            ensure_organization(db, check_organization(organization), self._now())
            db.execute(
                "INSERT OR IGNORE INTO member VALUES (?, ?, ?)",
                (organization, user.id, self._now()),
            )

    def remove_member(self, user_id: str, organization: str) -> bool:
        """Let the user see the organization's data no more, from the next request on; whether they did."""
        with self._store.write() as db:
            removed = db.execute(
                "DELETE FROM member WHERE organization_id = ? AND user_id = ?",
                (organization, user_id),
            )
        return removed.rowcount > 0

    def membership(self, user_id: str, organization_id: str) -> str | None:
        """The name of the organization of that id; None when the user is no member of such a one."""
        with self._store.read() as db:
            row = db.execute(
                "SELECT o.id FROM organization AS o JOIN member AS m ON m.organization_id = o.id"
                " WHERE o.public_id = ? AND m.user_id = ?",
                (organization_id, user_id),
            ).fetchone()
        return row["id"] if row else None


def check_organization(name: str) -> str:
    """The name, if an organization can have it.

    Raises:
        EmulatorError: It cannot.
    """
    if not name.strip() or len(name) > MAX_NAME:
        raise EmulatorError(f"An organization's name has 1 to {MAX_NAME} characters.")
    return name


def ensure_organization(db: sqlite3.Connection, name: str, at: int) -> bool:
    """Make the organization unless it is there; whether it was made."""
    made = db.execute(
        "INSERT OR IGNORE INTO organization (id, created_at, public_id) VALUES (?, ?, ?)",
        (name, at, f"org_{secrets.token_hex(12)}"),
    )
    return made.rowcount > 0


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
