from __future__ import annotations

import io
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import attrs
import pytest
from multidict import CIMultiDict

from tests.emulator.console.browser import Page, browsing
from tests.emulator.repositories import Repository

if TYPE_CHECKING:
    from lightfast.emulator import Emulator

CONTRACT = Path(__file__).parent.parent / "contract"


@attrs.frozen
class Answer:
    status: int
    headers: Any
    body: Any


Ask = Callable[..., Awaitable[Answer]]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def ask(http: aiohttp.ClientSession) -> Ask:
    """POST a search: `ask(emulator, key, query=…)`, or any `data=` with any `headers=`."""

    async def ask(
        emulator: Emulator,
        key: str | None = None,
        *,
        data: bytes | None = None,
        headers: Any = None,
        path: str = "/search",
        method: str = "POST",
        **body: Any,
    ) -> Answer:
        sent = CIMultiDict(headers or {})
        sent.setdefault("Content-Type", "application/json")
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        payload = io.BytesIO(json.dumps(body).encode() if data is None else data)
        async with http.request(
            method, emulator.base_url + path, data=payload, headers=sent
        ) as response:
            return Answer(response.status, response.headers, await response.json())

    return ask


@pytest.fixture
def key(emulator: Emulator) -> str:
    """Make a key of the test's own `emulator`."""
    return emulator.create_api_key("tests")


@pytest.fixture
def lines(tmp_path: Path) -> Callable[..., Path]:
    """Write observations to a JSON-lines file: `lines({"title": …}, …)`."""

    def lines(*observations: dict[str, Any], name: str = "observations.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(o) + "\n" for o in observations))
        return path

    return lines


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
async def page(emulator: Emulator) -> AsyncIterator[Page]:
    """Yield a tab that complains of nothing and asks the test's own emulator only."""
    async with browsing(emulator.console_url.rstrip("/")) as page:
        await page.size(1280, 800)
        await page.dark(False)
        yield page
        assert page.complaints == []
        assert {url.split("/")[2] for url in page.loaded if "//" in url} == {
            emulator.console_url.split("/")[2]
        }


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of screenshots: a temporary one, or the one that SCREENSHOTS names."""
    wanted = os.environ.get("SCREENSHOTS")
    return Path(wanted) if wanted else tmp_path_factory.mktemp("screenshots")


def contract(name: str) -> Any:
    return json.loads((CONTRACT / name).read_text())
