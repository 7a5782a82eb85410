"""Records of trackers and forges, saved to a ``.json`` file.

::

    gh api --paginate 'repos/OWNER/NAME/issues?state=all&per_page=100' > issues.json

``gh`` writes one array, or one array for each page, one behind the other, or with ``--slurp`` an array of arrays:
all of them are read, and so are single objects, what a search returns under ``items``, and GraphQL's ``nodes``. The
endpoint for issues gives pull requests, too; the one for pull requests tells more about them.
https://docs.github.com/rest/issues/issues#list-repository-issues
"""

from __future__ import annotations

import json
import re
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lightfast.emulator import timestamps
from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.sources.commits import ROBOT_WEIGHT, is_robot
from lightfast.emulator.sources.contents import decoded
from lightfast.emulator.sources.documents import Document, mentions
from lightfast.emulator.sources.forge import Forge, forge_of
from lightfast.emulator.sources.pulls import group_of_pull
from lightfast.emulator.sources.records import record_document, record_entities
from lightfast.emulator.sources.sections import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["SUFFIXES", "github_documents", "read_items"]

SUFFIXES = (".json",)

_PAGE = re.compile(r"https?://([^/\s]+)/([^/\s]+/[^/\s]+)/(?:issues|pull)/(\d+)")
_COMMAND = "`gh api --paginate 'repos/OWNER/NAME/issues?state=all&per_page=100'`"
_WRAPPERS = ("items", "issues", "nodes", "edges", "values", "data")
_BLANK = re.compile(r"\s*")


def github_documents(path: Path) -> list[Document]:
    """Return a file's records, each once: of two states of one, the later.

    Raises:
        EmulatorError: The file is not JSON, or holds something else.
    """
    try:
        return read_items(decoded(path.read_bytes()))
    except EmulatorError as error:
        raise EmulatorError(f"{path}{error}") from None


def read_items(text: str) -> list[Document]:
    """Return the records in a text, each once."""
    found: dict[str, tuple[str, Document]] = {}
    try:
        for number, data in enumerate(_items(_values(text)), 1):
            try:
                document = _document(data)
            except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
                raise EmulatorError(f", item {number}: {_complaint(error)}") from None
            updated = str(data.get("updated_at") or "")
            if document.id not in found or found[document.id][0] <= updated:
                found[document.id] = updated, document
    except (ValueError, RecursionError) as error:
        raise EmulatorError(f" is not JSON: {error}") from None
    return [document for _, document in found.values()]


def _values(text: str) -> Iterator[Any]:
    """Yield the JSON values that stand one behind the other."""
    decoder = json.JSONDecoder()
    position = _end_of_blank(text, 0)
    while position < len(text):
        value, end = decoder.raw_decode(text, position)
        yield value
        position = _end_of_blank(text, end)


def _end_of_blank(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _items(values: Iterator[Any]) -> Iterator[Any]:
    """Yield the records in values: those of arrays, and of what wraps them in answers of REST and GraphQL."""
    for value in values:
        waiting: deque[Any] = deque([value])
        while waiting:
            item = waiting.popleft()
            inside = _inside(item)
            if inside is None:
                yield item
            else:
                waiting.extendleft(reversed(inside))


def _inside(value: Any) -> list[Any] | None:
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or "title" in value or "body" in value:
        return None
    for name in _WRAPPERS:
        if isinstance(value.get(name), list):
            return value[name]  # type: ignore[no-any-return]
    if set(value) <= {"node", "cursor"} and "node" in value:
        return [value["node"]]
    if isinstance(value.get("data"), dict) or _holds_connections(value):
        return [inner for inner in value.values() if isinstance(inner, dict)]
    return None


def _holds_connections(value: dict[str, Any]) -> bool:
    # https://docs.github.com/graphql/guides/using-pagination-in-the-graphql-api
    inner = [each for each in value.values() if isinstance(each, dict)]
    return any(
        "nodes" in each
        or "edges" in each
        or any("nodes" in e for e in each.values() if isinstance(e, dict))
        for each in inner
    )


def _complaint(error: Exception) -> str:
    if isinstance(error, _AnsweredError):
        return f"the other side answered with an error: {error}; run the command again"
    reason = f"`{error.args[0]}` is missing" if isinstance(error, KeyError) else str(error)
    return f"not an issue or pull request ({reason}); {_COMMAND} gives those of a repository"


class _AnsweredError(ValueError):
    """An error of the API stands in the place of a record."""


def _document(data: Any) -> Document:
    if not isinstance(data, dict):
        raise TypeError("not a JSON object")
    if isinstance(data.get("message"), str) and (
        {"documentation_url", "status", "error"} & data.keys()
    ):
        raise _AnsweredError(data["message"][:300])
    page = data.get("html_url")
    # GitHub's REST API tells more about them than any other form; its archives name people by their pages.
    if not (isinstance(page, str) and _PAGE.fullmatch(page)) and (found := record_document(data)):
        return found
    return _issue(data)


def _issue(data: dict[str, Any]) -> Document:
    host, repository, number = _place(data["html_url"])
    is_pull = "pull_request" in data or "merged_at" in data
    kind = "pull_request" if is_pull else "issue"
    people = _people(data)
    body = data.get("body") or ""
    address = f"https://{host}/{repository}"
    forge = forge_of(address) or Forge("github", address)
    named = mentions(body, forge)
    action, at = _latest(data)
    labels = [_label(label) for label in data.get("labels") or ()]
    login = people[0] if people else ""
    return Document(
        id=f"{kind}_{host}/{repository}#{number}",
        key=f"#{number}",
        group=group_of_pull(forge.base, number),
        title=data["title"].strip() or f"#{number}",
        body=clean(body),
        source=forge.name,
        type=kind,
        url=data["html_url"],
        occurred_at=at,
        weight=ROBOT_WEIGHT if _is_robot(data.get("user"), login) else 1.0,
        actors=tuple(login.lower() for login in people),
        entities=record_entities(people, f"#{number}", kind, labels, named),
        references=named.references,
        facts={"latestAction": action, "totalEvents": _events(data)},
    )


def _place(address: str) -> tuple[str, str, str]:
    match = _PAGE.fullmatch(address)
    if match is None:
        raise ValueError("`html_url` is not the address of one")
    return match[1], match[2], match[3]


def _people(data: dict[str, Any]) -> list[str]:
    """Return who wrote it, who takes care of it, who merged it: logins, each once."""
    who = [data.get("user"), *(data.get("assignees") or ()), data.get("merged_by")]
    return list(dict.fromkeys(each["login"] for each in who if each))


def _label(label: Any) -> str:
    return str(label["name"] if isinstance(label, dict) else label)


def _is_robot(user: Any, login: str) -> bool:
    return bool(user) and (user.get("type") == "Bot" or is_robot(login, ""))


def _latest(data: dict[str, Any]) -> tuple[str, int | None]:
    """Return the last thing that changed its state, and when."""
    merged_at = data.get("merged_at") or (data.get("pull_request") or {}).get("merged_at")
    if merged_at:
        return "merged", _timestamp(merged_at)
    if data.get("state") == "closed":
        return "closed", _timestamp(data.get("closed_at") or data["created_at"])
    if data.get("state_reason") == "reopened":
        return "reopened", _timestamp(data.get("updated_at") or data["created_at"])
    return "opened", _timestamp(data["created_at"])


def _timestamp(text: str) -> int:
    return timestamps.from_datetime(datetime.fromisoformat(text))


def _events(data: dict[str, Any]) -> int:
    return int(data.get("comments") or 0) + int(data.get("review_comments") or 0)
