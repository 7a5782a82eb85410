"""An import from a server on this machine that speaks GitHub's API."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from lightfast.emulator import Emulator, EmulatorError
from lightfast.emulator.sources.github_api import import_github
from tests.servers import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulator.conftest import Ask

PAGE = "https://github.com/acme/shop"


def issue(number: int, day: int, **more: Any) -> dict[str, Any]:
    at = f"2026-03-{day:02}T10:00:00Z"
    return {"html_url": f"{PAGE}/issues/{number}", "number": number, "title": f"Basket {number}", "body": "Empty", "state": "open", "user": {"login": "ada", "type": "User", "email": "x"}, "created_at": at, "updated_at": at, "reactions": {}, **more}  # fmt: skip


class GitHub:
    """Lists of records, in pages of two, with ETags, `since` and a script of failures."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {
            "issues": [issue(n, n) for n in (1, 2, 3)],
            "issues/comments": [{"html_url": f"{PAGE}/issues/1#issuecomment-5", "body": "The wombat cache", "user": {"login": "grace"}, "created_at": "2026-03-01T11:00:00Z", "updated_at": "2026-03-01T11:00:00Z"}],
            "pulls/comments": [],
            "releases": [{"html_url": f"{PAGE}/releases/tag/v1", "tag_name": "v1", "name": "One", "body": "First", "published_at": "2026-03-05T10:00:00Z", "author": {"login": "ada"}}],
        }  # fmt: skip
        self.asked: list[tuple[str, int]] = []
        self.headers: list[Any] = []
        self.failures: list[web.Response] = []
        self.next_host = ""

    async def answer(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix("/repos/acme/shop/")
        self.headers.append(request.headers)
        if self.failures:
            return self.failures.pop(0)
        query = parse_qs(request.query_string)
        since, page = query.get("since", [""])[0], int(query.get("page", ["1"])[0])
        found = [r for r in self.lists[name] if str(r.get("updated_at", "")) >= since or not since]
        shown = found[2 * page - 2 : 2 * page]
        tag = f'"{hash(json.dumps([since, found]))}"'
        if request.headers.get("If-None-Match") == tag:
            self.asked.append((name, 304))
            return web.Response(status=304)
        self.asked.append((name, 200))
        headers = {"ETag": tag}
        if len(found) > 2 * page:
            host = self.next_host or f"http://{request.host}"
            url = request.rel_url.update_query(page=page + 1)
            headers["Link"] = f'<{host}{url}>; rel="next", <{host}/last>; rel="last"'
        return web.json_response(shown, headers=headers)


@pytest.fixture
def github() -> Iterator[tuple[GitHub, str]]:
    github = GitHub()
    with Server(github.answer) as server:
        yield github, f"http://127.0.0.1:{server.port}"


async def no_wait(_: float) -> None:
    return


async def test_an_import_is_searchable(
    github: tuple[GitHub, str], tmp_path: Path, ask: Ask
) -> None:
    """Issues, comments and releases, over several pages, with the token, and nothing that is not needed."""
    server, api = github
    path = tmp_path / "shop.json"
    done = await import_github("acme/shop", path, token="ghp_x", api=api)
    assert (done.fetched, done.total, done.limited_until) == (5, 5, None)
    assert {headers["Authorization"] for headers in server.headers} == {"Bearer ghp_x"}
    text = path.read_text()
    assert "ghp_x" not in text
    assert "reactions" not in text
    assert path.stat().st_mode & 0o077 == 0
    async with Emulator([path]) as emulator:
        assert emulator.documents == 5
        answer = await ask(emulator, emulator.create_api_key(), query="wombat cache")
    assert answer.body["data"][0]["type"] == "comment"


async def test_the_next_import_asks_for_what_changed(
    github: tuple[GitHub, str], tmp_path: Path
) -> None:
    """By time and by ETag; what changed replaces what was there."""
    server, api = github
    path = tmp_path / "shop.json"
    await import_github("acme/shop", path, api=api)
    await import_github("acme/shop", path, api=api)
    server.asked.clear()
    third = await import_github("acme/shop", path, api=api)
    assert third.fetched == 0
    assert {status for _, status in server.asked} == {304}
    server.lists["issues"].append(issue(1, 9, title="Basket again"))
    fourth = await import_github("acme/shop", path, api=api)
    assert (fourth.fetched, fourth.total) == (2, 5)  # the last one seen, and the changed one
    titles = [item.get("title") for item in json.loads(path.read_text())["items"]]
    assert "Basket again" in titles
    assert "Basket 1" not in titles


async def test_a_short_limit_is_waited_for(github: tuple[GitHub, str], tmp_path: Path) -> None:
    """As long as GitHub says; so are failures of the server."""
    server, api = github
    server.failures = [
        web.Response(status=429, headers={"Retry-After": "7"}),
        web.Response(status=502),
    ]
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    done = await import_github("acme/shop", tmp_path / "shop.json", api=api, sleep=sleep)
    assert done.total == 5
    assert waited == [7.0, 4.0]


async def test_a_long_limit_ends_the_import_and_keeps_what_came(
    github: tuple[GitHub, str], tmp_path: Path
) -> None:
    """The next one goes on from there."""
    server, api = github
    path = tmp_path / "shop.json"
    reset = int(time.time()) + 3000
    await import_github("acme/shop", path, api=api)
    server.lists["issues"].append(issue(4, 8))
    limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    server.failures = [web.Response(status=403, headers=limits)]
    done = await import_github("acme/shop", path, api=api)
    assert done.limited_until is not None
    assert abs(done.limited_until - reset) < 10
    assert done.total == 5
    assert (await import_github("acme/shop", path, api=api)).total == 6


async def test_the_next_page_is_on_the_same_server(
    github: tuple[GitHub, str], tmp_path: Path
) -> None:
    """A token goes nowhere else."""
    server, api = github
    server.next_host = "http://localhost:9"
    done = await import_github("acme/shop", tmp_path / "shop.json", token="ghp_x", api=api)
    assert done.total == 4


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (web.json_response({"message": "Not Found"}, status=404), "404: Not Found; check the name"),
        (web.json_response({"message": "Bad credentials"}, status=401), "gh auth status"),
        (web.json_response({"message": "Moved"}, status=301), "301"),
        (web.json_response({"a": 1}), "GitHub answered 200"),
        (web.Response(text="<html>"), "GitHub answered 200"),
    ],
)
async def test_what_goes_wrong_is_told(
    failure: web.Response, said: str, github: tuple[GitHub, str], tmp_path: Path
) -> None:
    """In GitHub's words, with what to do."""
    server, api = github
    server.failures = [failure]
    with pytest.raises(EmulatorError, match=said):
        await import_github("acme/shop", tmp_path / "shop.json", api=api, sleep=no_wait)
    assert not os.listdir(tmp_path)


async def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    """After some attempts."""
    with pytest.raises(EmulatorError, match="does not answer"):
        await import_github("acme/shop", tmp_path / "x.json", api="http://127.0.0.1:9", sleep=no_wait)  # fmt: skip


@pytest.mark.parametrize("content", ["[]", "{}", "x", '{"lightfast": 1, "items": [], "repository": "b/c"}'])  # fmt: skip
async def test_another_file_is_not_overwritten(content: str, tmp_path: Path) -> None:
    """Only one of an earlier import of the same repository is."""
    path = tmp_path / "shop.json"
    path.write_text(content)
    with pytest.raises(EmulatorError, match=r"give another --output|not the file"):
        await import_github("acme/shop", path)
    assert path.read_text() == content


@pytest.mark.parametrize("name", ["acme", "a/b/c", "../x", "a/b?x", ""])
async def test_a_repository_has_an_owner_and_a_name(name: str, tmp_path: Path) -> None:
    """Anything else would ask for something else."""
    with pytest.raises(EmulatorError, match="OWNER/NAME"):
        await import_github(name, tmp_path / "x.json")
