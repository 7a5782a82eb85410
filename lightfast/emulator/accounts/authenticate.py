"""Authentication of requests: an API key alone, or a session and the organization that it names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator import timestamps
from lightfast.emulator.accounts.keys import Keys
from lightfast.emulator.accounts.people import People
from lightfast.emulator.accounts.sessions import TOKEN_LIFETIME, Sessions
from lightfast.emulator.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightfast.emulator.store import Store

__all__ = ["Credentials", "Identity", "Principal"]

NO_CREDENTIALS = (
    "Authentication required. Provide 'Authorization: Bearer <api-key>' header or sign in."
)
NO_ORGANIZATION = "X-Org-ID header is required for session authentication"
NOT_A_MEMBER = "Access denied to this organization"

NOT_A_KEY = (
    "Invalid API key: write 'Authorization: Bearer <api-key>', with a capital B and one space."
)

_BEARER = re.compile(r"bearer(?: |$)", re.IGNORECASE)  # RFC 9110 §11.1: any case


@attrs.frozen(kw_only=True)
class Credentials:
    """Credentials of a request.

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
    """Authenticated caller, and the one organization whose data they see."""

    organization: str
    key_id: str | None = None
    user_id: str | None = None


class Identity:
    """Keys, people and sessions of a database, and the check of credentials against them.

    Args:
        store: The database.
        session_lifetime: Seconds that a session token lives.
        now: Returns the current time, in microseconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        *,
        session_lifetime: float = TOKEN_LIFETIME,
        now: Callable[[], int] = timestamps.now,
    ) -> None:
        self.keys = Keys(store, now=now)
        self.people = People(store, now=now)
        self.sessions = Sessions(store, lifetime=session_lifetime, now=now)

    def authenticate(self, credentials: Credentials) -> Principal:
        """Return the caller whom the credentials prove.

        Raises:
            RefusedError: They are missing or not valid.
        """
        bearers = [h for h in credentials.authorization if _BEARER.match(h)]
        if len(bearers) > 1:
            raise RefusedError(
                "More than one bearer token was given; send one Authorization header."
            )
        if bearers:
            # A bearer token, valid or not, decides alone: a session never rescues a bad key.
            return self._by_key(bearers[0], credentials.address)
        if credentials.session:
            user = self.sessions.check(credentials.session)
            return self.member(user, credentials.organization)
        raise RefusedError(NO_CREDENTIALS)

    def _by_key(self, header: str, address: str | None) -> Principal:
        # The service takes exactly `Bearer ` and a key, though RFC 9110 would allow more.
        scheme, _, key = header.partition(" ")
        if scheme != "Bearer" or key != key.strip():
            raise RefusedError(NOT_A_KEY)
        key_id, organization = self.keys.check(key, address)
        return Principal(organization=organization, key_id=key_id)

    def member(self, user_id: str, organization_id: str | None) -> Principal:
        """Return a user as a member of the organization that a request names.

        Args:
            user_id: The user's id.
            organization_id: What the ``X-Org-ID`` header says.

        Raises:
            RefusedError: It names none, or one that the user is not a member of.
        """
        if not organization_id:
            raise RefusedError(NO_ORGANIZATION, status=400, code="BAD_REQUEST")
        organization = self.people.membership(user_id, organization_id)
        if organization is None:
            # The same answer whether or not there is such an organization: ids cannot be probed.
            raise RefusedError(NOT_A_MEMBER, status=403, code="FORBIDDEN")
        return Principal(organization=organization, user_id=user_id)
