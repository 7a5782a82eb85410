"""Fixtures for tests of code that uses Lightfast: a local server, and clients of it.

They come with the package and need its extra ``emulator``. Nothing is imported before a test asks for one.

===========================  ==================================================================
`lightfast_emulator`         a running `lightfast.emulator.Emulator`; ``LIGHTFAST_API_KEY`` and
                             ``LIGHTFAST_BASE_URL`` point at it as long as the test lasts
`lightfast`                  a blocking client of it
`async_lightfast`            an asynchronous client of it
`lightfast_corpus`           what it searches: override it to return your own paths
===========================  ==================================================================

What is searched is a small corpus that comes with the package; or the files that the ini option
``lightfast_corpus`` names, relative to the directory of the ini file; or those that a test names itself with
``@pytest.mark.lightfast_corpus("more.jsonl")``, relative to the file that the test is in.
"""

from __future__ import annotations

import inspect
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator, Sequence

    from lightfast import AsyncLightfast, Lightfast
    from lightfast.emulator import Emulator

    _Paths = Sequence[str | os.PathLike[str]]

_MAX_NAME = 100  # of a key


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option that names what is searched."""
    parser.addini(
        "lightfast_corpus",
        "what lightfast_emulator searches: repositories, directories, Markdown or JSON-lines files",
        type="paths",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Add the marker that names what is searched."""
    config.addinivalue_line(
        "markers",
        "lightfast_corpus(*paths): what lightfast_emulator searches in this test,"
        " relative to the test's file",
    )


class _Emulators:
    """Emulators by what they search, each started on first use: tests share them."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, ...], Emulator] = {}

    def searching(self, paths: _Paths) -> Emulator:
        from lightfast.emulator import Emulator  # 240 ms, and most sessions never ask

        key = tuple(os.fspath(path) for path in paths)
        if key not in self._running:
            # By words alone: what a test finds must not depend on how far embedding has come.
            self._running[key] = Emulator(key, embedder=None).__enter__()
        return self._running[key]

    def close(self) -> None:
        for emulator in self._running.values():
            emulator.close()


@pytest.fixture(scope="session")
def _lightfast_emulators() -> Iterator[_Emulators]:
    emulators = _Emulators()
    yield emulators
    emulators.close()


@pytest.fixture
def lightfast_corpus(request: pytest.FixtureRequest) -> _Paths:
    """Return what `lightfast_emulator` searches: paths of repositories, directories or files."""
    marker = request.node.get_closest_marker("lightfast_corpus")
    if marker:
        return [request.path.parent / path for path in marker.args]
    named: list[Path] = request.config.getini("lightfast_corpus")
    if named:
        return named
    from lightfast.emulator import SAMPLE

    return [SAMPLE]


@pytest.fixture
def lightfast_emulator(
    request: pytest.FixtureRequest,
    lightfast_corpus: _Paths,
    monkeypatch: pytest.MonkeyPatch,
    _lightfast_emulators: _Emulators,
) -> Iterator[Emulator]:
    """Serve the search API locally, without faults or recorded requests of earlier tests.

    Tests that search the same share one server. Keys, users and organizations that they make stay.
    """
    emulator = _lightfast_emulators.searching(lightfast_corpus)
    emulator.clear()
    monkeypatch.setenv("LIGHTFAST_API_KEY", emulator.create_api_key(request.node.name[:_MAX_NAME]))
    monkeypatch.setenv("LIGHTFAST_BASE_URL", emulator.base_url)
    yield emulator
    emulator.clear()


@pytest.fixture
def lightfast(lightfast_emulator: Emulator) -> Iterator[Lightfast]:
    """Return a blocking client of `lightfast_emulator`."""
    from lightfast import Lightfast

    with Lightfast(base_url=lightfast_emulator.base_url) as client:
        yield client


@pytest.fixture
def async_lightfast(
    request: pytest.FixtureRequest, lightfast_emulator: Emulator
) -> Iterator[AsyncLightfast]:
    """Return an asynchronous client of `lightfast_emulator`, for any event loop that a test runs."""
    from lightfast import AsyncLightfast

    awaits = inspect.iscoroutinefunction(getattr(request, "function", None))
    client = AsyncLightfast(base_url=lightfast_emulator.base_url)
    yield client
    # Not an asynchronous fixture: it would need one particular plugin, in one particular mode.
    _close(client, _idle_loop() if awaits else None)


def _close(client: AsyncLightfast, loop: asyncio.AbstractEventLoop | None) -> None:
    if loop:
        loop.run_until_complete(client.aclose())
        return
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    # On another thread, so that nothing on this one takes the loop for its own.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, client.aclose()).result()


def _idle_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that the test ran on, unless it is closed: connections are closed where they were opened."""
    import asyncio

    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        try:
            loop = asyncio.get_event_loop()
        except (RuntimeError, DeprecationWarning):  # there is none
            return None
    return None if loop.is_closed() or loop.is_running() else loop
