"""``lightfast emulator import github``."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.cli.conftest import process

ISSUE = {
    "html_url": "https://github.com/acme/shop/issues/1",
    "title": "The wombat basket",
    "state": "open",
    "created_at": "2026-03-01T10:00:00Z",
    "updated_at": "2026-03-01T10:00:00Z",
}


async def run(path: Path, *answers: web.Response, **environment: str):
    """Run the command against a server that gives these answers, then empty lists; what it was sent, too."""
    script, sent = list(answers), []

    async def answer(request: web.Request) -> web.Response:
        sent.append(request.headers.get("Authorization"))
        return script.pop(0) if script else web.json_response([])

    app = web.Application()
    app.router.add_get("/{path:.+}", answer)
    async with TestServer(app) as server:
        arguments = ("emulator", "import", "github", "acme/shop", "--output", path)
        api = str(server.make_url("")).rstrip("/")
        done = await asyncio.to_thread(process, *arguments, "--api", api, **environment)
    return done, sent


async def test_an_import_is_kept_and_found(tmp_path: Path):
    """The token comes from the environment and is shown nowhere."""
    path = tmp_path / "shop.json"
    done, sent = await run(path, web.json_response([ISSUE]), GITHUB_TOKEN="ghp_secret")
    assert (done.returncode, done.stdout) == (0, "")
    assert "1 new or changed, 1 in" in done.stderr
    assert "ghp_secret" not in done.stderr
    assert set(sent) == {"Bearer ghp_secret"}
    found = process("search", "--local", path, "wombat", LIGHTFAST_EMBEDDER="none")
    assert "The wombat basket" in found.stdout


async def test_a_limit_tells_until_when(tmp_path: Path):
    """And the exit code says that it is not complete."""
    limited = web.Response(status=429, headers={"Retry-After": "3000"})
    done, _ = await run(tmp_path / "shop.json", limited, GITHUB_TOKEN="x")
    assert done.returncode != 0
    assert "rate limit is reached until" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("api", ["http://github.example.com", "ftp://x", "x"])
def test_a_token_does_not_travel_unencrypted(api: str, tmp_path: Path):
    """Another address than the API's own must be https."""
    done = process("emulator", "import", "github", "acme/shop", "--api", api, GITHUB_TOKEN="x")
    assert done.returncode == 2
    assert "https" in done.stderr
