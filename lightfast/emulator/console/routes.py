"""Endpoints of the console: sign-in, organizations, keys."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from lightfast.emulator import timestamps
from lightfast.emulator.api.responses import answer
from lightfast.emulator.console import pages
from lightfast.emulator.console.body import read_json, text
from lightfast.emulator.console.guard import Guard
from lightfast.emulator.console.members import Members, get_or_create_user, user_json
from lightfast.emulator.console.questions import questions
from lightfast.emulator.errors import EmulatorError, RefusedError
from lightfast.emulator.search.facets import facets

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lightfast.emulator.accounts.authenticate import Identity
    from lightfast.emulator.accounts.keys import ApiKey
    from lightfast.emulator.accounts.people import Organization
    from lightfast.emulator.executor import Executor
    from lightfast.emulator.store import Store

    Handler = Callable[[web.Request], Awaitable[web.Response]]

__all__ = ["Console"]

_API = "/console/api"
_SESSION = "__session"


class Console:
    """Console of one emulator.

    Args:
        store: The database.
        identity: Keys, people and sessions.
        executor: Runs what waits for the database.
        organization: The organization that new users become members of.
        host: The address that the emulator listens on.
    """

    def __init__(
        self, store: Store, identity: Identity, executor: Executor, *, organization: str, host: str
    ) -> None:
        self._store = store
        self._identity = identity
        self._executor = executor
        self._organization = organization
        self._guard = Guard(host)
        self._members = Members(
            identity.people, executor, self._member, offers_users=self._guard.signs_in
        )

    def routes(self) -> list[web.RouteDef]:
        """Return every route of the console."""
        reads = {
            "state": self._state,
            "keys": self._keys,
            "facets": self._facets,
            "members": self._members.list,
        }
        changes = {
            "sign-in": self._sign_in,
            "sign-out": self._sign_out,
            "token": self._token,
            "organizations": self._create_organization,
            "keys": self._create_key,
            "keys/revoke": self._revoke_key,
            "members": self._members.add,
            "members/remove": self._members.remove,
        }
        return [
            *pages.routes(self._guarded),
            *(web.get(f"{_API}/{name}", self._guarded(work)) for name, work in reads.items()),
            *(web.post(f"{_API}/{name}", self._guarded(work)) for name, work in changes.items()),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            self._guard.check(request)
            try:
                response = await handler(request)
            except EmulatorError as error:  # something that the person at the page can put right
                raise RefusedError(str(error), status=400, code="BAD_REQUEST") from None
            response.headers.update(pages.SECURITY_HEADERS)
            return response

        return guarded

    # --- signing in ---------------------------------------------------------------------------

    async def _state(self, request: web.Request) -> web.Response:
        """Return who is signed in, and their organizations; without a sign-in, who can sign in."""
        people = self._identity.people
        state: dict[str, Any] = {"signIn": self._guard.signs_in, "user": None}
        try:
            user = await self._executor.read(people.user, await self._user_id(request))
        except RefusedError:
            users = await self._executor.read(people.users) if self._guard.signs_in else []
            return answer(request, state | {"users": [user_json(user) for user in users]})
        of_user = await self._executor.read(lambda: people.organizations(member=user.id))
        organizations = [_organization(organization) for organization in of_user]
        return answer(request, state | {"user": user_json(user), "organizations": organizations})

    async def _sign_in(self, request: web.Request) -> web.Response:
        """Sign a user in whom the page chose, or a new one: there are no passwords."""
        self._guard.check_sign_in(request)
        secret = await self._executor.write(self._signed_in, await read_json(request))
        return await self._with_token(request, secret)

    def _signed_in(self, content: dict[str, Any]) -> str:
        user = get_or_create_user(self._identity.people, content)
        if user.id != content.get("user"):  # made just now
            self._identity.people.add_member(user.id, self._organization)
        return self._identity.sessions.sign_in(user.id)

    async def _token(self, request: web.Request) -> web.Response:
        """Renew the session token, in its cookie only: no script can read it."""
        return await self._with_token(request, await self._secret(request))

    async def _with_token(self, request: web.Request, secret: str) -> web.Response:
        sessions = self._identity.sessions
        token = await self._executor.read(sessions.token, secret)
        response = answer(request, {"expiresAt": token.expires_at})
        self._set(response, _SESSION, token.text, path="/")
        self._set(response, sessions.cookie, secret, path=_API)
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        sessions = self._identity.sessions
        await self._executor.write(sessions.sign_out, await self._secret(request))
        response = answer(request, {})
        response.del_cookie(_SESSION, path="/", httponly=True, samesite="Strict")
        response.del_cookie(sessions.cookie, path=_API, httponly=True, samesite="Strict")
        return response

    def _set(self, response: web.Response, name: str, value: str, *, path: str) -> None:
        # Not `Secure`: it would not come back over the plain HTTP that loopback speaks.
        response.set_cookie(name, value, path=path, httponly=True, samesite="Strict")

    async def _secret(self, request: web.Request) -> str:
        # The first time, reading the cookie's name makes the database's signing key.
        name = await self._executor.read(lambda: self._identity.sessions.cookie)
        secret = request.cookies.get(name)
        if not secret:
            raise RefusedError("Sign in first.")
        return secret

    async def _user_id(self, request: web.Request) -> str:
        return await self._executor.read(self._identity.sessions.user, await self._secret(request))

    # --- organizations and keys ---------------------------------------------------------------

    async def _create_organization(self, request: web.Request) -> web.Response:
        user_id = await self._user_id(request)
        name = text(await read_json(request), "name").strip()
        people = self._identity.people

        def create() -> Organization:
            return people.create_organization(name, member=user_id)

        return answer(request, _organization(await self._executor.write(create)))

    async def _facets(self, request: web.Request) -> web.Response:
        _, organization = await self._member(request)

        def read() -> dict[str, Any]:
            found = facets(self._store, organization)
            return found | {"questions": questions(self._store, organization)}

        return answer(request, await self._executor.read(read))

    async def _keys(self, request: web.Request) -> web.Response:
        _, organization = await self._member(request)
        keys = await self._executor.read(self._identity.keys.of_organization, organization)
        return answer(request, {"keys": [_key(key) for key in reversed(keys)]})

    async def _create_key(self, request: web.Request) -> web.Response:
        """Create a key; this is the only answer that holds one."""
        user_id, organization = await self._member(request)
        content = await read_json(request)
        name, expires_at = text(content, "name"), _expiry(content.get("expiresAt"))

        def create() -> str:
            return self._identity.keys.create(
                name, organization=organization, created_by=user_id, expires_at=expires_at
            )

        return answer(request, {"key": await self._executor.write(create)})

    async def _revoke_key(self, request: web.Request) -> web.Response:
        _, organization = await self._member(request)
        key_id = text(await read_json(request), "id")
        keys = self._identity.keys
        key = await self._executor.write(lambda: keys.revoke(key_id, organization=organization))
        return answer(request, {"key": _key(key)})

    async def _member(self, request: web.Request) -> tuple[str, str]:
        """Return the id of the user, and the name of the organization that the request names."""
        user_id = await self._user_id(request)
        organization_id = request.headers.get("X-Org-ID")
        member = await self._executor.read(self._identity.member, user_id, organization_id)
        return user_id, member.organization


def _expiry(value: object) -> datetime | None:
    if value is None:
        return None
    expiry = timestamps.from_wire(value) if isinstance(value, str) else None
    if expiry is None or expiry <= timestamps.now():
        raise EmulatorError("The expiry of a key must be in the future, e.g. 2030-01-01T00:00:00Z.")
    return timestamps.to_datetime(expiry)


def _organization(organization: Organization) -> dict[str, Any]:
    return {"id": organization.id, "name": organization.name}


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "masked": key.masked,
        "name": key.name,
        "active": key.active,
        "createdAt": _wire(key.created_at),
        "expiresAt": _wire(key.expires_at),
        "lastUsedAt": _wire(key.last_used_at),
        "lastUsedFrom": key.last_used_ip,
    }


def _wire(value: datetime | None) -> str | None:
    return None if value is None else timestamps.datetime_to_wire(value)
