"""Issues and pull requests from what GitHub's REST API gave."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lightfast.emulator import Emulator, EmulatorError

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Ask

# As the API gives them, without the fields that nobody reads here.
ISSUE: dict[str, Any] = {
    "html_url": "https://github.com/acme/api/issues/12",
    "number": 12,
    "title": "Login times out",
    "user": {"login": "Ada", "type": "User"},
    "labels": [{"name": "bug"}, "login"],
    "state": "open",
    "assignees": [{"login": "grace"}, {"login": "Ada"}],
    "comments": 3,
    "created_at": "2026-02-01T10:00:00Z",
    "updated_at": "2026-02-05T10:00:00Z",
    "closed_at": None,
    "body": "Since a1b2c3d4 the login hangs, see #7 and LIN-204.",
}
PULL: dict[str, Any] = {
    "html_url": "https://github.com/acme/api/pull/13",
    "number": 13,
    "title": "Give the login more time",
    "user": {"login": "grace", "type": "User"},
    "labels": [],
    "state": "closed",
    "comments": 1,
    "created_at": "2026-02-06T10:00:00Z",
    "updated_at": "2026-02-09T10:00:00Z",
    "closed_at": "2026-02-08T10:00:00Z",
    "pull_request": {"merged_at": "2026-02-08T10:00:00Z"},
    "body": "Fixes #12",
}


def saved(path: Path, text: str) -> Path:
    file = path / "issues.json"
    file.write_text(text)
    return file


async def everything(ask: Ask, file: Path, query: str = "login", **more: Any) -> dict[str, Any]:
    async with Emulator([file]) as emulator:
        answer = await ask(emulator, emulator.create_api_key(), query=query, **more)
    assert answer.status == 200
    return {result["id"]: result for result in answer.body["data"]}


async def test_an_issue_and_a_pull_request_become_results(tmp_path: Path, ask: Ask) -> None:
    """Type, last action and its time, people, labels, what they mention, links."""
    found = await everything(ask, saved(tmp_path, json.dumps([ISSUE, PULL])))
    issue, pull = (
        found["issue_github.com/acme/api#12"],
        found["pull_request_github.com/acme/api#13"],
    )
    assert (issue["type"], issue["source"]) == ("issue", "github")
    assert issue["url"] == "https://github.com/acme/api/issues/12"
    assert (issue["latestAction"], issue["occurredAt"]) == ("opened", "2026-02-01T10:00:00Z")
    assert issue["totalEvents"] == 3
    assert issue["entities"] == [
        {"key": "@Ada", "category": "person"},
        {"key": "@grace", "category": "person"},
        {"key": "#12", "category": "issue"},
        {"key": "bug", "category": "label"},
        {"key": "login", "category": "label"},
        {"key": "LIN-204", "category": "issue"},
    ]
    assert issue["references"] == [
        {"type": "issue", "id": "#7", "url": "https://github.com/acme/api/issues/7"},
        {"type": "issue", "id": "LIN-204"},
        {"type": "commit", "id": "a1b2c3d4", "url": "https://github.com/acme/api/commit/a1b2c3d4"},
    ]
    assert (pull["type"], pull["latestAction"]) == ("pull_request", "merged")
    assert pull["occurredAt"] == "2026-02-08T10:00:00Z"
    assert pull["references"][0]["label"] == "fixes"


@pytest.mark.parametrize(
    ("changes", "action", "at"),
    [
        ({"state": "closed", "closed_at": "2026-03-01T00:00:00Z"}, "closed", "2026-03-01"),
        ({"state_reason": "reopened"}, "reopened", "2026-02-05"),
        ({"merged_at": "2026-03-02T00:00:00Z"}, "merged", "2026-03-02"),
    ],
)
async def test_the_last_action_is_told_with_its_time(
    changes: dict[str, Any], action: str, at: str, tmp_path: Path, ask: Ask
) -> None:
    """Closed, reopened, merged; both endpoints' ways to say so."""
    (result,) = (await everything(ask, saved(tmp_path, json.dumps([ISSUE | changes])))).values()
    assert result["latestAction"] == action
    assert result["occurredAt"].startswith(at)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ISSUE, PULL]),
        json.dumps([ISSUE]) + json.dumps([PULL]),
        json.dumps([ISSUE]) + "\n" + json.dumps([PULL]) + "\n",
        json.dumps([[ISSUE], [PULL]]),
        json.dumps({"total_count": 2, "items": [ISSUE, PULL]}),
        json.dumps(ISSUE) + json.dumps(PULL),
        "\ufeff" + json.dumps([ISSUE, PULL, ISSUE | {"updated_at": None}]),
    ],
)
async def test_every_way_to_save_pages_is_read(text: str, tmp_path: Path, ask: Ask) -> None:
    """One array, arrays one behind the other, an array of arrays, a search's items, single objects."""
    found = await everything(ask, saved(tmp_path, text))
    assert found.keys() == {"issue_github.com/acme/api#12", "pull_request_github.com/acme/api#13"}


async def test_of_two_states_the_later_counts(tmp_path: Path, ask: Ask) -> None:
    """Whatever their order in the file."""
    later = ISSUE | {"title": "Login hangs", "updated_at": "2026-03-05T10:00:00Z"}
    (result,) = (await everything(ask, saved(tmp_path, json.dumps([later, ISSUE])))).values()
    assert result["title"] == "Login hangs"


async def test_missing_and_null_fields_are_no_error(tmp_path: Path, ask: Ask) -> None:
    """A deleted user is null, an empty body too."""
    bare = {name: ISSUE[name] for name in ("html_url", "title", "created_at", "state")}
    text = json.dumps([bare | {"user": None, "body": None, "labels": None}])
    (result,) = (await everything(ask, saved(tmp_path, text))).values()
    assert result["entities"] == [{"key": "#12", "category": "issue"}]


async def test_a_robots_pull_request_comes_last(tmp_path: Path, ask: Ask) -> None:
    """A person's of the same words is first."""
    robot = PULL | {"user": {"login": "dependabot[bot]", "type": "Bot"}}
    person = PULL | {"html_url": "https://github.com/acme/api/pull/99"}
    found = await everything(ask, saved(tmp_path, json.dumps([robot, person])))
    assert list(found) == [
        "pull_request_github.com/acme/api#99",
        "pull_request_github.com/acme/api#13",
    ]


async def test_filters_know_actors_and_kinds(tmp_path: Path, ask: Ask) -> None:
    """By login; by type."""
    file = saved(tmp_path, json.dumps([ISSUE, PULL]))
    assert len(await everything(ask, file, filters={"actorNames": ["ada"]})) == 1
    assert len(await everything(ask, file, filters={"entityTypes": ["pull_request"]})) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "is not JSON"),
        ("[1]", "item 1: not an issue or pull request"),
        ('[{"title": "x"}]', "`html_url` is missing"),
        (json.dumps([ISSUE | {"html_url": "javascript:alert(1)"}]), "`html_url` is not"),
        (json.dumps([ISSUE | {"created_at": "yesterday"}]), "item 1"),
        (json.dumps([ISSUE | {"title": None}]), "item 1"),
        (json.dumps([ISSUE | {"user": "ada"}]), "item 1"),
        (json.dumps([ISSUE | {"labels": [{}]}]), "`name` is missing"),
    ],
)
def test_what_is_something_else_is_refused(text: str, message: str, tmp_path: Path) -> None:
    """The message names the file, the item and what is wrong with it."""
    emulator = Emulator([saved(tmp_path, text)])
    with pytest.raises(EmulatorError, match=message):
        emulator.refresh()
    emulator.close()
