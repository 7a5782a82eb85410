"""`lightfast changelog`: from the packaged file, since a version, breaking changes first."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

import lightfast
from lightfast.cli import changelog
from lightfast.cli.changelog import parse
from tests import ROOT

from .conftest import process

Run = Callable[..., Result]

TEXT = """# Changelog

About this file.

## Unreleased

### Added

- `get`: a new thing that takes
  two lines.

### Breaking

- `old` is gone: write `new`.

## 0.2.0 - 2026-12-01

### Fixed

- A fault.

## 0.1.0 - 2026-11-01

### Added

- Everything.
"""


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelog, "_text", lambda: TEXT)


def test_a_changelog_is_read_version_by_version() -> None:
    unreleased, second, first = parse(TEXT)
    assert unreleased.groups == {
        "Added": ["`get`: a new thing that takes two lines."],
        "Breaking": ["`old` is gone: write `new`."],
    }
    assert (second.version, second.date) == ("0.2.0", "2026-12-01")
    assert first.groups == {"Added": ["Everything."]}


@pytest.mark.usefixtures("_small")
def test_what_came_since_a_version_is_printed_together_breaking_first(run: Run) -> None:
    result = run("changelog", "--since", "0.1.0")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Breaking",
        "  - `old` is gone: write `new`.",
        "Added",
        "  - `get`: a new thing that takes two lines.",
        "Fixed",
        "  - A fault.",
    ]


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    ("since", "versions"),
    [
        ("v0.1.0", ["Unreleased", "0.2.0"]),
        (" 0.1.0 ", ["Unreleased", "0.2.0"]),
        ("0.1", ["Unreleased", "0.2.0"]),
        ("0.1.0.dev3", ["Unreleased", "0.2.0", "0.1.0"]),
        ("0.1.0-alpha.1", ["Unreleased", "0.2.0", "0.1.0"]),
        ("0.1.0rc1", ["Unreleased", "0.2.0", "0.1.0"]),
        ("0.1.0+local", ["Unreleased", "0.2.0"]),
        ("0.1.5", ["Unreleased", "0.2.0"]),
        ("0.0.1", ["Unreleased", "0.2.0", "0.1.0"]),
        ("0.2.0", ["Unreleased"]),
        ("0.3.0.dev1", []),
    ],
)
def test_a_version_need_not_be_in_the_changelog(
    since: str, versions: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installed version has nothing after it."""
    monkeypatch.setattr(lightfast, "__version__", "0.3.0.dev1")
    found = json.loads(run("changelog", "--since", since, "--json").stdout)
    assert [release["version"] for release in found["releases"]] == versions


@pytest.mark.usefixtures("_small")
def test_without_a_version_each_release_is_printed(run: Run) -> None:
    lines = run("changelog").stdout.splitlines()
    headings = [line for line in lines if line and not line.startswith("  ")]
    assert headings == [
        *("Unreleased", "Breaking", "Added"),
        *("0.2.0 - 2026-12-01", "Fixed"),
        *("0.1.0 - 2026-11-01", "Added"),
    ]


@pytest.mark.usefixtures("_small")
def test_json_has_the_releases_with_their_groups(run: Run) -> None:
    document = json.loads(run("changelog", "--json", "--since", "v0.2.0").stdout)
    assert document["version"] == lightfast.__version__
    (release,) = document["releases"]
    assert release["version"] == "Unreleased"
    assert release["groups"]["Breaking"] == ["`old` is gone: write `new`."]


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("since", ["9.9", "", "abc", "1.x", "1" * 5000])
def test_no_version_and_a_later_one_are_refused_with_those_that_are_known(
    since: str, run: Run
) -> None:
    result = run("changelog", "--since", since)
    assert result.exit_code == 2
    assert "0.2.0, 0.1.0" in result.stderr


def test_the_packaged_changelog_is_the_repository_s(run: Run) -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    document = json.loads(run("changelog", "--json").stdout)
    assert [release["version"] for release in document["releases"]] == [
        release.version for release in parse(text)
    ]
    assert run("changelog").exit_code == 0


def test_an_odd_terminal_is_no_reason_to_fail() -> None:
    result = process("changelog", PYTHONIOENCODING="cp855")
    assert (result.returncode, result.stderr) == (0, "")
