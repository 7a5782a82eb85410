"""``lightfast emulator import github``."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from aiohttp import web

from tests.cli.conftest import process
from tests.servers import Server

ISSUE = {
    "html_url": "https://github.com/acme/shop/issues/1",
    "title": "The wombat basket",
    "state": "open",
    "created_at": "2026-03-01T10:00:00Z",
    "updated_at": "2026-03-01T10:00:00Z",
}


def run(
    path: Path, *answers: web.Response, **environment: str
) -> tuple[subprocess.CompletedProcess[str], list[str | None]]:
    """Run the command against a server that gives these answers, then empty lists; what it was sent, too."""
    script = list(answers)

    async def respond(_: web.Request) -> web.Response:
        return script.pop(0) if script else web.json_response([])

    with Server(respond) as server:
        arguments = ("emulator", "import", "github", "acme/shop", "--output", path)
        done = process(*arguments, "--api", f"http://127.0.0.1:{server.port}", **environment)
    return done, [headers.get("Authorization") for headers, _ in server.requests]


def test_an_import_is_kept_and_found(tmp_path: Path):
    """The token comes from the environment and is shown nowhere."""
    path = tmp_path / "shop.json"
    done, sent = run(path, web.json_response([ISSUE]), GITHUB_TOKEN="ghp_secret")
    assert (done.returncode, done.stdout) == (0, "")
    assert "1 new or changed, 1 in" in done.stderr
    assert "ghp_secret" not in done.stderr
    assert set(sent) == {"Bearer ghp_secret"}
    found = process("search", "--local", path, "wombat", LIGHTFAST_EMBEDDER="none")
    assert "The wombat basket" in found.stdout


def test_a_limit_tells_until_when(tmp_path: Path):
    """And the exit code says that it is not complete."""
    limited = web.Response(status=429, headers={"Retry-After": "3000"})
    done, _ = run(tmp_path / "shop.json", limited, GITHUB_TOKEN="x")
    assert done.returncode != 0
    assert "rate limit is reached until" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("api", ["http://github.example.com", "ftp://x", "x"])
def test_a_token_does_not_travel_unencrypted(api: str, tmp_path: Path):
    """Another address than the API's own must be https."""
    done = process("emulator", "import", "github", "acme/shop", "--api", api, GITHUB_TOKEN="x")
    assert done.returncode == 2
    assert "https" in done.stderr
