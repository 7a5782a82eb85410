"""Accounts as programs manage them: organizations, users, members, sessions and API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightfast.emulator.accounts.names import looks_like_id
from lightfast.emulator.accounts.people import Member, Organization, User, check_organization

if TYPE_CHECKING:
    from datetime import datetime

    from lightfast.emulator.accounts.authenticate import Identity
    from lightfast.emulator.accounts.keys import ApiKey

__all__ = ["Accounts"]


class Accounts:
    """Organizations, users, sessions and API keys of an emulator, as `Emulator.accounts`.

    An ``organization`` is given as its name, its id (``org_…``) or an `Organization`; the emulator's own one is
    the default. A name that does not exist yet is created where something is added to it.
    """

    def __init__(self, identity: Identity, organization: str) -> None:
        self._identity = identity
        self._organization = organization

    # --- API keys -----------------------------------------------------------------------------

    def create_api_key(
        self,
        name: str = "default",
        *,
        organization: str | Organization | None = None,
        expires_at: datetime | None = None,
    ) -> str:
        """Create an API key. It cannot be shown again: only its digest is kept.

        Args:
            name: What it is for.
            organization: Whose data it opens.
            expires_at: When it expires, with a time zone; None for never.

        Returns:
            The key.

        Raises:
            EmulatorError: The name is empty or too long, or the expiry has no time zone.
        """
        owner = self._resolve_organization(organization)
        return self._identity.keys.create(name, organization=owner, expires_at=expires_at)

    def list_api_keys(self, *, organization: str | Organization | None = None) -> list[ApiKey]:
        """Return the organization's keys, oldest first, revoked ones included."""
        return self._identity.keys.of_organization(self._resolve_organization(organization))

    def revoke_api_key(
        self, id_or_masked: str, *, organization: str | Organization | None = None
    ) -> ApiKey:
        """Revoke a key, from the next request on.

        Args:
            id_or_masked: Its id, its masked form such as ``sk-lf-...AbC1``, or the key itself.
            organization: Whose key it is.

        Returns:
            The key as it is now.

        Raises:
            EmulatorError: There is no such key, or there are several.
        """
        owner = self._resolve_organization(organization)
        key_id = self._identity.keys.find_id(id_or_masked, organization=owner)
        return self._identity.keys.revoke(key_id, organization=owner)

    # --- organizations and users --------------------------------------------------------------

    @property
    def organization(self) -> Organization:
        """The emulator's own organization, whose index it keeps."""
        return self._identity.people.ensure(self._organization)

    def create_organization(self, name: str) -> Organization:
        """Create an organization without data or members.

        Raises:
            EmulatorError: The name is empty, too long, taken, or looks like an id.
        """
        return self._identity.people.create_organization(name)

    def list_organizations(self) -> list[Organization]:
        """Return all organizations, oldest first."""
        return self._identity.people.organizations()

    def create_user(self, name: str, *, organization: str | Organization | None = None) -> User:
        """Create a user.

        Args:
            name: What people call them.
            organization: What they become a member of; None for none yet.

        Raises:
            EmulatorError: The name is empty, too long, or looks like an id; or there is no such organization.
        """
        people = self._identity.people
        owner = None if organization is None else self._resolve_organization(organization)
        user = people.create_user(name)
        if owner is not None:
            people.add_member(user.id, owner)
        return user

    def list_users(self, *, organization: str | Organization | None = None) -> list[User]:
        """Return all users, or the members of an organization, oldest first."""
        owner = None if organization is None else self._resolve_organization(organization)
        return self._identity.people.users(organization=owner)

    def list_members(self, *, organization: str | Organization | None = None) -> list[Member]:
        """Return the organization's members, in the order in which they joined."""
        return self._identity.people.members(self._resolve_organization(organization))

    def add_member(self, user: str | User, organization: str | Organization | None = None) -> None:
        """Make a user a member of an organization.

        Args:
            user: The user, or their id.
            organization: The organization.

        Raises:
            EmulatorError: There is no such user.
        """
        owner = self._resolve_organization(organization)
        self._identity.people.add_member(_user_id(user), owner)

    def remove_member(
        self, user: str | User, organization: str | Organization | None = None
    ) -> None:
        """End a user's membership, from the next request on."""
        owner = self._resolve_organization(organization)
        self._identity.people.remove_member(_user_id(user), owner)

    # --- sessions -----------------------------------------------------------------------------

    def create_session_token(self, user: str | User, *, lifetime: float | None = None) -> str:
        """Create a session token for a user, as signing in at the console does.

        With the SDK::

            SessionAuth(
                lambda: emulator.accounts.create_session_token(user),
                org_id=emulator.accounts.organization.id,
            )

        Args:
            user: The user, or their id.
            lifetime: Seconds until the session ends, if that is sooner than the token expires.

        Raises:
            EmulatorError: There is no such user.
        """
        sessions = self._identity.sessions
        user_id = self._identity.people.user(_user_id(user)).id
        secret = sessions.sign_in(user_id, lifetime=lifetime or 2 * sessions.lifetime + 1)
        return sessions.token(secret).text

    def _resolve_organization(self, organization: str | Organization | None) -> str:
        """Return the name of an organization."""
        if organization is None:
            return self._organization
        if isinstance(organization, Organization):
            return organization.name
        if looks_like_id(organization):
            return self._identity.people.organization_by_id(organization).name
        return check_organization(organization)


def _user_id(user: str | User) -> str:
    return user.id if isinstance(user, User) else user
