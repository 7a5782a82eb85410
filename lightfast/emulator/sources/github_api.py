"""GitHub's REST API: a repository's issues, pull requests, releases and comments, fetched into one file.

The file remembers how far it goes: the next time only what changed since is asked for, and what did not change costs
nothing of the rate limit. https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import attrs
import orjson

from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["API", "GitHubImport", "import_github"]

API = "https://api.github.com"
VERSION = 1  # of the file
MAX_PAGE_BYTES = 1 << 25
MAX_WAIT = 60.0  # seconds that a rate limit is waited for; a longer one ends the import
ATTEMPTS = 4
TIMEOUT = aiohttp.ClientTimeout(total=120, sock_read=60)

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,99}/[\w.-]{1,100}")
_NEXT = re.compile(r"<([^<>]{1,2000})>;\s?rel=\"next\"")
# What is asked for, and whether only what changed since can be asked for.
_LISTS = {
    "issues": ("issues?state=all&sort=updated&direction=asc&per_page=100", True),
    "comments": ("issues/comments?sort=updated&direction=asc&per_page=100", True),
    "review comments": ("pulls/comments?sort=updated&direction=asc&per_page=100", True),
    "releases": ("releases?per_page=100", False),
}
_KEPT = ("html_url", "number", "title", "body", "state", "state_reason", "created_at", "updated_at", "closed_at", "merged_at", "published_at", "comments", "tag_name", "name", "id")  # fmt: skip


@attrs.frozen(kw_only=True)
class GitHubImport:
    """Result of an import.

    Args:
        path: The file.
        fetched: How many records are new or changed.
        total: How many there are now.
        limited_until: When the rate limit ends that stopped the import, in Unix seconds; None if it is complete.
    """

    path: Path
    fetched: int
    total: int
    limited_until: float | None = None


class _LimitedError(Exception):
    """The rate limit is reached for longer than we wait."""

    def __init__(self, until: float) -> None:
        super().__init__(until)
        self.until = until


async def import_github(
    repository: str,
    path: Path,
    *,
    token: str | None = None,
    api: str = API,
    on_progress: Callable[[int], None] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> GitHubImport:
    """Fetch what is new in a repository into a file that the emulator indexes.

    Args:
        repository: ``OWNER/NAME``.
        path: The file; one of an earlier import is brought up to date.
        token: An access token; None for anonymous requests, of which GitHub allows 60 an hour.
        api: The address of the API; of GitHub Enterprise it ends in ``/api/v3``.
        on_progress: Called with the number of records fetched so far.
        sleep: Waits.

    Raises:
        EmulatorError: The repository cannot be read, or the file cannot be written.
    """
    if not _REPOSITORY.fullmatch(repository):
        raise EmulatorError(f"{repository!r} is not a repository; give OWNER/NAME.")
    kept = _read(path, repository)
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "lightfast"}  # fmt: skip
    if token:
        headers["Authorization"] = f"Bearer {token}"
    fetched, until = 0, None
    async with aiohttp.ClientSession(headers=headers, timeout=TIMEOUT, trust_env=True) as session:
        client = _Client(session, api.rstrip("/"), sleep)
        try:
            for name in _LISTS:
                async for records in client.changed(repository, name, kept):
                    kept["items"] |= {str(record["html_url"]): record for record in records}
                    fetched += len(records)
                    if on_progress:
                        on_progress(fetched)
        except _LimitedError as error:
            until = error.until
    _write(path, kept)
    return GitHubImport(path=path, fetched=fetched, total=len(kept["items"]), limited_until=until)


class _Client:
    """Client of the API, which reads it page by page.

    Args:
        session: The connections.
        api: The API's address.
        sleep: Waits.
    """

    def __init__(
        self, session: aiohttp.ClientSession, api: str, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._session = session
        self._api = api
        self._sleep = sleep

    async def changed(self, repository: str, name: str, kept: dict[str, Any]) -> Any:
        """Yield pages of what changed, and remember in `kept` how far they go."""
        query, by_time = _LISTS[name]
        since = kept["since"].get(name) if by_time else None
        first = f"{self._api}/repos/{repository}/{query}" + (f"&since={since}" if since else "")
        known = kept["etags"].get(name) or {}
        url: str | None = first
        tag = known.get("etag", "") if known.get("url") == first else ""
        while url:
            records, headers = await self._page(url, tag)
            if records is None:
                return  # not modified
            if url == first:
                kept["etags"][name] = {"url": first, "etag": headers.get("ETag", "")}
            yield [_trimmed(record) for record in records if isinstance(record, dict) and isinstance(record.get("html_url"), str)]  # fmt: skip
            times = [str(record.get("updated_at") or "") for record in records if isinstance(record, dict)]  # fmt: skip
            if by_time and times:
                kept["since"][name] = max(times)
            url, tag = self._next(headers.get("Link", "")), ""

    def _next(self, link: str) -> str | None:
        # The key goes to the API alone, whatever address an answer names.
        found = _NEXT.search(link)
        return found[1] if found and found[1].startswith(f"{self._api}/") else None

    async def _page(self, url: str, tag: str) -> tuple[list[Any] | None, Any]:
        headers = {"If-None-Match": tag} if tag else {}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._session.get(url, headers=headers, allow_redirects=False) as response:  # fmt: skip
                    if response.status == 304:
                        return None, response.headers
                    body = await _body(response)
                    if response.status == 200 and isinstance(body, list):
                        return body, response.headers
                    wait = self._wait(response, body, attempt)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                if attempt == ATTEMPTS:
                    raise EmulatorError(f"GitHub does not answer: {type(error).__name__}") from None
                wait = 2.0**attempt
            await self._sleep(wait)
        raise EmulatorError(f"GitHub does not answer {url.partition('?')[0]} as it should.")

    def _wait(self, response: aiohttp.ClientResponse, body: Any, attempt: int) -> float:
        """Return the seconds until it is worth asking again."""
        wait = _limit(response)
        if wait is not None:
            if wait > MAX_WAIT:
                raise _LimitedError(time.time() + wait)
            return wait
        if response.status >= 500 and attempt < ATTEMPTS:
            return 2.0**attempt
        message = body.get("message") if isinstance(body, dict) else None
        raise EmulatorError(f"GitHub answered {response.status}{f': {message}' if message else ''}{_hint(response.status)}")  # fmt: skip


async def _body(response: aiohttp.ClientResponse) -> Any:
    received = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        received += chunk
        if len(received) > MAX_PAGE_BYTES:
            raise EmulatorError(f"GitHub's answer is larger than {MAX_PAGE_BYTES >> 20} MiB.")
    with contextlib.suppress(ValueError):
        return orjson.loads(received)
    return None


def _limit(response: aiohttp.ClientResponse) -> float | None:
    """Return for how many seconds a rate limit lasts; None when there is none."""
    # https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    if response.status not in {403, 429}:
        return None
    after = response.headers.get("Retry-After", "")
    if after.isdigit():
        return float(after)
    reset = response.headers.get("X-RateLimit-Reset", "")
    if response.headers.get("X-RateLimit-Remaining") == "0" and reset.isdigit():
        return max(1.0, float(reset) - time.time() + 1)
    return 60.0 if response.status == 429 else None


def _hint(status: int) -> str:
    if status in {401, 403}:
        return "; check the token: `gh auth status`"
    if status in {301, 404}:
        return "; check the name (it may have moved), or that the token may read it"
    return ""


def _trimmed(record: dict[str, Any]) -> dict[str, Any]:
    kept = {name: record[name] for name in _KEPT if record.get(name) is not None}
    for name in ("user", "author"):
        if isinstance(record.get(name), dict):
            kept[name] = {key: record[name].get(key) for key in ("login", "type")}
    people = record.get("assignees")
    kept["assignees"] = [{"login": each.get("login")} for each in people if isinstance(each, dict)] if isinstance(people, list) else []  # fmt: skip
    labels = record.get("labels")
    kept["labels"] = [{"name": each.get("name")} for each in labels if isinstance(each, dict)] if isinstance(labels, list) else []  # fmt: skip
    if isinstance(record.get("pull_request"), dict):
        kept["pull_request"] = {"merged_at": record["pull_request"].get("merged_at")}
    return kept


def _read(path: Path, repository: str) -> dict[str, Any]:
    fresh = {"lightfast": VERSION, "repository": repository, "since": {}, "etags": {}, "items": {}}
    try:
        kept = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return fresh
    except (OSError, ValueError) as error:
        raise EmulatorError(f"{path} is not the file of an earlier import: {error}") from None
    if not isinstance(kept, dict) or kept.get("lightfast") != VERSION or not isinstance(kept.get("items"), list):  # fmt: skip
        raise EmulatorError(f"{path} is not the file of an earlier import; give another --output.")
    if kept.get("repository") != repository:
        raise EmulatorError(f"{path} holds {kept.get('repository')}; give another --output.")
    return {**fresh, **kept, "items": {str(item.get("html_url")): item for item in kept["items"]}}


def _write(path: Path, kept: dict[str, Any]) -> None:
    content = orjson.dumps({**kept, "items": list(kept["items"].values())})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all, and for its owner only: the repository may be private.
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError as error:
        raise EmulatorError(f"Cannot write {path}: {error}") from error
