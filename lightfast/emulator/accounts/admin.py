"""Who may ask an emulator: organizations, users, members, sessions and API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightfast.emulator.accounts.people import Member, Organization, User, check_organization

if TYPE_CHECKING:
    from datetime import datetime

    from lightfast.emulator.accounts.authenticate import Identity
    from lightfast.emulator.accounts.keys import ApiKey

__all__ = ["Directory"]


class Directory:
    """The part of an emulator that knows people and keys.

    Where an organization is asked for, its name will do, or its id, or the `Organization`; without one it is the
    emulator's own.
    """

    _identity: Identity
    _organization: str

    # --- API keys -----------------------------------------------------------------------------

    def create_api_key(
        self,
        name: str = "default",
        *,
        organization: str | Organization | None = None,
        expires_at: datetime | None = None,
    ) -> str:
        """A new API key. It cannot be shown again: only its digest is kept.

        Args:
            name: What it is for.
            organization: Whose data it opens; made when there is none of that name.
            expires_at: When it stops working, with a time zone; None for never.

        Raises:
            EmulatorError: The name is empty or too long, or the expiry has no time zone.
        """
        owner = self._named(organization)
        return self._identity.keys.create(name, organization=owner, expires_at=expires_at)

    def list_api_keys(self, *, organization: str | Organization | None = None) -> list[ApiKey]:
        """The organization's keys, oldest first, revoked ones included."""
        return self._identity.keys.of(self._named(organization))

    def revoke_api_key(
        self, id_or_masked: str, *, organization: str | Organization | None = None
    ) -> ApiKey:
        """The key, which from now on lets nobody in.

        Args:
            id_or_masked: Its id, its masked form such as ``sk-lf-...AbC1``, or the key itself.
            organization: Whose key it is.

        Raises:
            EmulatorError: There is no such key, or there are several.
        """
        owner = self._named(organization)
        return self._identity.keys.revoke(id_or_masked, organization=owner)

    # --- organizations and users --------------------------------------------------------------

    @property
    def organization(self) -> Organization:
        """The emulator's own organization, whose index it keeps."""
        return self._identity.people.ensure(self._organization)

    def create_organization(self, name: str) -> Organization:
        """A new organization, without data or members.

        Raises:
            EmulatorError: The name is empty, too long or taken.
        """
        return self._identity.people.create_organization(name)

    def list_organizations(self) -> list[Organization]:
        """All organizations, oldest first."""
        return self._identity.people.organizations()

    def create_user(self, name: str, *, organization: str | Organization | None = None) -> User:
        """A new user.

        Args:
            name: What people call them.
            organization: What they are a member of; without it they are of none yet.

        Raises:
            EmulatorError: The name is empty or too long, or there can be no such organization.
        """
        people = self._identity.people
        member_of = None if organization is None else self._named(organization)
        user = people.create_user(name)
        if member_of is not None:
            people.add_member(user.id, member_of)
        return user

    def list_users(self, *, organization: str | Organization | None = None) -> list[User]:
        """All users, or the members of an organization, oldest first."""
        members_of = None if organization is None else self._named(organization)
        return self._identity.people.users(organization=members_of)

    def list_members(self, *, organization: str | Organization | None = None) -> list[Member]:
        """The organization's members, by when they became it."""
        return self._identity.people.members(self._named(organization))

    def add_member(self, user: str | User, organization: str | Organization | None = None) -> None:
        """Let a user see the organization's data.

        Raises:
            EmulatorError: There is no such user.
        """
        self._identity.people.add_member(_id(user), self._named(organization))

    def remove_member(
        self, user: str | User, organization: str | Organization | None = None
    ) -> None:
        """Let a user see the organization's data no more, from the next request on."""
        self._identity.people.remove_member(_id(user), self._named(organization))

    # --- sessions -----------------------------------------------------------------------------

    def create_session_token(self, user: str | User, *, lifetime: float | None = None) -> str:
        """A session token for a user, as signing in at the console gives one.

        With the SDK: ``SessionAuth(lambda: emulator.create_session_token(user), org_id=emulator.organization.id)``.

        Args:
            user: Who.
            lifetime: Seconds until its session ends, if that is sooner than the token ends.

        Raises:
            EmulatorError: There is no such user.
        """
        sessions = self._identity.sessions
        user_id = self._identity.people.user(_id(user)).id
        secret = sessions.sign_in(user_id, lifetime=lifetime or 2 * sessions.lifetime + 1)
        return sessions.token(secret).text

    def _named(self, organization: str | Organization | None) -> str:
        """The name under which the database knows an organization."""
        if organization is None:
            return self._organization
        if isinstance(organization, Organization):
            return organization.name
        if organization.startswith("org_"):
            return self._identity.people.organization(organization).name
        return check_organization(organization)


def _id(user: str | User) -> str:
    return user.id if isinstance(user, User) else user
