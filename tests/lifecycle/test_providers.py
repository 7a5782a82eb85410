"""Providers of keys: sync, async, slow, raising, of the wrong type, rotating; asked once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from lightfast import (
    AsyncLightfast,
    AuthenticationError,
    ConfigurationError,
    LightfastError,
    RequestTimeoutError,
)
from tests.faults.checks import check_error
from tests.faults.faces import KEY, USUAL
from tests.faults.plays import GOOD, message
from tests.faults.server import FaultServer, Play, Wire
from tests.waiting import PATIENCE, wait_until

ID = GOOD["data"][0]["id"]
NEW = "sk-lf-TheNewKeyAfterRotation"


async def give() -> str:
    """Return an asynchronous provider."""
    await asyncio.sleep(0)
    return KEY


class Provider:
    """An object with an asynchronous `__call__`."""

    async def __call__(self) -> str:
        return KEY


PROVIDERS = {
    "function": lambda: KEY,
    "async": give,
    "object": Provider(),
    "function that returns an awaitable": lambda: give(),
    "with spaces around": lambda: f"  {KEY}\n",
}


def only(key: str) -> Play:
    """Lets one key in."""

    async def play(wire: Wire) -> bool:
        good = wire.request.credential.decode() == key
        await wire.send(message() if good else message({"error": "UNAUTHORIZED"}, 401))
        return True

    return play


@pytest.mark.parametrize("kind", PROVIDERS)
def test_every_kind_of_provider_is_asked(stage, face, kind):
    """Its key is sent, and it is asked once for many calls."""
    with stage.serve(FaultServer(only(KEY))) as server:
        options = USUAL | {"base_url": server.base_url, "api_key": PROVIDERS[kind]}
        with face(**options) as client:
            assert [client.search()[0].id for _ in range(3)] == [ID] * 3


def fail(error: BaseException) -> list[Callable[[], Any]]:
    """Return a provider that raises."""

    def provider() -> str:
        raise error

    async def coroutine() -> str:
        raise error

    return [provider, coroutine]


BAD = {
    "raises": (fail(ValueError("vault is sealed")), "failed with ValueError"),
    "raises TimeoutError": (fail(TimeoutError()), "failed with TimeoutError"),
    "raises StopIteration": (fail(StopIteration()), "failed with"),
    "raises CancelledError": (fail(asyncio.CancelledError()), "failed with CancelledError"),
    "gives None": ([lambda: None], "must return a str, not NoneType"),
    "gives bytes": ([lambda: KEY.encode()], "must be a str|must return a str"),
    "gives a number": ([lambda: 5], "must return a str, not int"),
    "gives nothing": ([lambda: ""], "is empty"),
    "gives a bad key": ([lambda: f"Bearer {KEY}", lambda: f"{KEY} x", lambda: KEY[6:]], "The API key"),
    "gives a line break": ([lambda: f"{KEY}\r\nX-A: b"], "control character"),
    "takes arguments": ([lambda name: KEY], "failed with TypeError"),
    "gives itself": ([lambda: give], "must return a str, not function"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_provider_is_a_configuration_error(stage, face, kind):
    """Whatever it does, the error names the provider, not the key, and nothing is sent."""
    providers, says = BAD[kind]
    with stage.serve(FaultServer(only(KEY))) as server:
        for provider in providers:
            with face(**USUAL | {"base_url": server.base_url, "api_key": provider}) as client:
                with pytest.raises(ConfigurationError, match=says) as caught:
                    client.search()
                assert KEY[6:] not in str(caught.value)
                assert KEY[6:] not in repr(caught.value.__dict__)
                if not kind.startswith("raises"):  # there, the provider's own error is the cause
                    check_error(caught.value)
    assert server.requests == []


def test_a_provider_that_failed_is_asked_again(stage, face):
    """A vault that was sealed once does not lock the client for ever."""
    answers = [ValueError("sealed"), KEY]

    def provider() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with stage.serve(FaultServer(only(KEY))) as server:
        with face(**USUAL | {"base_url": server.base_url, "api_key": provider}) as client:
            with pytest.raises(ConfigurationError):
                client.search()
            assert client.search()[0].id == ID


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_provider_that_hangs_costs_a_timeout_and_not_the_client(stage, face, kind):
    """One call that is never answered by the vault does not hang those after it."""
    asked = []

    def provider() -> str:
        asked.append(None)
        if len(asked) == 1:
            time.sleep(60)
        return KEY

    async def coroutine() -> str:
        asked.append(None)
        if len(asked) == 1:
            await asyncio.sleep(60)
        return KEY

    with stage.serve(FaultServer(only(KEY))) as server:
        given = provider if kind == "sync" else coroutine
        with face(**USUAL | {"base_url": server.base_url, "api_key": given}) as client:
            with pytest.raises(RequestTimeoutError) as caught:
                client.search(timeout=0.3)
            check_error(caught.value)
            assert client.search(timeout=PATIENCE)[0].id == ID


async def test_calls_at_once_ask_once(stage):
    """A hundred first calls ask the provider once."""
    asked = []

    async def provider() -> str:
        asked.append(None)
        await asyncio.sleep(0.05)
        return KEY

    with stage.serve(FaultServer(only(KEY))) as server:
        async with AsyncLightfast(**USUAL | {"base_url": server.base_url, "api_key": provider}) as client:  # fmt: skip
            await asyncio.gather(*(client.search("q") for _ in range(100)))
    assert len(asked) == 1


async def test_rotation_asks_once_for_all_that_were_refused(stage):
    """After a 401, fifty calls at once share one new key, and each is answered."""
    asked = []

    async def provider() -> str:
        asked.append(None)
        await asyncio.sleep(0.02)
        return KEY if len(asked) == 1 else NEW

    with stage.serve(FaultServer(only(NEW))) as server:
        async with AsyncLightfast(**USUAL | {"base_url": server.base_url, "api_key": provider}) as client:  # fmt: skip
            answers = await asyncio.gather(*(client.search("q") for _ in range(50)))
    assert [answer[0].id for answer in answers] == [ID] * 50
    assert len(asked) == 2


def test_a_key_that_stays_refused_is_renewed_once(stage, face):
    """Two requests, two keys, and then the server's own words."""
    keys = iter([KEY, NEW, "sk-lf-never"])
    with stage.serve(FaultServer(only("sk-lf-other"))) as server:
        with face(**USUAL | {"base_url": server.base_url, "api_key": lambda: next(keys)}) as client:
            with pytest.raises(AuthenticationError) as caught:
                client.search()
    check_error(caught.value)
    check_error(caught.value, NEW)
    assert [request.credential.decode() for request in server.requests] == [KEY, NEW]
    assert caught.value.attempts == 2


def test_a_fixed_key_that_is_refused_is_not_sent_again(stage, face):
    """Without a provider there is nothing to renew: one request."""
    with stage.serve(FaultServer(only(NEW))) as server:
        with face(**USUAL | {"base_url": server.base_url}) as client:
            with pytest.raises(AuthenticationError):
                client.search()
    assert len(server.requests) == 1


async def test_a_cancelled_caller_does_not_cancel_the_others_key(stage):
    """A call that waits for a provider may be cancelled; the others that wait get the key."""
    started = asyncio.Event()

    async def provider() -> str:
        started.set()
        await asyncio.sleep(0.1)
        return KEY

    with stage.serve(FaultServer(only(KEY))) as server:
        async with AsyncLightfast(**USUAL | {"base_url": server.base_url, "api_key": provider}) as client:  # fmt: skip
            first = asyncio.create_task(client.search("q"))
            second = asyncio.create_task(client.search("q"))
            await started.wait()
            first.cancel()
            assert (await second)[0].id == ID
            assert first.cancelled()


def test_a_blocking_provider_does_not_block_the_loop(stage):
    """While a vault takes its time on a thread, the loop goes on."""
    ticks = []

    async def main(base_url: str) -> None:
        def provider() -> str:
            assert threading.current_thread() is not threading.main_thread()
            wait_until(lambda: len(ticks) > 5)
            return KEY

        async def tick() -> None:
            while True:
                ticks.append(None)
                await asyncio.sleep(0.01)

        async with AsyncLightfast(**USUAL | {"base_url": base_url, "api_key": provider}) as client:
            ticking = asyncio.create_task(tick())
            await client.search("q")
            ticking.cancel()

    with stage.serve(FaultServer(only(KEY))) as server:
        asyncio.run(main(server.base_url))


def test_a_session_is_refreshed(stage, face):
    """A session token that has expired is asked for anew, too."""
    from lightfast import SessionAuth

    tokens = iter(["old.token.x", "new.token.x"])

    async def play(wire: Wire) -> bool:
        good = wire.request.headers["cookie"] == "__session=new.token.x"
        await wire.send(message() if good else message({"error": "UNAUTHORIZED"}, 401))
        return True

    with stage.serve(FaultServer(play)) as server:
        options = USUAL | {"base_url": server.base_url, "api_key": None}
        with face(**options, auth=SessionAuth(lambda: next(tokens), org_id="org_1")) as client:
            assert client.search()[0].id == ID
    assert all("authorization" not in request.headers for request in server.requests)


def test_an_error_of_ours_from_a_provider_comes_through(stage, face):
    """A provider that uses this very SDK may fail with its errors."""

    def provider() -> str:
        raise LightfastError("the vault answered: no")

    with stage.serve(FaultServer(only(KEY))) as server:
        with face(**USUAL | {"base_url": server.base_url, "api_key": provider}) as client:
            with pytest.raises(LightfastError, match="the vault answered"):
                client.search()
