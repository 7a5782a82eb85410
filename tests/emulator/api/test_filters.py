"""Section 3 of the contract: what each filter means, in every mode and both revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lightfast.emulator import Emulator
from tests.emulator.embedders import Synonyms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.emulator.conftest import Ask

GITHUB_COMMIT = {
    "id": "github_commit",
    "title": "Login: retry",
    "source": "github",
    "type": "commit",
    "actor": "@sarah",
    "occurredAt": "2026-01-10T12:00:00Z",
}
GITHUB_PULL = {
    "id": "github_pull",
    "title": "Login: retry limits",
    "source": "github",
    "type": "pull_request",
    "actor": "@ada",
    "occurredAt": "2026-02-10T12:00:00Z",
}
LINEAR_ISSUE = {
    "id": "linear_issue",
    "title": "Login: retry fails",
    "source": "linear",
    "type": "issue",
    "occurredAt": "2026-03-10T12:00:00Z",
}
EVERYTHING = {"github_commit", "github_pull", "linear_issue"}
MODES = {"2026-04-03": ("fast", "balanced", "thorough"), "2026-04-04": ("fast", "balanced")}
IN_EVERY_MODE = [(revision, mode) for revision, modes in MODES.items() for mode in modes]


@pytest.fixture
async def emulator(lines: Callable[..., Path]) -> AsyncIterator[Emulator]:
    path = lines(GITHUB_COMMIT, GITHUB_PULL, LINEAR_ISSUE)
    async with Emulator([path], embedder=Synonyms()) as emulator:
        emulator.embed()
        yield emulator


def ids(answer: Any) -> set[str]:
    assert answer.status == 200, answer.body
    return {result["id"] for result in answer.body.get("data", answer.body.get("results"))}


@pytest.mark.parametrize("mode", MODES["2026-04-03"])
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param(
            {"sourceTypes": ["github"]},
            {"github_commit", "github_pull"},
            id="3: sourceTypes is the provider",
        ),
        pytest.param(
            {"observationTypes": ["commit", "issue"]},
            {"github_commit", "linear_issue"},
            id="3: observationTypes is the kind",
        ),
        pytest.param({"sources": ["linear"]}, {"linear_issue"}, id="3: sources is the provider"),
        pytest.param(
            {"entityTypes": ["commit"]}, {"github_commit"}, id="3: entityTypes is the kind"
        ),
        pytest.param(
            {"dateRange": {"start": "2026-01-10T12:00:00Z", "end": "2026-02-10T12:00:00Z"}},
            {"github_commit", "github_pull"},
            id="3: dateRange includes both ends",
        ),
        pytest.param({"actorNames": ["@sarah"]}, {"github_commit"}, id="3: actorNames is people"),
        pytest.param(
            {"sourceTypes": ["github"], "observationTypes": ["pull_request", "issue"]},
            {"github_pull"},
            id="3: the documentation's example finds something",
        ),
        pytest.param(
            {"sourceTypes": ["github"], "dateRange": {"start": "2026-02-01T00:00:00Z"}},
            {"github_pull"},
            id="3: the MCP server's example finds something",
        ),
        pytest.param(
            {"sourceTypes": ["github"], "sources": ["linear"]}, set(), id="3: filters add up"
        ),
        pytest.param(
            {"sourceTypes": [], "observationTypes": []}, EVERYTHING, id="3: empty filters nothing"
        ),
    ],
)
async def test_the_first_revision_filters_as_documented(
    filters: dict[str, Any], expected: set[str], mode: str, emulator: Emulator, key: str, ask: Ask
) -> None:
    """Each row of the table of filters, in every mode."""
    answer = await ask(emulator, key, query="login retry", mode=mode, filters=filters)
    assert ids(answer) == expected
    assert answer.body["meta"]["total"] == len(expected)


@pytest.mark.parametrize("mode", MODES["2026-04-04"])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            {"sources": ["github"]},
            {"github_commit", "github_pull"},
            id="6.3: sources is the provider",
        ),
        pytest.param({"types": ["commit"]}, {"github_commit"}, id="6.3: types is the kind"),
        pytest.param(
            {"after": "2026-02-10T12:00:00Z"},
            {"github_pull", "linear_issue"},
            id="6.3: after is inclusive",
        ),
        pytest.param(
            {"before": "2026-02-10T12:00:00Z"},
            {"github_commit", "github_pull"},
            id="6.3: before is inclusive",
        ),
        pytest.param(
            {"filters": {"sources": ["linear"], "sourceTypes": ["linear"]}},
            EVERYTHING,
            id="6b: filters inside `filters` are silently ignored",
        ),
    ],
)
async def test_the_second_revision_filters_at_the_top(
    body: dict[str, Any], expected: set[str], mode: str, emulator: Emulator, key: str, ask: Ask
) -> None:
    """Anything in `filters` is ignored."""
    emulator.api_revision = "2026-04-04"
    assert ids(await ask(emulator, key, query="login retry", mode=mode, **body)) == expected


@pytest.mark.parametrize(("revision", "mode"), IN_EVERY_MODE)
async def test_one_body_with_both_shapes_is_right_on_either(
    revision: Any, mode: str, emulator: Emulator, key: str, ask: Ask
) -> None:
    """3: both request shapes at once; each server ignores the other's fields."""
    emulator.api_revision = revision
    body = {
        "filters": {
            "sourceTypes": ["github"],
            "sources": ["github"],
            "observationTypes": ["commit"],
            "entityTypes": ["commit"],
            "dateRange": {"end": "2026-02-01T00:00:00Z"},
        },
        "sources": ["github"],
        "types": ["commit"],
        "before": "2026-02-01T00:00:00Z",
    }
    answer = await ask(emulator, key, query="login retry", mode=mode, **body)
    assert ids(answer) == {"github_commit"}
