"""Exports of other trackers and other commands are read."""

from __future__ import annotations

import json
import os
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from lightfast.emulator import Emulator, EmulatorError
from lightfast.emulator.sources.corpora import corpora_at
from lightfast.emulator.sources.records import read_timestamp
from lightfast.emulator.timestamps import to_wire

if TYPE_CHECKING:
    from pathlib import Path

    from lightfast.emulator.sources.documents import Document

AT = "2026-03-01T10:00:00Z"
GITHUB = "https://github.com/acme/shop"


def read(path: Path) -> list[Document]:
    (corpus,) = corpora_at(path)
    changes = corpus.changes(None)
    assert changes is not None
    return [document for item in changes.items for document in item]


def saved(tmp_path: Path, content: Any, name: str = "issues.json") -> Path:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


RECORDS: dict[str, tuple[Any, tuple[str, str, str, str, str, tuple[str, ...]]]] = {
    "gh issue list --json": (
        {"number": 12, "title": "Basket", "body": "Empty", "url": f"{GITHUB}/issues/12", "createdAt": AT, "author": {"login": "ada"}, "state": "OPEN", "labels": [{"name": "bug"}]},
        ("issue_github.com/acme/shop#12", "github", "issue", "Basket", "Empty", ("ada",)),
    ),
    "a release": (
        {"html_url": f"{GITHUB}/releases/tag/v2", "tag_name": "v2", "name": "Basket 2", "body": "# New\n\nAll", "published_at": AT, "author": {"login": "ada"}},
        ("release_github.com/acme/shop#v2", "github", "release", "Basket 2", "New\n\nAll", ("ada",)),
    ),
    "a comment": (
        {"html_url": f"{GITHUB}/issues/12#issuecomment-1", "id": 1, "user": {"login": "ada"}, "body": "The **cache**.", "created_at": AT},
        ("comment_github.com/acme/shop#12#issuecomment-1", "github", "comment", "#12: The cache.", "The cache.", ("ada",)),
    ),
    "GraphQL": (
        {"data": {"repository": {"discussions": {"nodes": [{"number": 9, "title": "Which?", "body": "x", "url": f"{GITHUB}/discussions/9", "createdAt": AT, "author": {"login": "ada"}}]}}}},
        ("discussion_github.com/acme/shop#9", "github", "discussion", "Which?", "x", ("ada",)),
    ),
    "an archive of GitHub's": (
        {"type": "issue", "url": f"{GITHUB}/issues/12", "repository": GITHUB, "user": "https://github.com/ada", "title": "Basket", "body": "x", "labels": [], "created_at": AT},
        ("issue_github.com/acme/shop#12", "github", "issue", "Basket", "x", ("ada",)),
    ),
    "GitLab": (
        {"iid": 3, "title": "Basket", "description": "x", "web_url": "https://gitlab.com/acme/shop/-/merge_requests/3", "state": "merged", "created_at": AT, "author": {"username": "ada"}},
        ("pull_request_gitlab.com/acme/shop#3", "gitlab", "pull_request", "Basket", "x", ("ada",)),
    ),
    "Gitea": (
        {"html_url": "https://codeberg.org/acme/shop/issues/3", "title": "Basket", "body": "x", "state": "open", "created_at": AT, "user": {"login": "ada"}},
        ("issue_codeberg.org/acme/shop#3", "codeberg", "issue", "Basket", "x", ("ada",)),
    ),
    "Linear": (
        {"id": "a1", "identifier": "SHOP-71", "title": "Login", "description": "x", "url": "https://linear.app/acme/issue/SHOP-71/login", "createdAt": AT, "assignee": {"name": "Ada L"}, "state": {"name": "Done"}},
        ("issue_linear#SHOP-71", "linear", "issue", "Login", "x", ("ada l",)),
    ),
    "Jira": (
        {"issues": [{"key": "OPS-4", "self": "https://acme.atlassian.net/rest/api/3/issue/1", "fields": {"summary": "Login", "created": "2026-03-01T10:00:00.000+0000", "reporter": {"displayName": "Ada L"}, "description": {"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "x"}]}]}}}]},
        ("issue_jira#OPS-4", "jira", "issue", "Login", "x", ("ada l",)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_becomes_a_document(name: str, tmp_path: Path) -> None:
    """Id with its host, source, type, title, text, people, time."""
    data, expected = RECORDS[name]
    (document,) = read(saved(tmp_path, [data]))
    d = document
    assert (d.id, d.source, d.type, d.title, d.body, d.actors) == expected
    assert to_wire(d.occurred_at) == AT
    assert (d.url or "").startswith("https://")


def test_what_happened_last_is_told(tmp_path: Path) -> None:
    """In the words of the API."""
    base = {"title": "x", "createdAt": AT}
    records = [
        {**base, "url": f"{GITHUB}/pull/{n}", "state": state}
        for n, state in enumerate(("MERGED", "CLOSED", "OPEN"))
    ]
    actions = [document.facts["latestAction"] for document in read(saved(tmp_path, records))]
    assert actions == ["merged", "closed", "opened"]


def test_comments_belong_to_their_issue(tmp_path: Path) -> None:
    """They are one group."""
    issue = {
        "html_url": f"{GITHUB}/issues/12",
        "title": "Basket",
        "state": "open",
        "created_at": AT,
    }
    comment = {"html_url": f"{GITHUB}/issues/12#issuecomment-1", "body": "Yes", "created_at": AT}
    found = read(saved(tmp_path, [issue, comment]))
    assert len({document.group for document in found}) == 1
    assert found[0].group


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[]{"message": "API rate limit exceeded", "documentation_url": "x"}', "API rate limit exceeded; run the command again"),
        ({"message": "Not Found", "status": "404"}, "Not Found"),
        ([{"a": 1}], "gh api --paginate"),
        ("[" * 100_000, "is not JSON"),
        ("nothing", "is not JSON"),
    ],
)  # fmt: skip
def test_what_is_not_a_record_is_refused(content: Any, said: str, tmp_path: Path) -> None:
    """The other side's error is told; else which command gives what is read."""
    with pytest.raises(EmulatorError, match=said):
        read(saved(tmp_path, content))


def test_json_in_utf_16_is_read(tmp_path: Path) -> None:
    """As Windows PowerShell's ``>`` writes it."""
    record = {"html_url": f"{GITHUB}/issues/1", "title": "Größe", "state": "open", "created_at": AT}
    path = tmp_path / "issues.json"
    path.write_bytes(json.dumps([record], ensure_ascii=False).encode("utf-16"))
    assert [document.title for document in read(path)] == ["Größe"]


def test_lines_with_other_names_are_read(tmp_path: Path) -> None:
    """Text, time and page under a tracker's names."""
    linear = RECORDS["Linear"][0]
    github = {"html_url": f"{GITHUB}/issues/12", "title": "Basket", "body": "Empty", "user": {"login": "ada"}, "created_at": AT, "url": "https://api.github.com/repos/acme/shop/issues/12"}  # fmt: skip
    text = f"{json.dumps(linear)}\n{json.dumps(github)}\n"
    first, second = read(saved(tmp_path, text, "all.jsonl"))
    assert (first.body, to_wire(first.occurred_at), first.source) == ("x", AT, "linear")
    assert (second.url, second.source, second.actors) == (github["html_url"], "github", ("ada",))


def test_csv_of_linear_and_jira_is_read(tmp_path: Path) -> None:
    """By the names of its columns; other tables are refused."""
    linear = 'ID,Team,Title,Description,Status,Creator,Labels,Created\nSHOP-1,Shop,Login,"Long\ntext",Done,ada@example.com,"bug, ui",2026-03-01T10:00:00Z\n'
    jira = "Summary,Issue key,Issue Type,Status,Reporter,Created,Description,Comment,Comment\nLogin,OPS-4,Bug,Open,ada,01/Mar/26 10:00 AM,Text,First,Second\n"
    (one,) = read(saved(tmp_path, linear, "linear.csv"))
    (two,) = read(saved(tmp_path, jira, "jira.csv"))
    assert (one.id, one.title, one.body, one.facts) == ("issue_linear#SHOP-1", "Login", "Long\ntext", {"latestAction": "closed"})  # fmt: skip
    assert {"key": "ui", "category": "label"} in one.entities
    assert (two.id, two.body, to_wire(two.occurred_at)) == ("issue_jira#OPS-4", "Text\n\nFirst\n\nSecond", AT)  # fmt: skip
    with pytest.raises(EmulatorError, match="Issue key, Summary"):
        read(saved(tmp_path, "a,b\n1,2\n", "other.csv"))


def test_a_slack_export_is_read_by_conversation(tmp_path: Path) -> None:
    """Threads, and what else was said on a day; names for numbers."""
    saved(
        tmp_path, [{"id": "U1", "real_name": "Ada L"}, {"id": "U2", "name": "grace"}], "users.json"
    )
    saved(tmp_path, [{"id": "C1", "name": "ops"}, {"id": "C2", "name": "../.."}], "channels.json")
    (tmp_path / "ops").mkdir()
    messages = [
        {"type": "message", "user": "U1", "text": "Is <https://x.example|the gateway> down?", "ts": "1772359200.0", "thread_ts": "1772359200.0"},
        {"type": "message", "user": "U2", "text": "Restart it, <@U1> &amp; wait", "ts": "1772359300.0", "thread_ts": "1772359200.0"},
        {"type": "message", "user": "U2", "text": "Lunch?", "ts": "1772359400.0"},
        {"type": "message", "text": None},
    ]  # fmt: skip
    saved(tmp_path / "ops", messages, "2026-03-01.json")
    thread, day = read(tmp_path)
    assert (thread.title, day.title) == ("#ops: Is the gateway down?", "#ops, 2026-03-01")
    assert thread.body == "Ada L: Is the gateway down?\n\ngrace: Restart it, @Ada L & wait"
    assert (thread.source, thread.type, thread.actors) == (
        "slack",
        "conversation",
        ("ada l", "grace"),
    )
    assert to_wire(thread.occurred_at) == AT
    assert thread.facts == {"totalEvents": 2}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_slack_export_can_lead_nowhere(tmp_path: Path) -> None:
    """Neither the names of channels, nor links, nor pipes, nor folders that are called like a day."""
    export = tmp_path / "export"
    names = ["ops", "loop", "out", "..", ".", "../other", "a\0b", "x" * 5000, "/etc", 5, None]
    saved(export, [{"name": name} for name in names], "channels.json")
    saved(export, [], "users.json")
    saved(export / "ops", [{"text": "Here", "ts": "1772359200"}], "2026-03-01.json")
    saved(tmp_path / "other", [{"text": "Elsewhere", "ts": "1772359200"}], "2026-03-01.json")
    (export / "loop").symlink_to("loop")
    (export / "out").symlink_to(tmp_path / "other")
    (export / "ops/2026-03-02.json").symlink_to(tmp_path / "other/2026-03-01.json")
    (export / "ops/2026-03-03.json").mkdir()
    os.mkfifo(export / "ops/2026-03-04.json")
    assert [document.body for document in read(export)] == ["Here"]
    with Emulator([export], embedder=None) as emulator:
        assert emulator.documents == 1


def test_a_damaged_file_of_a_slack_export_does_not_stop_the_rest(tmp_path: Path) -> None:
    """It is counted and named; without the list of channels there are the folders, without people their numbers."""
    for name in ("users.json", "channels.json", "ops/2026-03-01.json"):
        saved(tmp_path, "{", name)
    saved(tmp_path, "[" * 5000, "ops/2026-03-02.json")
    saved(tmp_path, [{"text": "Still here, <@U1>", "ts": ["1"]}], "ops/2026-03-03.json")
    with Emulator([tmp_path], embedder=None) as emulator:
        (part,) = emulator.left_out
        (found,) = emulator.search({"query": "still"})["data"]
        assert emulator.refresh() == 0, "nothing has changed"
    assert part.count == 4
    assert "ops/2026-03-01.json" in part.examples
    assert (part.reason, found["snippet"]) == ("not JSON", "Still here, @U1")


def test_a_name_in_a_slack_export_is_not_written_out_without_end(tmp_path: Path) -> None:
    """Mentions are short, and names as long as an export likes."""
    saved(tmp_path, [{"id": "U1", "real_name": "n" * 100_000}], "users.json")
    saved(tmp_path, [{"name": "ops"}], "channels.json")
    said = [{"text": "<@U1>" * 10_000, "ts": "1"}] * 50
    saved(tmp_path, said, "ops/2026-03-01.json")
    tracemalloc.start()
    try:
        (document,) = read(tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert document.facts == {"totalEvents": 50}
    assert peak < 40_000_000


GITHUB_FIELDS = "html_url title body number state state_reason comments review_comments labels user assignees merged_by merged_at created_at updated_at closed_at pull_request"  # fmt: skip
TRACKER_FIELDS = "key identifier team fields summary description created reporter assignee labels status self comments user author"  # fmt: skip
STRANGE = [None, True, -1, 1e308, 10**400, float("inf"), float("nan"), "", "x", "\0", "\ud800", "\udfff x", "x" * 5000, [], [[]], [None], ["\ud800"], [{"name": "\ud800"}], {}, {"login": "\ud800"}, {"login": None}, {"a": 10**30}, "0001-01-01T00:00:00+14:00"]  # fmt: skip


@pytest.mark.parametrize("name", [*GITHUB_FIELDS.split(), *TRACKER_FIELDS.split()])
def test_no_value_of_a_record_is_too_strange(name: str, tmp_path: Path) -> None:
    """It is refused in our words, or indexed, found and answered as JSON."""
    issue = {"html_url": f"{GITHUB}/issues/1", "title": "a", "state": "open", "created_at": AT}
    ticket = {"key": "OPS-1", "fields": {"summary": "a"}}
    known = issue if name in GITHUB_FIELDS.split() else ticket
    taken = [record for value in STRANGE if readable(record := {**known, name: value}, tmp_path)]
    with Emulator([saved(tmp_path, taken)], embedder=None) as emulator:
        for result in emulator.search({"query": "a", "limit": 100})["data"]:
            json.dumps([result, emulator.document(result["id"]).text], allow_nan=False).encode()


def readable(record: dict[str, Any], tmp_path: Path) -> bool:
    try:
        # Twice: of two states of one record, the later counts.
        read(saved(tmp_path, [record, record, {**record, "updated_at": AT}]))
    except EmulatorError:
        return False
    return True


@pytest.mark.parametrize(
    "value", [1772359200, 1772359200000, AT, "01/Mar/26 10:00 AM", "2026-03-01 10:00"]
)
def test_moments_are_written_in_many_ways(value: object) -> None:
    """Seconds, milliseconds, ISO 8601, and the forms of CSV."""
    assert to_wire(read_timestamp(value)) == AT


@pytest.mark.parametrize("value", [None, "", "soon", True, [], 1e300, 10**400, "2026-13-01"])
def test_what_is_no_moment_is_none(value: object) -> None:
    """Whatever it is instead."""
    assert read_timestamp(value) is None
