"""Sessions: sign-ins that last for days, and the short-lived tokens made from them.

A sign-in is a row here and a secret in the browser's own cookie; signing out deletes the row. A token is what the
API takes as the ``__session`` cookie: it is valid for a minute, and only while its sign-in lasts.
"""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator import timestamps
from lightfast.emulator.accounts.keys import digest
from lightfast.emulator.errors import RefusedError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from lightfast.emulator.accounts.tokens import SigningKey
    from lightfast.emulator.store import Store

__all__ = ["SessionToken", "Sessions"]

TOKEN_LIFETIME = 60.0  # seconds, as the service's
SIGN_IN_LIFETIME = 7 * 24 * 3600.0
_SECOND = 1_000_000


@attrs.frozen
class SessionToken:
    """Session token, and when it expires.

    Args:
        text: What the ``__session`` cookie carries.
        expires_at: In seconds since 1970.
    """

    text: str = attrs.field(repr=False)
    expires_at: int


class Sessions:
    """Sign-ins of a database, and the tokens made from them.

    Args:
        store: The database.
        lifetime: Seconds that a token lives.
        now: Returns the current time, in microseconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        *,
        lifetime: float = TOKEN_LIFETIME,
        now: Callable[[], int] = timestamps.now,
    ) -> None:
        self._store, self._now = store, now
        self.lifetime = lifetime
        self._signing: SigningKey | None = None
        self._making_key = threading.Lock()

    @property
    def cookie(self) -> str:
        """The name of the cookie that holds the secret of a sign-in.

        Cookies do not tell ports apart (RFC 6265 §8.5), and several emulators may be open in one browser.
        """
        return f"__client_{self._key().id}"

    def sign_in(self, user_id: str, *, lifetime: float = SIGN_IN_LIFETIME) -> str:
        """Sign a user in.

        Returns:
            The secret of the sign-in, for the browser only.
        """
        secret = secrets.token_urlsafe(32)
        now = self._now()
        ends = now + int(lifetime * _SECOND)
        with self._store.write() as db:
            db.execute("DELETE FROM sign_in WHERE expires_at <= ?", (now,))
            db.execute(
                "INSERT INTO sign_in VALUES (?, ?, ?, ?, ?)",
                (f"sess_{secrets.token_hex(12)}", user_id, digest(secret), now, ends),
            )
        return secret

    def sign_out(self, secret: str) -> None:
        """End a sign-in, and with it the tokens made from it."""
        with self._store.write() as db:
            db.execute("DELETE FROM sign_in WHERE digest = ?", (digest(secret),))

    def user(self, secret: str) -> str:
        """Return the id of the user who signed in.

        Raises:
            RefusedError: There is no such sign-in, or it has ended.
        """
        return str(self._sign_in("digest", digest(secret))["user_id"])

    def token(self, secret: str) -> SessionToken:
        """Create a token for the user who signed in.

        Raises:
            RefusedError: There is no such sign-in, or it has ended.
        """
        from lightfast.emulator.accounts import (
            tokens,  # 60 ms, and most emulators see API keys only
        )

        row = self._sign_in("digest", digest(secret))
        now = self._now() // _SECOND
        claims = tokens.Claims(row["user_id"], row["id"], now, now + max(1, round(self.lifetime)))
        return SessionToken(tokens.issue(self._key(), claims), claims.exp)

    def check(self, token: str) -> str:
        """Return the id of the user whose token it is.

        Raises:
            RefusedError: The token is not valid; the message says why.
        """
        from lightfast.emulator.accounts import tokens

        claims = tokens.read(self._key(), token, now=self._now() / _SECOND)
        row = self._sign_in("id", claims.sid)
        if row["user_id"] != claims.sub:
            raise RefusedError("Invalid session: it belongs to another user.")
        return claims.sub

    def _sign_in(self, column: str, value: str) -> sqlite3.Row:
        with self._store.read() as db:
            row: sqlite3.Row | None = db.execute(
                f"SELECT * FROM sign_in WHERE {column} = ? AND expires_at > ?",  # noqa: S608 - ours
                (value, self._now()),
            ).fetchone()
        if row is None:
            raise RefusedError("Session has ended; sign in again.")
        return row

    def _key(self) -> SigningKey:
        with self._making_key:
            if self._signing is None:
                self._signing = self._kept_key()
            return self._signing

    def _kept_key(self) -> SigningKey:
        from lightfast.emulator.accounts.tokens import SigningKey

        wanted = "SELECT id, pem FROM signing_key ORDER BY created_at, id"
        with self._store.read() as db:
            row = db.execute(wanted).fetchone()
        if row is None:
            fresh = SigningKey.generate()
            with self._store.write() as db:
                # Another process may have made one since: the first one counts.
                db.execute(
                    "INSERT INTO signing_key SELECT ?, ?, ?"
                    " WHERE NOT EXISTS (SELECT 1 FROM signing_key)",
                    (fresh.id, fresh.pem, self._now()),
                )
                row = db.execute(wanted).fetchone()
        return SigningKey(row["id"], row["pem"])
