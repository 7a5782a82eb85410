"""Records that trackers and forges export, under whatever names: issues, merge requests, releases, comments, discussions.

One record is a JSON object or a line of CSV. What it is can be told from the address of its page, else from its
fields; each fact stands under one of several names.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from lightfast.emulator import timestamps
from lightfast.emulator.sources.commits import ROBOT_WEIGHT, is_robot
from lightfast.emulator.sources.documents import Document, Mentions, mentions, person
from lightfast.emulator.sources.forge import Forge, forge_of
from lightfast.emulator.sources.pulls import group_of_pull
from lightfast.emulator.sources.sections import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "ACTOR",
    "PAGE",
    "TEXT",
    "TIME",
    "TITLE",
    "first_of",
    "read_timestamp",
    "record_document",
    "record_entities",
]

# Under which names exports keep a fact; a point leads into an object. The first that is there counts.
TITLE = ("title", "fields.summary", "summary", "name", "subject", "tag_name", "tagName")
TEXT = ("text", "body", "description", "bodyText", "fields.description", "message", "content")
PAGE = ("html_url", "web_url", "webUrl", "permalink", "_links.self", "url", "issue url")
TIME = ("occurredAt", "published_at", "publishedAt", "released_at", "created_at", "createdAt", "fields.created", "created", "date", "timestamp", "time")  # fmt: skip
ACTOR = ("actor", "user.login", "author.login", "author.username", "creator.name", "user.name", "author.name", "fields.reporter.displayName", "creator", "reporter", "author", "user")  # fmt: skip
ASSIGNEE = ("assignee.login", "assignee.username", "assignee.name", "fields.assignee.displayName", "assignee")  # fmt: skip
KEY = ("identifier", "key", "issue key", "issue id")
STATE = ("state.name", "state", "status.name", "status", "fields.status.name")
LABELS = ("labels.nodes", "labels", "fields.labels")

_FORGE_PAGE = re.compile(
    r"(https?://[^/\s]+/[^\s#]+?)/(?:-/)?(issues|pull|pulls|merge_requests|discussions|releases/tag|releases|work_items)/([^/\s#?]{1,200})(#\S{0,100})?"
)
_LINEAR_PAGE = re.compile(r"https?://linear\.app/[^/\s]+/issue/([A-Z][A-Z0-9]{0,9}-\d{1,9})\b\S*")
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,15}-\d{1,9}")
_TYPES = {
    "issues": "issue",
    "work_items": "issue",
    "pull": "pull_request",
    "pulls": "pull_request",
    "merge_requests": "pull_request",
    "discussions": "discussion",
    "releases": "release",
    "releases/tag": "release",
}
_ACTIONS = {"merged": "merged", "closed": "closed", "done": "closed", "completed": "closed", "canceled": "closed", "resolved": "closed"}  # fmt: skip
_FORMS = ("%d/%b/%y %I:%M %p", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M", "%Y/%m/%d %H:%M:%S")


@attrs.frozen
class _Page:
    """Facts that the address of a record's page tells.

    Args:
        forge: The repository; None where it is not a forge's.
        source: Where it comes from.
        type: What it is.
        number: Its number, key or tag.
        mark: What stands behind ``#``: a comment's name.
    """

    forge: Forge | None
    source: str
    type: str
    number: str
    mark: str = ""


def first_of(data: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """Return the first fact that is there under one of several names; None for none.

    Args:
        data: The record.
        names: The names; a point leads into an object.
    """
    for name in names:
        value: Any = data
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value not in (None, "", [], {}):
            return value
    return None


def record_document(data: Mapping[str, Any]) -> Document | None:
    """Return a record as a document; None when it is not one that we know.

    Args:
        data: The record.
    """
    address = _address(data)[:2000]
    page = _page(address, data)
    body = _body(data)
    title = _text(data, TITLE)
    if page is None or not (title or body):
        return None
    comment = page.mark or (page.type != "release" and not title)
    people = [name for name in (_name(data, ACTOR), _name(data, ASSIGNEE)) if name]
    named = mentions(body, page.forge)
    place = page.forge.base if page.forge else page.source
    label = page.number if not page.number.isdigit() else f"#{page.number}"
    kind = "comment" if comment else page.type
    return Document(
        id=f"{kind}_{place.partition('://')[2] or place}#{page.number}{page.mark}",
        key="" if comment or page.type == "release" else label,
        group=_group(place, page),
        title=_title(title, body, label, is_comment=bool(comment)),
        body=clean(body),
        source=page.source,
        type=kind,
        family="changelog" if kind == "release" else "history",
        url=address if address.startswith(("http://", "https://")) else None,
        occurred_at=read_timestamp(first_of(data, TIME)),
        weight=ROBOT_WEIGHT if people and is_robot(people[0], "") else 1.0,
        actors=tuple(name.lower() for name in people),
        entities=record_entities(people, label, page.type, _labels(data), named),
        references=named.references,
        facts=_facts(data),
    )


def record_entities(
    people: Iterable[str], key: str, kind: str, labels: Iterable[str], named: Mentions
) -> tuple[dict[str, Any], ...]:
    """Return what a record mentions: its people, itself, its labels, and what its text names.

    Args:
        people: Logins, or full names.
        key: Its own key, such as ``#12``.
        kind: ``release``, or another type of record.
        labels: Its labels.
        named: What its text names.
    """
    return (
        *(person(name if " " in name else f"@{name}") for name in people),
        {"key": key, "category": "release" if kind == "release" else "issue"},
        *({"key": name, "category": "label"} for name in labels),
        *named.entities,
    )


def _group(place: str, page: _Page) -> str:
    if page.type in {"issue", "pull_request", "discussion"}:
        return group_of_pull(place, page.number)
    return ""


def _address(data: Mapping[str, Any]) -> str:
    address = _text(data, PAGE)
    own = data.get("self")
    if isinstance(own, str) and "/rest/api/" in own:  # Jira tells where its API has it
        return f"{own.partition('/rest/api/')[0]}/browse/{_text(data, KEY)}"
    return address


def _page(address: str, data: Mapping[str, Any]) -> _Page | None:
    if found := _LINEAR_PAGE.fullmatch(address):
        return _Page(None, "linear", "issue", found[1])
    if found := _FORGE_PAGE.fullmatch(address):
        forge = forge_of(found[1])
        if forge:
            return _Page(forge, forge.name, _TYPES[found[2]], found[3], found[4] or "")
    key = _text(data, KEY)
    if not _KEY.fullmatch(key):
        return None
    if "fields" in data or "issue key" in data:
        return _Page(None, "jira", "issue", key)
    if "identifier" in data or "team" in data:
        return _Page(None, "linear", "issue", key)
    return None


def _title(title: str, body: str, label: str, *, is_comment: bool) -> str:
    if title and not is_comment:
        return title
    first = clean(body[:2000]).strip().partition("\n")[0][:120]
    return f"{label}: {first}" if first else label


def _text(data: Mapping[str, Any], names: tuple[str, ...]) -> str:
    value = first_of(data, names)
    return value.strip() if isinstance(value, str) else ""


def _body(data: Mapping[str, Any]) -> str:
    value = first_of(data, TEXT)
    if isinstance(value, dict):
        return "\n\n".join(_paragraphs(value))
    comments = data.get("comments")
    texts = [value] if isinstance(value, str) else []
    # `gh issue view --json comments` keeps them with the issue.
    for comment in comments[:100] if isinstance(comments, list) else ():
        if isinstance(comment, dict) and isinstance(comment.get("body"), str):
            texts.append(comment["body"])
    return "\n\n".join(texts)


def _paragraphs(document: dict[str, Any]) -> Iterator[str]:
    """Yield the paragraphs of a Jira document, which is a tree: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/."""  # fmt: skip
    waiting: list[Any] = [document]
    words: list[str] = []
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        if isinstance(node.get("text"), str):
            words.append(node["text"])
        elif node.get("type") in {"paragraph", "heading", "listItem", "codeBlock"} and words:
            yield " ".join(words)
            words = []
        inner = node.get("content")
        waiting += reversed(inner) if isinstance(inner, list) else ()
    if words:
        yield " ".join(words)


def _name(data: Mapping[str, Any], names: tuple[str, ...]) -> str:
    value = first_of(data, names)
    # An archive of GitHub's names people by their pages.
    return value.rstrip("/").rpartition("/")[2].strip() if isinstance(value, str) else ""


def _labels(data: Mapping[str, Any]) -> list[str]:
    found = first_of(data, LABELS)
    if isinstance(found, str):
        found = found.split(",")
    labels = found if isinstance(found, list) else ()
    names = [label.get("name") if isinstance(label, dict) else label for label in labels]
    return [name.strip() for name in names if isinstance(name, str) and name.strip()]


def _facts(data: Mapping[str, Any]) -> dict[str, Any]:
    state = _text(data, STATE).lower()
    merged = first_of(data, ("mergedAt", "merged_at"))
    action = "merged" if merged else _ACTIONS.get(state, "opened" if state else "")
    return {"latestAction": action} if action else {}


def read_timestamp(value: Any) -> int | None:
    """Return when something happened; None for what is not a time.

    Args:
        value: ISO 8601, Unix seconds, or one of the forms of trackers' CSV, which are taken to be UTC.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Milliseconds are past 1e11; an integer that is no time at all can be too large for a float.
        return timestamps.from_seconds(value / 1000 if 1e11 < value < 1e18 else value)
    if not isinstance(value, str):
        return None
    text = value.strip()[:40]
    for form in (None, *_FORMS):
        try:
            found = datetime.strptime(text, form) if form else datetime.fromisoformat(text)
        except ValueError:
            continue
        return timestamps.from_datetime(found if found.tzinfo else found.replace(tzinfo=UTC))
    return None
