"""Endpoints of Settings, Members: list, add and remove the members of an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightfast.emulator import timestamps
from lightfast.emulator.api.responses import answer
from lightfast.emulator.console.body import read_json, text
from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from lightfast.emulator.accounts.people import Member, People, User
    from lightfast.emulator.executor import Executor

    Membership = Callable[[web.Request], Awaitable[tuple[str, str]]]

__all__ = ["Members", "get_or_create_user", "user_json"]


class Members:
    """Endpoints for the members of the organization that a request names.

    Args:
        people: Organizations and users.
        executor: Runs what waits for the database.
        member: Returns the user's id and the organization's name, or refuses the request.
        offers_users: Whether the page may choose among all users, as when signing in.
    """

    def __init__(
        self, people: People, executor: Executor, member: Membership, *, offers_users: bool
    ) -> None:
        self._people, self._executor, self._member = people, executor, member
        self._offers_users = offers_users

    async def list(self, request: web.Request) -> web.Response:
        """List members, and the users who could become one."""
        _, organization = await self._member(request)

        def read() -> dict[str, Any]:
            members = self._people.members(organization)
            inside = {member.id for member in members}
            users = self._people.users() if self._offers_users else []
            return {
                "members": [_member_json(member) for member in members],
                "others": [user_json(user) for user in users if user.id not in inside],
            }

        return answer(request, await self._executor.read(read))

    async def add(self, request: web.Request) -> web.Response:
        """Add a user whom the page chose, or a new one."""
        _, organization = await self._member(request)
        content = await read_json(request)

        def add() -> User:
            user = get_or_create_user(self._people, content)
            self._people.add_member(user.id, organization)
            return user

        return answer(request, {"user": user_json(await self._executor.write(add))})

    async def remove(self, request: web.Request) -> web.Response:
        """Remove a member, who may be the one who asks."""
        _, organization = await self._member(request)
        user_id = text(await read_json(request), "user")
        if not await self._executor.write(self._people.remove_member, user_id, organization):
            raise EmulatorError(f"There is no such member of {organization!r}; reload the page.")
        return answer(request, {})


def get_or_create_user(people: People, content: dict[str, Any]) -> User:
    """Return the user whom the page chose by id, or create one with the name that it sent.

    Raises:
        EmulatorError: There is no such user, or the name is not possible.
    """
    if isinstance(content.get("user"), str):
        return people.user(content["user"])
    return people.create_user(text(content, "name"))


def user_json(user: User) -> dict[str, Any]:
    """Return a user as the page sees them."""
    return {"id": user.id, "name": user.name}


def _member_json(member: Member) -> dict[str, Any]:
    return user_json(member) | {"since": timestamps.datetime_to_wire(member.since)}
