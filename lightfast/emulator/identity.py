"""Who is asking: API keys, of which only digests are kept, and the organizations they belong to."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import threading
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator import moments
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

    from lightfast.emulator.store import Store

__all__ = ["ApiKey", "Credentials", "Identity", "Principal", "RefusedError"]

KEY_PREFIX = "sk-lf-"
KEY_LENGTH = 43  # log2(62 ** 43) is 256 bits
MAX_NAME = 100
NOTHING_GIVEN = (
    "Authentication required. Provide 'Authorization: Bearer <api-key>' header or sign in."
)

_ALPHABET = string.digits + string.ascii_letters
_KEY = re.compile(rf"{KEY_PREFIX}[0-9A-Za-z]{{{KEY_LENGTH}}}")
_BEARER = re.compile(r"bearer(?: +(.*))?", re.IGNORECASE | re.DOTALL)  # RFC 9110 §11.1: any case


class RefusedError(Exception):
    """The request is not let in.

    Attributes:
        status: The HTTP status that says so.
        code: The documented error code.
        message: Why, for the person who reads the answer.
    """

    def __init__(self, message: str, *, status: int = 401, code: str = "UNAUTHORIZED") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@attrs.frozen(kw_only=True)
class Credentials:
    """What a request says about who sends it.

    Args:
        authorization: Every ``Authorization`` header, in order.
        session: The ``__session`` cookie.
        organization: The ``X-Org-ID`` header.
        address: The IP address it came from.
    """

    authorization: tuple[str, ...] = attrs.field(default=(), repr=False)
    session: str | None = attrs.field(default=None, repr=False)
    organization: str | None = None
    address: str | None = None


@attrs.frozen(kw_only=True)
class Principal:
    """Who was let in, and the one organization they see."""

    organization: str
    key_id: str | None = None


@attrs.frozen(kw_only=True)
class ApiKey:
    """What is known of an API key; the key itself is not.

    Args:
        id: Its id.
        masked: What a person recognises it by: ``sk-lf-...AbC1``.
        name: What it is for.
        organization: Whose data it opens.
        created_by: Who made it.
        created_at: When it was made.
        active: False once revoked.
        expires_at: When it stops working; None for never.
        last_used_at: When it last let somebody in.
        last_used_ip: From where.
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


class Identity:
    """API keys and organizations in a database.

    Args:
        store: The database.
        now: Says what time it is, in microseconds since 1970.
    """

    def __init__(self, store: Store, *, now: Callable[[], int] = moments.now) -> None:
        self._store, self._now = store, now
        self._uses: dict[str, tuple[int, str | None]] = {}
        self._uses_lock = threading.Lock()

    # --- letting in ---------------------------------------------------------------------------

    def authenticate(self, credentials: Credentials) -> Principal:
        """Whoever the credentials prove.

        Raises:
            RefusedError: They prove nobody.
        """
        bearers = [m for h in credentials.authorization if (m := _BEARER.fullmatch(h.strip()))]
        if len(bearers) > 1:
            raise RefusedError(
                "More than one bearer token was given; send one Authorization header."
            )
        if bearers:
            # A bearer token, valid or not, decides alone: a session never rescues a bad key.
            return self._by_key((bearers[0][1] or "").strip(), credentials.address)
        if credentials.session:
            return self._by_session(credentials)
        raise RefusedError(NOTHING_GIVEN)

    def _by_key(self, key: str, address: str | None) -> Principal:
        if not key.startswith(KEY_PREFIX):
            raise RefusedError(f"Invalid API key: keys start with '{KEY_PREFIX}'.")
        if not _KEY.fullmatch(key):
            raise RefusedError(
                f"Invalid API key: '{KEY_PREFIX}' must be followed by {KEY_LENGTH} letters and digits."
            )
        if (row := self._find(_digest(key))) is None:
            raise RefusedError("Invalid API key: there is no such key.")
        if not row["active"]:
            raise RefusedError("Invalid API key: it has been revoked.")
        if row["expires_at"] is not None and row["expires_at"] <= self._now():
            raise RefusedError("Invalid API key: it has expired.")
        with self._uses_lock:
            self._uses[row["id"]] = (self._now(), address)
        return Principal(organization=row["organization_id"], key_id=row["id"])

    def _find(self, digest: str) -> sqlite3.Row | None:
        with self._store.read() as db:
            row: sqlite3.Row | None = db.execute(
                "SELECT * FROM api_key WHERE digest = ?", (digest,)
            ).fetchone()
        # The look-up went by the digest, not the key, and the last word is said in constant time.
        return row if row and hmac.compare_digest(row["digest"], digest) else None

    def _by_session(self, credentials: Credentials) -> Principal:
        raise RefusedError("This emulator does not know sessions yet; use an API key.")

    def write_uses(self) -> None:
        """Write down when and from where keys were last used.

        Apart from `authenticate`, so that a search never waits for a writer.
        """
        with self._uses_lock:
            uses, self._uses = self._uses, {}
        if not uses:
            return
        with self._store.write() as db:
            db.executemany(
                "UPDATE api_key SET last_used_at = ?, last_used_ip = ? WHERE id = ?",
                [(at, address, key_id) for key_id, (at, address) in uses.items()],
            )

    # --- keeping keys -------------------------------------------------------------------------

    def create_api_key(
        self,
        name: str,
        *,
        organization: str,
        created_by: str = "user_local",
        expires_at: datetime | None = None,
    ) -> str:
        """A new key, to be shown once: only its digest is kept.

        Raises:
            EmulatorError: The name is empty or too long, or the expiry has no time zone.
        """
        name = _valid_name(name)
        expiry = _valid_expiry(expires_at)
        key = KEY_PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(KEY_LENGTH))
        key_id = f"key_{secrets.token_hex(8)}"
        with self._store.write() as db:
            ensure_organization(db, organization, self._now())
            db.execute(
                "INSERT INTO api_key (id, organization_id, digest, prefix, last_four, name, created_by,"
                " created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(key_id, organization, _digest(key), KEY_PREFIX, key[-4:], name),
                    *(created_by, self._now(), expiry),
                ),
            )
        return key

    def list_api_keys(self, *, organization: str) -> list[ApiKey]:
        """The organization's keys, oldest first, revoked ones included."""
        self.write_uses()
        with self._store.read() as db:
            rows = db.execute(
                "SELECT * FROM api_key WHERE organization_id = ? ORDER BY created_at, rowid",
                (organization,),
            ).fetchall()
        return [_api_key(row) for row in rows]

    def revoke_api_key(self, which: str, *, organization: str) -> ApiKey:
        """The key, which from now on lets nobody in.

        Args:
            which: Its id, its masked form or the key itself.
            organization: Whose key it is.

        Raises:
            EmulatorError: There is no such key, or there are several.
        """
        digest = _digest(which)
        with self._store.write() as db:
            rows = db.execute(
                "SELECT id FROM api_key WHERE organization_id = :organization AND (id = :which"
                " OR digest = :digest OR (active AND prefix || '...' || last_four = :which))",
                {"organization": organization, "which": which, "digest": digest},
            ).fetchall()
            if len(rows) != 1:
                raise EmulatorError(_no_single_key(which, len(rows)))
            db.execute("UPDATE api_key SET active = 0 WHERE id = ?", (rows[0]["id"],))
            row = db.execute("SELECT * FROM api_key WHERE id = ?", (rows[0]["id"],)).fetchone()
        return _api_key(row)


def ensure_organization(db: sqlite3.Connection, organization: str, at: int) -> None:
    """Make the organization unless it is there."""
    db.execute("INSERT OR IGNORE INTO organization VALUES (?, ?)", (organization, at))


def _digest(key: str) -> str:
    # A plain hash is enough: 256 random bits cannot be guessed, salted or not.
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _valid_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise EmulatorError(f"A key's name has 1 to {MAX_NAME} characters, not {len(name)}.")
    return name


def _valid_expiry(expires_at: datetime | None) -> int | None:
    if expires_at is None:
        return None
    if expires_at.utcoffset() is None:
        raise EmulatorError("`expires_at` needs a time zone: datetime(…, tzinfo=UTC).")
    return moments.from_datetime(expires_at)


def _no_single_key(which: str, count: int) -> str:
    if count:
        return f"{count} keys look like {which}; give the id that the list of keys shows."
    # What was given may be a key in full, so it is not repeated.
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
        created_at=moments.to_datetime(row["created_at"]),
        active=bool(row["active"]),
        expires_at=_moment(row["expires_at"]),
        last_used_at=_moment(row["last_used_at"]),
        last_used_ip=row["last_used_ip"],
    )


def _moment(value: int | None) -> datetime | None:
    return None if value is None else moments.to_datetime(value)
