"""A crowd that searches by meaning, in two organizations, while one of them is still being embedded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import attrs
import pytest

pytest.importorskip("numpy", reason="SEARCH BY MEANING IS NOT TESTED: pip install '.[semantic]'")

from lightfast.emulator import Emulator
from lightfast.emulator.embedding.index import COVERED
from lightfast.emulator.embedding.worker import COMMIT
from tests.emulator.embedders import Gated, Synonyms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ask

CLIENTS = 50
CARS = 40  # as many documents are about something else
MODES = ("fast", "balanced", "thorough")


@attrs.frozen
class Member:
    """Somebody who searches: where, with which key, and whose documents are expected."""

    ask: Ask
    server: Emulator
    key: str
    owner: Emulator  # embeds the documents
    own: str
    other: str

    async def search(self, query: str, mode: str) -> Any:
        before = self.is_covered()
        answer = await self.ask(self.server, self.key, query=query, mode=mode, limit=100)
        assert answer.status == 200, answer.body
        titles = [result["title"] for result in answer.body["data"]]
        assert {title.split()[0] for title in titles} <= {self.own}
        assert answer.body["meta"]["total"] == len(titles) == len(set(titles))
        at_once = mode != "fast" and bool(titles)  # what its words find is compared at once
        is_compared = answer.body["meta"]["paths"]["vector"]
        assert is_compared in {at_once or before, at_once or self.is_covered()}
        return answer.body

    def is_covered(self) -> bool:
        """Tell whether enough has a vector for meaning to count."""
        progress = self.owner.embedding_progress
        assert progress
        return progress.share >= COVERED

    async def check(self, mode: str, *, settled: bool) -> None:
        """Check that the results are about cars; all of them once everything is embedded, or by words."""
        cars = {f"{self.own} auto {n}" for n in range(CARS)}
        for query in ("auto", "vehicle"):  # one stands in the documents, the other does not
            body = await self.search(query, mode)
            found = {result["title"] for result in body["data"]}
            assert found <= cars
            if settled or (query == "auto" and mode != "fast"):
                assert found == cars
            if query == "vehicle" and found:
                assert body["meta"]["paths"]["vector"] is True
        assert (await self.search(self.other, mode))["data"] == []


@pytest.mark.parametrize("shared", [False, True], ids=["two databases", "one database"])
async def test_a_crowd_searches_its_own_organization_by_meaning(
    shared: bool, lines: Callable[..., Path], tmp_path: Path, ask: Ask
) -> None:
    """50 clients at once, in every mode: right answers, nobody else's, and `meta.paths` is honest on the way."""
    words = ("amaranth", "bergamot")
    paths = [
        lines(
            *(
                {"title": f"{word} {topic} {n}"}
                for n in range(CARS)
                for topic in ("auto", "signin")
            ),
            name=f"{word}.jsonl",
        )
        for word in words
    ]
    embedder, batches = Gated(), -(-2 * CARS // COMMIT)
    databases = [tmp_path / f"{'shared' if shared else word}.sqlite3" for word in words]
    async with (
        Emulator(
            [paths[0]], database=databases[0], organization="alpha", embedder=Synonyms()
        ) as first,
        Emulator(
            [paths[1]], database=databases[1], organization="beta", embedder=embedder
        ) as second,
    ):
        first.embed()
        server = first if shared else second
        keys = (first.create_api_key(), server.accounts.create_api_key(organization="beta"))
        members = (
            Member(ask, first, keys[0], first, *words),
            Member(ask, server, keys[1], second, *reversed(words)),
        )
        meanwhile = 0

        async def client(number: int) -> None:
            nonlocal meanwhile
            member = members[number % 2]
            while second.is_embedding:
                await member.check(MODES[number % 3], settled=member.owner is first)
                meanwhile += 1
                if meanwhile % (CLIENTS // 2) == 0:
                    embedder.let()
            for mode in MODES:
                await member.check(mode, settled=True)

        assert second.is_embedding
        await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    assert meanwhile >= batches * (CLIENTS // 2)
