"""A repository to ask, and servers of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from mcp import Client

from lightfast.emulator import Embedder, Emulator
from lightfast.mcp import create_server
from lightfast.mcp.local import LocalMemory
from lightfast.mcp.tools import local_tools, search_tool
from tests.emulator.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Make a repository with a page, an issue that a commit closes, and what is not about either."""
    made = Repository(tmp_path / "api")
    made.commit(
        "Send failed requests again\n\nTwice, with jitter.",
        {"docs/retries.md": "# Retries\n\nA failed request is sent again.\n", "retry.py": "N = 2\n"},
    )  # fmt: skip
    made.commit("Raise the retry limit\n\nFixes #7.", {"retry.py": "N = 3\n"})
    made.commit("Paint the shed", {"shed.txt": "green\n"})
    issue = {
        "html_url": "https://github.com/acme/api/issues/7", "title": "Too few retries", "number": 7,
        "body": "It gives up early.", "user": {"login": "grace"}, "state": "open",
        "created_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    (tmp_path / "issues.json").write_text(json.dumps([issue]))
    return made


@asynccontextmanager
async def local_client(
    repository: Repository, emulator: type[Emulator] = Emulator, embedder: Embedder | None = None
) -> AsyncIterator[Client]:
    """Connect the official client, in this process, to a server of a repository."""
    paths = [repository.path, repository.path.parent / "issues.json"]
    database = repository.path.parent / "index.sqlite3"
    opened = partial(emulator, paths, database=database, embedder=embedder)
    async with LocalMemory(opened) as memory:
        tools = [search_tool(memory, with_ids=True), *local_tools(memory)]
        async with Client(create_server(memory, tools)) as client:
            yield client
