"""API keys, of which only digests are kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import threading
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator import timestamps
from lightfast.emulator.accounts.names import check_name
from lightfast.emulator.accounts.people import ensure_organization
from lightfast.emulator.errors import EmulatorError, RefusedError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

    from lightfast.emulator.store import Store

__all__ = ["KEY_PREFIX", "REVOKED_KEY", "UNKNOWN_KEY", "ApiKey", "Keys", "digest", "mask"]

KEY_PREFIX = "sk-lf-"
UNKNOWN_KEY = "Invalid API key: there is no such key."
REVOKED_KEY = "Invalid API key: it has been revoked."
KEY_LENGTH = 43  # log2(62 ** 43) is 256 bits
_ALPHABET = string.digits + string.ascii_letters
_KEY = re.compile(rf"{KEY_PREFIX}[0-9A-Za-z]{{{KEY_LENGTH}}}")


@attrs.frozen(kw_only=True)
class ApiKey:
    """Record of an API key, without the key itself.

    Args:
        id: Its id.
        masked: What a person recognises it by: ``sk-lf-...AbC1``.
        name: What it is for.
        organization: The name of the organization whose data it opens.
        created_by: The id of the user who created it.
        created_at: When it was created.
        active: False once revoked.
        expires_at: When it expires; None for never.
        last_used_at: When it was last used.
        last_used_ip: The IP address it was last used from.
    """

    id: str
    masked: str
    name: str
    organization: str
    created_by: str
    created_at: datetime
    active: bool
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_ip: str | None


class Keys:
    """API keys in a database.

    Args:
        store: The database.
        now: Returns the current time, in microseconds since 1970.
    """

    def __init__(self, store: Store, *, now: Callable[[], int] = timestamps.now) -> None:
        self._store, self._now = store, now
        self._uses: dict[str, tuple[int, str | None]] = {}
        self._uses_lock = threading.Lock()
        self._writing_uses = threading.Lock()

    # --- checking -----------------------------------------------------------------------------

    def check(self, key: str, address: str | None) -> tuple[str, str]:
        """Return the id of a valid key and the name of its organization.

        Args:
            key: The key.
            address: The IP address it is used from.

        Raises:
            RefusedError: The key is not valid; the message says why.
        """
        if not key.startswith(KEY_PREFIX):
            raise RefusedError(f"Invalid API key: keys start with '{KEY_PREFIX}'.")
        if not _KEY.fullmatch(key):
            raise RefusedError(
                f"Invalid API key: '{KEY_PREFIX}' must be followed by {KEY_LENGTH} letters and digits."
            )
        if (row := self._row(digest(key))) is None:
            raise RefusedError(UNKNOWN_KEY)
        if not row["active"]:
            raise RefusedError(REVOKED_KEY)
        if row["expires_at"] is not None and row["expires_at"] <= self._now():
            raise RefusedError("Invalid API key: it has expired.")
        with self._uses_lock:
            self._uses[row["id"]] = (self._now(), address)
        return row["id"], row["organization_id"]

    def _row(self, wanted: str) -> sqlite3.Row | None:
        with self._store.read() as db:
            row: sqlite3.Row | None = db.execute(
                "SELECT * FROM api_key WHERE digest = ?", (wanted,)
            ).fetchone()
        # The look-up was by digest; comparing in constant time leaks nothing about the key either.
        return row if row and hmac.compare_digest(row["digest"], wanted) else None

    def write_uses(self) -> None:
        """Write when and from where keys were last used to the database.

        `check` does not do it itself, so that a search never waits for a writer.
        """
        with self._writing_uses:  # a second caller returns only after the first one has written
            with self._uses_lock:
                uses, self._uses = self._uses, {}
            if not uses:
                return
            with self._store.write() as db:
                db.executemany(
                    "UPDATE api_key SET last_used_at = ?, last_used_ip = ? WHERE id = ?",
                    [(at, address, key_id) for key_id, (at, address) in uses.items()],
                )

    # --- creating and revoking ----------------------------------------------------------------

    def create(
        self,
        name: str,
        *,
        organization: str,
        created_by: str = "user_local",
        expires_at: datetime | None = None,
    ) -> str:
        """Create a key, to be shown once: only its digest is kept.

        Raises:
            EmulatorError: The name is empty or too long, or the expiry has no time zone.
        """
        name = check_name("a key", name)
        expiry = _valid_expiry(expires_at)
        key = KEY_PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(KEY_LENGTH))
        key_id = f"key_{secrets.token_hex(8)}"
        with self._store.write() as db:
            ensure_organization(db, organization, self._now())
            db.execute(
                "INSERT INTO api_key (id, organization_id, digest, prefix, last_four, name, created_by,"
                " created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(key_id, organization, digest(key), KEY_PREFIX, key[-4:], name),
                    *(created_by, self._now(), expiry),
                ),
            )
        return key

    def of_organization(self, organization: str) -> list[ApiKey]:
        """Return the organization's keys, oldest first, revoked ones included."""
        self.write_uses()
        with self._store.read() as db:
            rows = db.execute(
                "SELECT * FROM api_key WHERE organization_id = ? ORDER BY created_at, rowid",
                (organization,),
            ).fetchall()
        return [_api_key(row) for row in rows]

    def find_id(self, which: str, *, organization: str) -> str:
        """Return the id of a key.

        Args:
            which: Its id, its masked form or the key itself; their forms cannot be mistaken for each other.
            organization: Whose key it is.

        Raises:
            EmulatorError: There is no such key, or there are several.
        """
        if _KEY.fullmatch(which):
            condition, value = "digest = ?", digest(which)
        elif which.startswith(KEY_PREFIX):
            condition, value = "active AND prefix || '...' || last_four = ?", which
        else:
            condition, value = "id = ?", which
        with self._store.read() as db:
            rows = db.execute(
                f"SELECT id FROM api_key WHERE organization_id = ? AND {condition}",  # noqa: S608 - ours
                (organization, value),
            ).fetchall()
        if len(rows) != 1:
            raise EmulatorError(_not_one_key(which, len(rows)))
        return str(rows[0]["id"])

    def revoke(self, key_id: str, *, organization: str) -> ApiKey:
        """Revoke the key of an id, from the next request on.

        Raises:
            EmulatorError: The organization has no such key.
        """
        with self._store.write() as db:
            own = "organization_id = ? AND id = ?"
            db.execute(f"UPDATE api_key SET active = 0 WHERE {own}", (organization, key_id))  # noqa: S608
            row = db.execute(
                f"SELECT * FROM api_key WHERE {own}",  # noqa: S608
                (organization, key_id),
            ).fetchone()
        if row is None:
            raise EmulatorError(_not_one_key(key_id, 0))
        return _api_key(row)


def digest(secret: str) -> str:
    """Return what is kept of a secret."""
    # A plain hash is enough: 256 random bits cannot be guessed, salted or not.
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def mask(key: str) -> str:
    """Return what may be shown of a key; ``***`` for anything else."""
    return f"{KEY_PREFIX}...{key[-4:]}" if _KEY.fullmatch(key) else "***"


def _valid_expiry(expires_at: datetime | None) -> int | None:
    if expires_at is None:
        return None
    if expires_at.utcoffset() is None:
        raise EmulatorError("`expires_at` needs a time zone: datetime(…, tzinfo=UTC).")
    try:
        return timestamps.from_datetime(expires_at)
    except ValueError as error:
        raise EmulatorError(
            f"`expires_at`: {error}; use None for a key that never expires."
        ) from None


def _not_one_key(which: str, count: int) -> str:
    if count:
        return f"{count} keys have the form {which}; use the id that the list of keys shows."
    # What was given may be a whole key, so it is not repeated.
    return (
        "There is no such API key in this organization; the list of keys shows ids and masked keys."
    )


def _api_key(row: sqlite3.Row) -> ApiKey:
    return ApiKey(
        id=row["id"],
        masked=f"{row['prefix']}...{row['last_four']}",
        name=row["name"],
        organization=row["organization_id"],
        created_by=row["created_by"],
        created_at=timestamps.to_datetime(row["created_at"]),
        active=bool(row["active"]),
        expires_at=_optional(row["expires_at"]),
        last_used_at=_optional(row["last_used_at"]),
        last_used_ip=row["last_used_ip"],
    )


def _optional(value: int | None) -> datetime | None:
    return None if value is None else timestamps.to_datetime(value)
