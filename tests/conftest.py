"""Shared by all tests: real servers, clients of them, and a key that must never be seen."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace

import aiohttp
import aioresponses.core
import hypothesis
import pytest

from lightfast import AsyncLightfast, RetryPolicy
from tests.servers import Answer, Server

pytest_plugins = ["pytester"]

# What an emulator finds must not depend on how far embedding has come, here and in processes of our own.
os.environ["LIGHTFAST_EMBEDDER"] = "none"

# A shell that started us with `&` has us ignore Ctrl-C, and whatever we start, too: some of that is to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _signals_are_handled_as_before() -> Iterator[None]:
    """Fail a test that leaves a handler behind: the next one that presses Ctrl-C would wait for ever."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


# Examples are the same in every run, and may take as long as a busy machine needs. For others:
# `pytest --hypothesis-profile exploring`.
hypothesis.settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "exploring", hypothesis.settings.get_profile("repeatable"), derandomize=False
)
hypothesis.settings.load_profile("repeatable")

KEY = "sk-lf-ThisKeyMustNeverBeSeenAnywhere0123456789abc"
QUICK = RetryPolicy(retries=2, base_delay=0.001, max_delay=0.002)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long: of several workers none has to wait for one of them at the end.

    Names must be the same in all workers.
    """
    assert [item.name for item in items if " at 0x" in item.name] == []
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep keys, addresses and proxies of the machine, and drift of other tests, out of each test."""
    monkeypatch.setattr("lightfast._drift._logged", set())
    for name in ("LIGHTFAST_API_KEY", "LIGHTFAST_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for scheme in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme}_proxy".upper(), raising=False)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Yield a function that starts a server with a script; all of them stop with the test."""
    servers: list[Server] = []

    def start(*script: Answer) -> Server:
        servers.append(Server(*script).__enter__())
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__()


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    """Start a server that answers everything with the documented response."""
    return serve()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[AsyncLightfast]:
    """Make a client of `server`."""
    async with AsyncLightfast(KEY, base_url=server.base_url, retries=QUICK) as client:
        yield client


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Yield a port that refuses connections: taken, so that no other test's server gets it, and not listened on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


class _ClientResponse(aiohttp.ClientResponse):
    """As aioresponses 0.7.9 makes it: it does not know the argument that aiohttp 3.14 added."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses.aioresponses]:
    """aioresponses, for short sequences of answers without a server."""
    monkeypatch.setattr(aioresponses.core, "ClientResponse", _ClientResponse)
    with aioresponses.aioresponses() as mock:
        yield mock
