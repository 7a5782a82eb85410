"""Session authentication, as the contract's second section has it, and against forgers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from lightfast import (
    AsyncLightfast,
    AuthenticationError,
    ConfigurationError,
    Lightfast,
    PermissionDeniedError,
    SessionAuth,
    ValidationError,
)
from lightfast.emulator import SAMPLE, Emulator, User
from lightfast.emulator.accounts.authenticate import Credentials, Identity
from lightfast.emulator.errors import RefusedError
from lightfast.emulator.store import Store
from tests.emulator.conftest import Ask, contract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator([SAMPLE]) as emulator:
        yield emulator


@pytest.fixture
def ada(emulator: Emulator) -> User:
    return emulator.accounts.create_user("Ada", organization=emulator.accounts.organization)


def headers(token: str, org_id: str | None = None, **more: str) -> dict[str, str]:
    named = {"X-Org-ID": org_id} if org_id else {}
    return {"Cookie": f"__session={token}", **named, **more}


def expire(emulator: Emulator) -> None:
    """Let a minute pass, and the second of leeway, for the emulator's sessions."""
    now = emulator._identity.sessions._now
    emulator._identity.sessions._now = lambda: now() + 62_000_000


# --- over HTTP ------------------------------------------------------------------------------


async def test_a_member_sees_the_organization(emulator: Emulator, ada: User, ask: Ask) -> None:
    """A session and `X-Org-ID` are enough; the token is what the contract says it is."""
    token = emulator.accounts.create_session_token(ada)
    answer = await ask(
        emulator, headers=headers(token, emulator.accounts.organization.id), query="login"
    )
    assert answer.status == 200
    head, claims = jwt.get_unverified_header(token), _claims(token)
    assert (head["alg"], head["typ"]) == ("RS256", "JWT")
    assert claims.keys() == {"sub", "sid", "iss", "iat", "nbf", "exp"}
    assert claims["sub"] == ada.id
    assert claims["sub"].startswith("user_")
    assert claims["sid"].startswith("sess_")
    assert claims["exp"] - claims["iat"] == 60
    assert emulator.accounts.organization.id.startswith("org_")


async def test_without_an_organization_it_is_a_bad_request(
    emulator: Emulator, ada: User, ask: Ask
) -> None:
    """400 BAD_REQUEST that names the header."""
    token = emulator.accounts.create_session_token(ada)
    documented = next(e for e in contract("errors.json") if e["name"].startswith("session without"))
    for more in ({}, {"X-Org-ID": ""}):
        answer = await ask(emulator, headers=headers(token, **more), query="login")
        assert answer.status == documented["status"]
        assert answer.body == documented["body"] | {"requestId": answer.body["requestId"]}


async def test_others_are_denied(emulator: Emulator, ada: User, ask: Ask) -> None:
    """403 in the documented words, and the same ones whether there is such an organization or not."""
    token = emulator.accounts.create_session_token(ada)
    other = emulator.accounts.create_organization("other")
    documented = next(e for e in contract("errors.json") if e["status"] == 403)
    for org_id in (other.id, other.name, "local", "org_0", "' OR 1 --", "org_" + "0" * 500):
        answer = await ask(emulator, headers=headers(token, org_id), query="login")
        assert answer.status == 403
        assert answer.body == documented["body"] | {"requestId": answer.body["requestId"]}
    emulator.accounts.add_member(ada, other)
    answer = await ask(emulator, headers=headers(token, other.id), query="login")
    assert answer.body["error"] == "CONFIG_ERROR"
    emulator.accounts.remove_member(ada, other)
    answer = await ask(emulator, headers=headers(token, other.id), query="login")
    assert answer.status == 403


async def test_a_bearer_header_always_decides_alone(
    emulator: Emulator, ada: User, ask: Ask
) -> None:
    """A good session does not rescue a bad key, nor does a bad one spoil a good key."""
    good = headers(emulator.accounts.create_session_token(ada), emulator.accounts.organization.id)
    for bearer in ("Bearer", "Bearer sk-lf-abc", "bearer x", "Bearer sk-lf-" + "a" * 43):
        answer = await ask(emulator, headers={**good, "Authorization": bearer}, query="login")
        assert (answer.status, answer.body["error"]) == (401, "UNAUTHORIZED")
        assert answer.body["message"].startswith("Invalid API key: ")
    key = emulator.create_api_key()
    for bad in (headers("nonsense"), headers("nonsense", "org_0")):
        assert (await ask(emulator, key, headers=bad, query="login")).status == 200


# --- with the SDK ---------------------------------------------------------------------------


async def test_the_sdk_lives_through_an_expiry() -> None:
    """Its provider is asked again when the token has ended, and only then; nobody notices."""
    async with Emulator([SAMPLE]) as emulator:
        ada = emulator.accounts.create_user("Ada", organization="local")
        given: list[str] = []

        def provider() -> str:
            given.append(emulator.accounts.create_session_token(ada))
            return given[-1]

        auth = SessionAuth(provider, org_id=emulator.accounts.organization.id)
        async with AsyncLightfast(auth=auth, base_url=emulator.base_url) as client:
            await client.search("login")
            await client.search("login")
            assert len(given) == 1
            expire(emulator)
            assert (await client.search("login")).results
        assert len(given) == 2
        assert [r.status for r in emulator.requests] == [200, 200, 401, 200]


async def test_a_program_signs_in_as_the_console_does() -> None:
    """Sign in over HTTP, and let the token endpoint be the provider."""
    async with Emulator([SAMPLE]) as emulator:
        api = emulator.console_url + "console/api/"
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
        async with aiohttp.ClientSession(cookie_jar=jar) as http:
            (await http.post(api + "sign-in", json={"name": "Ada"})).raise_for_status()

            async def fresh() -> str:
                async with http.post(api + "token", json={}) as answer:
                    answer.raise_for_status()
                    return answer.cookies["__session"].value

            auth = SessionAuth(fresh, org_id=emulator.accounts.organization.id)
            async with AsyncLightfast(auth=auth, base_url=emulator.base_url) as client:
                await client.search("login")
                expire(emulator)
                await client.search("login")
                (await http.post(api + "sign-out", json={})).raise_for_status()
                with pytest.raises(ConfigurationError, match="provider of the session token"):
                    await client.search("login")
            assert (await http.post(api + "token", json={})).status == 401


def test_the_sdk_tells_what_is_wrong() -> None:
    """Each refusal is the error that its table promises, on the blocking face, too."""
    with Emulator([SAMPLE]) as emulator:
        ada = emulator.accounts.create_user("Ada")
        auth = SessionAuth(
            lambda: emulator.accounts.create_session_token(ada),
            org_id=emulator.accounts.organization.id,
        )
        with Lightfast(auth=auth, base_url=emulator.base_url) as client:
            with pytest.raises(PermissionDeniedError, match="Access denied to this organization"):
                client.search("login")
            emulator.accounts.add_member(ada)
            assert client.search("login").results
        with (
            Lightfast(
                auth=SessionAuth("nonsense", org_id="org_1"), base_url=emulator.base_url
            ) as client,
            pytest.raises(AuthenticationError, match="not a session token"),
        ):
            client.search("login")
        emulator.api_revision = "2026-04-04"
        with (
            Lightfast(auth=auth, base_url=emulator.base_url) as client,
            pytest.raises(ValidationError),
        ):
            client.search("login", mode="thorough")


# --- forgers --------------------------------------------------------------------------------

NOW = 1_800_000_000


class World:
    """An identity with a clock of its own, and one member who is signed in."""

    def __init__(self, path: Path) -> None:
        self.seconds: float = NOW
        self.store = Store(path / "world.sqlite3")
        self.identity = Identity(self.store, now=lambda: int(self.seconds * 1_000_000))
        self.user = self.identity.people.create_user("Ada")
        self.identity.people.add_member(self.user.id, "local")
        self.org_id = self.identity.people.ensure("local").id
        self.secret = self.identity.sessions.sign_in(self.user.id)
        self.token = self.identity.sessions.token(self.secret).text
        self.key = self.identity.sessions._key()

    def enter(self, token: str) -> str:
        credentials = Credentials(session=token, organization=self.org_id)
        return self.identity.authenticate(credentials).organization

    def signed(self, *, key: Any = None, algorithm: str = "RS256", **changes: Any) -> str:
        claims = {**_claims(self.token), **changes}
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key or self.key.private, algorithm=algorithm)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.store.close()


def test_a_token_ends_at_its_time(world: World) -> None:
    """After sixty seconds and one of leeway; not before it begins, but for one second."""
    for seconds, good in ((-2, False), (-1, True), (0, True), (60.9, True), (61, False)):
        world.seconds = NOW + seconds
        if good:
            assert world.enter(world.token) == "local"
        else:
            with pytest.raises(RefusedError, match=r"expired|not valid yet"):
                world.enter(world.token)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exp": None}, "lacks the claim 'exp'"),
        ({"sid": None}, "lacks the claim 'sid'"),
        ({"sub": None}, "lacks the claim 'sub'"),
        ({"iss": None}, "lacks the claim 'iss'"),
        ({"iss": "https://clerk.example.com"}, "issued elsewhere"),
        ({"exp": NOW - 100}, "expired"),
        ({"nbf": NOW + 100}, "not valid yet"),
        ({"iat": NOW + 100}, "not valid yet"),
        ({"exp": "9999999999"}, "wrong type|not a session"),
        ({"exp": True}, "wrong type"),
        ({"exp": 1e300}, "wrong type"),
        ({"sid": ["sess_1"]}, "wrong type"),
        ({"sid": "sess_unknown"}, "has ended"),
        ({"sub": "user_other"}, "another user"),
    ],
)
def test_every_claim_counts(changes: dict[str, Any], said: str, world: World) -> None:
    """Even when our own key has signed it."""
    with pytest.raises(RefusedError, match=said) as caught:
        world.enter(world.signed(**changes))
    assert caught.value.status == 401


def test_forged_signatures_count_for_nothing(world: World) -> None:
    """No signature, another key's, another algorithm's, the public key as a shared secret."""
    from cryptography.hazmat.primitives import serialization

    public = world.key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    body = _part(_claims(world.token))
    confused = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{body}"
    mac = hmac.new(public, confused.encode(), hashlib.sha256).digest()
    head, middle, signature = world.token.split(".")
    forged = [
        world.signed(key=stranger),
        world.signed(algorithm="RS512"),
        world.signed(algorithm="PS256"),
        f"{_part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        f"{confused}.{_encode(mac)}",
        f"{head}.{_part({**_claims(world.token), 'sub': 'user_x'})}.{signature}",
        f"{head}.{middle}.{signature[:-8]}AAAAAAAA",
        f"{head}.{middle}.",
        f"{head}.{middle}",
        f"{_part({'alg': 'RS256', 'crit': ['x'], 'x': 1})}.{middle}.{signature}",
    ]
    assert world.enter(world.token) == "local"
    for token in forged:
        with pytest.raises(RefusedError):
            world.enter(token)


def test_signing_out_ends_the_tokens_too(world: World) -> None:
    """At once, though they would live on for a minute; other sign-ins last."""
    other = world.identity.sessions.sign_in(world.user.id)
    world.identity.sessions.sign_out(world.secret)
    with pytest.raises(RefusedError, match="has ended"):
        world.enter(world.token)
    with pytest.raises(RefusedError, match="has ended"):
        world.identity.sessions.token(world.secret)
    assert world.enter(world.identity.sessions.token(other).text) == "local"


def test_a_sign_in_ends_after_a_week(world: World) -> None:
    """And its row goes with the next one."""
    world.seconds += 7 * 24 * 3600
    with pytest.raises(RefusedError, match="has ended"):
        world.identity.sessions.token(world.secret)
    world.identity.sessions.sign_in(world.user.id)
    with world.store.read() as db:
        assert db.execute("SELECT count(*) FROM sign_in").fetchone()[0] == 1


def test_any_text_is_refused_calmly(world: World) -> None:
    """Whatever stands in the cookie: a refusal, nothing else."""

    @settings(max_examples=200, deadline=None, database=None)
    @given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
    def one(text: str) -> None:
        for token in (text, f"{world.token}{text}", f"{world.token[:40]}{text}{world.token[40:]}"):
            if token != world.token:
                with pytest.raises(RefusedError):
                    world.identity.sessions.check(token)

    one()


def test_secrets_are_not_kept_and_not_shown(world: World, tmp_path: Path) -> None:
    """Of a sign-in there is a digest; the private key is in no repr."""
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert world.secret.encode() not in content
    assert "PRIVATE" not in repr(world.key)
    assert world.token not in repr(world.identity.sessions.token(world.secret))
    assert world.token not in repr(Credentials(session=world.token))


def test_the_signing_key_is_the_databases(world: World, tmp_path: Path) -> None:
    """Another process on the same file takes its tokens; another file does not."""
    same, other = Store(world.store.path), Store(tmp_path / "other.sqlite3")
    now = world.identity.sessions._now
    assert Identity(same, now=now).sessions.check(world.token) == world.user.id
    with pytest.raises(RefusedError, match="signature"):
        Identity(other, now=now).sessions.check(world.token)
    assert Identity(other).sessions.cookie != world.identity.sessions.cookie
    same.close()
    other.close()


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _part(content: dict[str, Any]) -> str:
    return _encode(json.dumps(content).encode())
