from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import attrs
import pytest
from multidict import CIMultiDict

from .repositories import Repository

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
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        payload = io.BytesIO(json.dumps(body).encode() if data is None else data)
        async with http.request(
            method, emulator.base_url + path, data=payload, headers=sent
        ) as response:
            return Answer(response.status, response.headers, await response.json())

    return ask


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


def contract(name: str) -> Any:
    return json.loads((CONTRACT / name).read_text())
