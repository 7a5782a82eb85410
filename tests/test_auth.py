"""Credentials: what is accepted, how it is sent, and that it never shows."""

from __future__ import annotations

import asyncio
import pickle
import threading
import traceback

import pytest

from lightfast import ApiKeyAuth, AsyncLightfast, ConfigurationError, Lightfast, SessionAuth
from lightfast._auth import Auth
from lightfast._secrets import Secret
from tests.conftest import KEY
from tests.waiting import PATIENCE


async def headers(auth: Auth) -> dict[str, str]:
    return dict((await auth.obtain()).headers)


async def test_a_key_is_sent_as_a_bearer_token_stripped():
    assert await headers(ApiKeyAuth(f"  {KEY}\n")) == {"Authorization": f"Bearer {KEY}"}


async def test_a_session_is_sent_as_a_cookie_with_its_organization():
    auth = SessionAuth("ey.J0.a-b_c", org_id=" org_1 ")
    assert await headers(auth) == {"Cookie": "__session=ey.J0.a-b_c", "X-Org-ID": "org_1"}


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        (f"Bearer {KEY}", "'Bearer '"),
        (f"bearer {KEY}", "'Bearer '"),
        ("sk-live-" + KEY, "does not start with 'sk-lf-'"),
        ("sk-lf-", "ends after"),
        (KEY + " more", "contains a space"),
        (KEY + "\r\nX-Evil: 1", "control character"),
        (KEY + "é", "outside ASCII"),
        (KEY.encode(), "not bytes"),
        (12, "not int"),
    ],
)
@pytest.mark.parametrize("make", [ApiKeyAuth, AsyncLightfast, Lightfast])
def test_a_bad_key_is_refused_at_construction_without_being_repeated(make, key, says):
    with pytest.raises(ConfigurationError, match=says) as caught:
        make(key)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if "lightfast/" in frame.filename]
    ours = [frame for frame in ours if "/tests/" not in frame.filename]
    assert ours
    assert "ThisKeyMust" not in str(caught.value)
    assert not any("ThisKeyMust" in text for frame in ours for text in frame.locals.values())


@pytest.mark.parametrize("token", ["", "a b", "a;b", 'a"b', "a\nb", "é", b"a"])
def test_a_token_that_no_cookie_may_carry_is_refused(token):
    with pytest.raises(ConfigurationError, match="session token"):
        SessionAuth(token, org_id="org_1")


@pytest.mark.parametrize("org_id", ["", "org 1", "org\n1", None])
def test_an_organization_id_that_no_header_may_carry_is_refused(org_id):
    with pytest.raises(ConfigurationError, match="org_id"):
        SessionAuth("token", org_id=org_id)


def test_nothing_that_holds_a_secret_shows_it():
    credential = ApiKeyAuth(KEY).current
    shown = [
        repr(Secret(KEY)),
        str(Secret(KEY)),
        repr(ApiKeyAuth(KEY)),
        repr(SessionAuth("secret-token", org_id="org_1")),
        repr(credential.headers),
        repr(AsyncLightfast(KEY)),
        repr(Lightfast(KEY)),
    ]
    assert not any("ThisKeyMust" in text or "secret-token" in text for text in shown)
    assert shown[2] == "ApiKeyAuth('sk-lf-…')"


def test_a_secret_is_never_pickled():
    with pytest.raises(TypeError):
        pickle.dumps(Secret(KEY))
    with pytest.raises(TypeError):
        pickle.dumps(ApiKeyAuth(KEY))


async def test_a_provider_is_asked_once_and_again_when_its_secret_was_refused():
    asked = []

    def provider():
        asked.append(threading.current_thread())
        return f"sk-lf-{len(asked)}"

    auth = ApiKeyAuth(provider)
    assert auth.current is None
    first = await auth.obtain()
    assert await auth.obtain() is first
    second = await auth.obtain(refused=first)
    assert second.secret.reveal() == "sk-lf-2"
    assert await auth.obtain(refused=first) is second
    assert threading.main_thread() not in asked


async def test_an_awaitable_provider_is_awaited_however_it_is_made():
    async def provider():
        return KEY

    class Manager:
        async def __call__(self):
            return KEY

    for source in (provider, Manager(), lambda: provider()):
        assert await headers(ApiKeyAuth(source)) == {"Authorization": f"Bearer {KEY}"}


async def test_calls_that_wait_for_a_secret_together_ask_once():
    asked = 0

    async def provider():
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)
        return KEY

    auth = ApiKeyAuth(provider)
    credentials = await asyncio.gather(*(auth.obtain() for _ in range(20)))
    assert asked == 1
    assert len(set(map(id, credentials))) == 1


async def test_cancelling_one_caller_does_not_cancel_the_others():
    async def provider():
        await asyncio.sleep(0.02)
        return KEY

    auth = ApiKeyAuth(provider)
    one, other = (asyncio.create_task(auth.obtain()) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    assert (await other).secret.reveal() == KEY


async def test_a_provider_that_fails_or_gives_no_secret_is_named():
    def broken():
        raise OSError("vault is sealed")

    with pytest.raises(ConfigurationError, match="OSError") as caught:
        await ApiKeyAuth(broken).obtain()
    assert isinstance(caught.value.__cause__, OSError)
    with pytest.raises(ConfigurationError, match="not NoneType"):
        await ApiKeyAuth(lambda: None).obtain()
    with pytest.raises(ConfigurationError, match="does not start"):
        await ApiKeyAuth(lambda: "nonsense").obtain()


async def test_a_blocking_provider_does_not_stop_the_loop():
    ticked = threading.Event()
    auth = ApiKeyAuth(lambda: KEY if ticked.wait(PATIENCE) else "")
    task = asyncio.create_task(auth.obtain())
    for _ in range(4):
        await asyncio.sleep(0.005)
        assert not task.done()
    ticked.set()
    assert (await task).secret.reveal() == KEY
