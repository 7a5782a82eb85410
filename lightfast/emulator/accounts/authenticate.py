"""Who is asking: an API key alone, or a session and the organization that it names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator import timestamps
from lightfast.emulator.accounts.keys import ApiKey, Keys
from lightfast.emulator.accounts.people import People, ensure_organization
from lightfast.emulator.accounts.sessions import TOKEN_LIFETIME, Sessions
from lightfast.emulator.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightfast.emulator.store import Store

__all__ = ["ApiKey", "Credentials", "Identity", "Principal", "RefusedError", "ensure_organization"]

NOTHING_GIVEN = (
    "Authentication required. Provide 'Authorization: Bearer <api-key>' header or sign in."
)
NO_ORGANIZATION = "X-Org-ID header is required for session authentication"
NO_MEMBER = "Access denied to this organization"

_BEARER = re.compile(r"bearer(?: +(.*))?", re.IGNORECASE | re.DOTALL)  # RFC 9110 §11.1: any case


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
    user_id: str | None = None


class Identity:
    """Everybody whom a database knows.

    Args:
        store: The database.
        session_lifetime: Seconds that a session token lives.
        now: Says what time it is, in microseconds since 1970.
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
            user = self.sessions.check(credentials.session)
            return self.member(user, credentials.organization)
        raise RefusedError(NOTHING_GIVEN)

    def _by_key(self, key: str, address: str | None) -> Principal:
        key_id, organization = self.keys.check(key, address)
        return Principal(organization=organization, key_id=key_id)

    def member(self, user_id: str, organization_id: str | None) -> Principal:
        """The user as a member of the organization that a request names.

        Raises:
            RefusedError: It names none, or one that the user is no member of.
        """
        if not organization_id:
            raise RefusedError(NO_ORGANIZATION, status=400, code="BAD_REQUEST")
        organization = self.people.membership(user_id, organization_id)
        if organization is None:
            # Whether there is such an organization is not told.
            raise RefusedError(NO_MEMBER, status=403, code="FORBIDDEN")
        return Principal(organization=organization, user_id=user_id)
