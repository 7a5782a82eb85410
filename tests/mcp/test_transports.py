"""The command itself: over stdio and HTTP, with the official client on the other side."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from lightfast.emulator import Emulator
from lightfast.mcp.client_config import client_config
from lightfast.mcp.http import Guard
from tests import ROOT
from tests.emulator.repositories import Repository
from tests.waiting import PATIENCE

COMMAND = [sys.executable, "-W", "error", "-m", "lightfast", "mcp"]


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """Return an environment without anybody's keys, whose indexes are kept apart."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIGHTFAST_")}
    return {**kept, "XDG_CACHE_HOME": str(tmp_path / "cache"), "LIGHTFAST_EMBEDDER": "none", **more}


async def test_over_stdio_a_repository_is_asked_without_a_key(repository, tmp_path):
    server = StdioServerParameters(
        command=COMMAND[0],
        args=[*COMMAND[1:], "--local", str(repository.path)],
        env=environment(tmp_path),
    )
    async with Client(stdio_client(server)) as client, Client(stdio_client(server)) as second:
        for each in (client, second):  # on one index
            result = await each.call_tool("lightfast_search", {"query": "failed request"})
            assert result.structured_content["data"]
            assert "docs/retries.md" in str(await each.call_tool("lightfast_contents", {"id": result.structured_content["data"][0]["id"]}))  # fmt: skip
    assert len(list((tmp_path / "cache").rglob("*.sqlite3"))) == 1


async def test_a_local_server_starts_without_an_http_library(repository, tmp_path):
    """A server, a client and aiohttp would cost a third of a second before the first answer."""
    (tmp_path / "aiohttp.py").write_text("raise RuntimeError('aiohttp was imported')\n")
    server = StdioServerParameters(
        command=COMMAND[0],
        args=[*COMMAND[1:], "--local", str(repository.path)],
        env=environment(tmp_path, PYTHONPATH=str(tmp_path)),
    )
    async with Client(stdio_client(server)) as client:
        result = await client.call_tool("lightfast_search", {"query": "failed request"})
    assert result.structured_content["data"]


async def test_over_stdio_the_api_is_asked_with_the_key_of_the_environment(tmp_path):
    with Emulator([ROOT / "README.md"], embedder=None) as emulator:
        key = emulator.create_api_key()
        server = StdioServerParameters(
            command=COMMAND[0],
            args=COMMAND[1:],
            env=environment(tmp_path, LIGHTFAST_API_KEY=key, LIGHTFAST_BASE_URL=emulator.base_url),
        )
        async with Client(stdio_client(server)) as client:
            result = await client.call_tool("lightfast_search", {"query": "retries"})
    assert result.structured_content["data"]


@contextmanager
def http_server(
    repository: Repository, tmp_path: Path, address: str, *options: str, **more: str
) -> Iterator[tuple[str, str]]:
    """Return the URL of a server, and what it said on stderr until then."""
    process = subprocess.Popen(
        [*COMMAND, "--local", str(repository.path), "--http", address, *options],
        env=environment(tmp_path, **more), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        said = ""
        while not (found := re.search(r"http://\S+/mcp", said)):
            line = process.stderr.readline()
            assert line, said
            said += line
        yield found.group(), said
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


async def test_over_http_on_this_machine_no_token_is_needed(repository, tmp_path):
    with http_server(repository, tmp_path, "127.0.0.1:0") as (url, _):
        async with Client(url) as client:
            result = await client.call_tool("lightfast_search", {"query": "failed request"})
        assert result.structured_content["data"]
        async with httpx2.AsyncClient() as browser:
            evil = await browser.post(url, json={}, headers={"Origin": "https://evil.example"})
            rebound = await browser.post(url, json={}, headers={"Host": "evil.example"})
    assert (evil.status_code, rebound.status_code) == (403, 421)


async def test_over_http_other_machines_need_a_token(repository, tmp_path):
    with http_server(repository, tmp_path, "0.0.0.0:0", "--allow-remote") as (url, said):
        url = url.replace("0.0.0.0", "127.0.0.1")
        token = re.search(r"Authorization: (Bearer \S{40,})", said)[1]
        async with httpx2.AsyncClient() as stranger:
            assert (await stranger.post(url, json={})).status_code == 401
        async with (
            httpx2.AsyncClient(headers={"Authorization": token}) as known,
            Client(streamable_http_client(url, http_client=known)) as client,
        ):
            assert len((await client.list_tools()).tools) == 4


def test_another_address_than_this_machines_must_be_meant(repository, tmp_path):
    done = subprocess.run(
        [*COMMAND, "--local", str(repository.path), "--http", "0.0.0.0:0"],
        env=environment(tmp_path), capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--allow-remote" in done.stderr


# --- the guard --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "options", "status"),
    [
        ({"host": "127.0.0.1:80"}, {}, 200),
        ({"host": "localhost"}, {}, 200),
        ({"host": "[::1]:8"}, {}, 200),
        ({}, {}, 421),
        ({"host": "evil.example"}, {}, 421),
        ({"host": "127.0.0.1.evil.example"}, {}, 421),
        ({"host": "192.0.2.1"}, {}, 421),
        ({"host": "192.0.2.1"}, {"loopback_only": False}, 200),
        ({"host": "evil.example"}, {"loopback_only": False}, 421),
        ({"host": "Memory.Example:443"}, {"names": ["memory.example"]}, 200),
        ({"host": "localhost", "origin": "http://localhost:3000"}, {}, 200),
        ({"host": "localhost", "origin": "https://evil.example"}, {}, 403),
        ({"host": "localhost", "origin": "null"}, {}, 403),
        ({"host": "localhost", "origin": ""}, {}, 403),
        ({"host": "localhost", "origin": "http://[bad"}, {}, 403),
        ({"host": "localhost"}, {"token": "s3cret"}, 401),
        ({"host": "localhost", "authorization": "Bearer wrong"}, {"token": "s3cret"}, 401),
        ({"host": "localhost", "authorization": "bearer s3cret"}, {"token": "s3cret"}, 200),
        ({"host": "localhost", "authorization": "s3cret"}, {"token": "s3cret"}, 401),
        ({"host": "localhost", "authorization": "Bearer s3cret"}, {"token": "s3cret"}, 200),
    ],
)
async def test_the_guard_lets_in_who_may_come(headers, options, status):
    statuses = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        statuses.append(message.get("status"))

    scope = {"type": "http", "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
    guard = Guard(app, **({"token": None, "names": (), "loopback_only": True} | options))
    await guard(scope, None, send)
    assert statuses[0] == status


# --- configuration ----------------------------------------------------------------------------


async def test_a_printed_configuration_starts_a_server_that_answers(repository, tmp_path):
    printed = await asyncio.to_thread(
        subprocess.check_output,
        [*COMMAND, "--local", "api", "config", "claude", "--quiet"],
        cwd=repository.path.parent,
        env=environment(tmp_path),
    )
    server = json.loads(printed)["mcpServers"]["lightfast"]
    assert Path(server["command"]).is_absolute()
    assert server["args"][-1] == str(repository.path)
    started = StdioServerParameters(command=server["command"], args=server["args"], env=environment(tmp_path))  # fmt: skip
    async with Client(stdio_client(started)) as client:
        assert len((await client.list_tools()).tools) == 4


@pytest.mark.parametrize(
    ("name", "section"),
    [("claude", "mcpServers"), ("cursor", "mcpServers"), ("vscode", "servers"), ("zed", "context_servers")],
)  # fmt: skip
def test_each_client_has_its_own_section(name, section):
    server = client_config(name, [Path("a"), Path("b")])[section]["lightfast"]
    assert server["args"][-4:] == ["--local", str(Path("a").resolve()), "--local", str(Path("b").resolve())]  # fmt: skip
    assert "env" not in server


@pytest.mark.parametrize("name", ["claude", "cursor", "vscode", "zed"])
def test_a_configuration_for_the_api_never_holds_a_key(name, monkeypatch):
    monkeypatch.setenv("LIGHTFAST_API_KEY", "sk-lf-secret")
    text = json.dumps(client_config(name, []))
    assert "LIGHTFAST_API_KEY" in text
    assert "secret" not in text


def test_without_the_extra_the_command_names_it(tmp_path):
    (tmp_path / "mcp.py").write_text("raise ModuleNotFoundError('gone', name='mcp')\n")
    done = subprocess.run(
        [*COMMAND, "config", "zed"], env=environment(tmp_path, PYTHONPATH=str(tmp_path)),
        capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 1
    assert "needs mcp; run:" in done.stderr
    assert "[mcp]" in done.stderr
