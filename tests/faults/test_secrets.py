"""No byte of a key anywhere but in the header of a request to where the caller said."""

from __future__ import annotations

import asyncio
import logging
import pickle
import subprocess
import sys
import time

import pytest

from lightfast import (
    ApiKeyAuth,
    AsyncLightfast,
    ConfigurationError,
    Lightfast,
    LightfastError,
    SessionAuth,
)
from tests.faults.checks import check_error, printed, shows_secret
from tests.faults.faces import KEY, USUAL
from tests.faults.plays import close, hang, healthy, reply
from tests.faults.server import FaultServer

BODY = KEY.removeprefix("sk-lf-")
CLIENTS = [Lightfast, AsyncLightfast]

BAD_KEYS = {
    "empty": "",
    "spaces alone": "   ",
    "a space inside": f"sk-lf-{BODY} {BODY}",
    "a line break inside": f"sk-lf-{BODY}\nX-Evil: {BODY}",
    "CR and LF inside": f"sk-lf-{BODY}\r\n\r\nGET / HTTP/1.1",
    "NUL inside": f"sk-lf-{BODY}\0{BODY}",
    "a tab inside": f"sk-lf-\t{BODY}",
    "DEL at the end": f"{KEY}\x7f",
    "letters outside ASCII": f"sk-lf-{BODY}ü",
    "a Cyrillic look-alike": f"sk-lf-{BODY}\u0430",
    "a zero-width space": f"sk-lf-\u200b{BODY}",
    "a lone surrogate": f"sk-lf-{BODY}\ud800",
    "another prefix": f"sk-ant-{BODY}",
    "no prefix": BODY,
    "the prefix in capitals": f"SK-LF-{BODY}",
    "the prefix alone": "sk-lf-",
    "quotes around": f'"{KEY}"',
    "Bearer in front": f"Bearer {KEY}",
    "bearer in front": f"bearer {KEY}",
    "a whole header": f"Authorization: Bearer {KEY}",
    "an assignment": f"LIGHTFAST_API_KEY={KEY}",
    "bytes": KEY.encode(),
    "a bytearray": bytearray(KEY.encode()),
    "a list": [KEY],
    "a dict": {"key": KEY},
    "a number": 5,
    "an object": object(),
    "True": True,
}


@pytest.mark.parametrize("kind", BAD_KEYS)
@pytest.mark.parametrize("make", [Lightfast, AsyncLightfast, ApiKeyAuth])
def test_a_bad_key_is_refused_at_construction_without_quoting_it(make, kind):
    """Neither message nor chain nor pickle nor the locals of our frames repeat it."""
    with pytest.raises(ConfigurationError, match="API key") as caught:
        make(BAD_KEYS[kind])
    check_error(caught.value)


@pytest.mark.parametrize("kind", [k for k, v in BAD_KEYS.items() if isinstance(v, str) and v.strip() and "\0" not in v and "surrogate" not in k])  # fmt: skip
def test_a_bad_key_of_the_environment_is_refused_alike(face, monkeypatch, kind):
    """The variable is read with the same suspicion."""
    monkeypatch.setenv("LIGHTFAST_API_KEY", BAD_KEYS[kind])
    with pytest.raises(ConfigurationError, match="API key") as caught:
        face()
    check_error(caught.value)


@pytest.mark.parametrize("token", ["", "  ", f"{BODY};{BODY}", f"{BODY} x", f"{BODY}\r\nx", f"{BODY}ü", f'"{BODY}"', BODY.encode(), [BODY]])  # fmt: skip
def test_a_bad_session_token_is_refused_without_quoting_it(token):
    """Characters that no cookie may carry are refused at construction."""
    with pytest.raises(ConfigurationError, match="session token") as caught:
        SessionAuth(token, org_id="org_1")
    check_error(caught.value)


@pytest.mark.parametrize("options", [{"api_key": BAD_KEYS["a space inside"]}, {"api_key": KEY, "auth": ApiKeyAuth(KEY)}])  # fmt: skip
@pytest.mark.parametrize("cls", CLIENTS)
def test_with_options_is_as_strict(cls, options):
    """A copy with a bad key is refused as a client would be."""
    client = cls(KEY)
    with pytest.raises(ConfigurationError) as caught:
        client.with_options(**options)
    check_error(caught.value)


@pytest.mark.parametrize("proxy", [BODY.encode(), [BODY], {"https": BODY}, (BODY,)])
@pytest.mark.parametrize("cls", CLIENTS)
def test_a_proxy_of_the_wrong_type_is_refused_without_quoting_it(cls, proxy):
    """Requests takes a dict; we do not, and do not repeat the password in it."""
    with pytest.raises(ConfigurationError, match="must be a str") as caught:
        cls(KEY, proxy=proxy)
    check_error(caught.value)


def test_a_bad_address_of_the_environment_shows_nothing_else_of_it(face, monkeypatch):
    """A traceback of ours never holds the environment, where the key stands, too."""
    monkeypatch.setenv("LIGHTFAST_API_KEY", KEY)
    monkeypatch.setenv("LIGHTFAST_BASE_URL", "ftp://nowhere")
    with pytest.raises(ConfigurationError, match="LIGHTFAST_BASE_URL") as caught:
        face()
    check_error(caught.value)


def test_nothing_prints_a_key(server_url):
    """repr, str and format of all that holds one show none of it."""
    auth, session = ApiKeyAuth(KEY), SessionAuth(BODY, org_id="org_1")
    clients = [cls(KEY, base_url=server_url) for cls in CLIENTS]
    clients += [cls(auth=session, base_url=server_url) for cls in CLIENTS]
    inner = [client._client if isinstance(client, Lightfast) else client for client in clients]
    values = [auth, session, auth.current, auth.current.secret, auth.current.headers, *clients]
    values += [client._config for client in inner] + [client._transport for client in inner]
    for value in values:
        for text in (repr(value), str(value), f"{value}", repr([value]), repr(vars(value)) if hasattr(value, "__dict__") else ""):  # fmt: skip
            assert not shows_secret(text), text


@pytest.fixture
def server_url() -> str:
    return "http://127.0.0.1:1"


def test_no_log_shows_a_key(stage, face, caplog):
    """At DEBUG, our loggers, aiohttp's and asyncio's say everything but the key."""
    server = FaultServer(healthy, [reply(b"", 503), close, reply(b"no", 401)])
    with caplog.at_level(logging.DEBUG), stage.serve(server):
        for name in ("lightfast", "aiohttp", "aiohttp.client", "asyncio"):
            logging.getLogger(name).setLevel(logging.DEBUG)
        with face(**USUAL | {"base_url": server.base_url}) as client:
            with pytest.raises(LightfastError):
                client.search()
            client.search()
    assert "lightfast" in {record.name for record in caplog.records}
    for record in caplog.records:
        assert not shows_secret(record.getMessage())
        assert not shows_secret(repr(record.__dict__))
    for name in ("lightfast", "aiohttp", "aiohttp.client", "asyncio"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_asyncios_debug_mode_shows_no_key(stage, caplog):
    """Slow callbacks and tasks that were never awaited are reported without it."""
    server = FaultServer(hang, [healthy])

    async def main() -> None:
        asyncio.get_running_loop().slow_callback_duration = 0.0
        async with AsyncLightfast(**USUAL | {"base_url": server.base_url}) as client:
            await client.search("q")
            task = asyncio.create_task(client.search("q"))
            await asyncio.sleep(0.1)
            assert not shows_secret(repr(task))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with stage.serve(server), caplog.at_level(logging.DEBUG):
        asyncio.run(main(), debug=True)
    assert not shows_secret(caplog.text)


@pytest.mark.parametrize("moment", [0.0, 0.001, 0.05])
async def test_a_cancelled_calls_traceback_shows_no_key(stage, moment):
    """Aiohttp's frames stand in it with their locals: headers, request and writer."""
    with stage.serve(FaultServer(hang)) as server:
        async with AsyncLightfast(**USUAL | {"base_url": server.base_url}) as client:
            task = asyncio.create_task(client.search("q"))
            await asyncio.sleep(moment)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
    text = printed(caught.value)
    assert not shows_secret(text), text


async def test_a_cancelled_sessions_traceback_shows_no_token(stage):
    """A session's cookie is as secret as a key."""
    with stage.serve(FaultServer(hang)) as server:
        options = USUAL | {"base_url": server.base_url, "api_key": None}
        async with AsyncLightfast(**options, auth=SessionAuth(BODY, org_id="org_1")) as client:
            task = asyncio.create_task(client.search("q"))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
    text = printed(caught.value)
    assert not shows_secret(text, BODY), text


def test_a_session_that_is_echoed_is_blotted_out(stage, face):
    """A server that repeats the cookie does not get it into an error."""

    async def play(wire) -> bool:
        cookie = wire.request.headers["cookie"]
        return await reply({"error": "NO", "message": cookie, "requestId": cookie}, 401)(wire)

    with stage.serve(FaultServer(play)) as server:
        options = USUAL | {"base_url": server.base_url, "api_key": None}
        with face(**options, auth=SessionAuth(BODY, org_id="org_1")) as client:
            with pytest.raises(LightfastError) as caught:
                client.search()
    check_error(caught.value, BODY)


def test_a_hanging_threads_traceback_shows_no_key(stage):
    """A dump of all threads' frames, with locals, while a blocking call hangs."""
    import threading
    import traceback

    with stage.serve(FaultServer(hang)) as server:
        with Lightfast(**USUAL | {"base_url": server.base_url}) as client:

            def ask() -> None:
                with pytest.raises(LightfastError):
                    client.search("q", timeout=1.0)

            thread = threading.Thread(target=ask)
            thread.start()
            time.sleep(0.3)
            for ident, frame in sys._current_frames().items():
                if ident == threading.get_ident():
                    continue
                for one, _ in traceback.walk_stack(frame):
                    if "/tests/" not in one.f_code.co_filename:
                        assert not shows_secret("".join(map(repr, one.f_locals.values())))
            thread.join()


@pytest.mark.parametrize("cls", CLIENTS)
def test_a_pickled_client_holds_no_key(cls):
    """Values that travel to another process do not take the key along."""
    assert not shows_secret(pickle.dumps(cls(KEY)).decode("latin-1"))


def test_no_process_gets_a_key_as_an_argument(stage, monkeypatch):
    """Nothing of ours starts a process at all: not for a proxy, a resolver or a call."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    with stage.serve(FaultServer(healthy)) as server:
        with Lightfast(**USUAL | {"base_url": server.base_url}) as client:
            assert client.search("q")
