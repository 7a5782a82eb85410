"""Isolation of organizations: by keys and paths, one at a time and in a crowd."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from lightfast.emulator import Emulator, EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ask


# --- keys and organizations -----------------------------------------------------------------


async def test_keys_are_compared_in_constant_time(
    lines: Callable[..., Path], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key found by its digest is let in by `hmac.compare_digest` alone, which never sees the key."""
    compared: list[tuple[Any, Any]] = []

    def spy(ours: Any, theirs: Any) -> bool:
        compared.append((ours, theirs))
        return False

    async with Emulator([lines({"title": "Login"})]) as emulator:
        key = emulator.create_api_key()
        monkeypatch.setattr(hmac, "compare_digest", spy)
        answer = await ask(emulator, key, query="login")
    assert (answer.status, answer.body["error"]) == (401, "UNAUTHORIZED")
    assert len(compared) == 1
    assert compared[0][0] == compared[0][1] != key


async def test_a_crowd_sees_its_own_organizations_only(
    lines: Callable[..., Path], tmp_path: Path, ask: Ask
) -> None:
    """50 clients at once, two organizations in one database: own words are found, the other's never."""
    database, words = tmp_path / "shared.sqlite3", ("amaranth", "bergamot")
    paths = [
        lines(*({"title": f"{word} {n}"} for n in range(20)), name=f"{word}.jsonl")
        for word in words
    ]
    async with (
        Emulator(paths[:1], database=database, organization="alpha") as first,
        Emulator(paths[1:], database=database, organization="beta"),
    ):
        # One server for both: the key alone decides.
        keys = [first.accounts.create_api_key(organization=name) for name in ("alpha", "beta")]

        async def client(number: int) -> None:
            own, other = words[number % 2], words[1 - number % 2]
            for query, total in ((own, 20), (other, 0), (f"{own} {other}", 20)):
                answer = await ask(first, keys[number % 2], query=query, limit=100)
                titles = {result["title"].split()[0] for result in answer.body["data"]}
                assert (answer.status, answer.body["meta"]["total"]) == (200, total)
                assert titles <= {own}

        await asyncio.gather(*(client(number) for number in range(50)))


async def test_200_clients_at_once_are_served(lines: Callable[..., Path]) -> None:
    """Each over a connection of its own, each with the answer to its own question."""
    path = lines(*({"title": f"word{number}"} for number in range(200)))
    async with Emulator([path]) as emulator:
        headers = {"Authorization": f"Bearer {emulator.create_api_key()}"}
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as http:

            async def client(number: int) -> tuple[int, list[str]]:
                body = {"query": f"word{number}"}
                async with http.post(f"{emulator.base_url}/search", json=body) as response:
                    answer = await response.json()
                return response.status, [result["title"] for result in answer["data"]]

            answers = await asyncio.gather(*(client(number) for number in range(200)))
    assert answers == [(200, [f"word{number}"]) for number in range(200)]


# --- paths ----------------------------------------------------------------------------------


def test_a_path_is_known_by_where_it_leads(
    lines: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file given through ``..`` or a link is the one corpus that it is; a link's name makes nothing readable."""
    path, folder = lines({"title": "Login"}), tmp_path / "below"
    folder.mkdir()
    (folder / "link.jsonl").symlink_to(path)
    (folder / "secret.jsonl").symlink_to("/etc/hostname")
    monkeypatch.chdir(folder)
    emulator = Emulator([f"../{path.name}", "link.jsonl", "../below/../" + path.name])
    try:
        assert emulator.refresh() == 1
        assert [corpus.location for corpus in emulator.corpora()] == [str(path)]
    finally:
        emulator.close()
    with pytest.raises(EmulatorError, match="Cannot index"):
        Emulator(["secret.jsonl"])
