"""The changelog is data: its form is checked, and so are the checks."""

from __future__ import annotations

from pathlib import Path

import pytest

import lightfast
from tests.public_api.changelog import entries, problems

CHANGELOG = Path(__file__).parent.parent / "CHANGELOG.md"
GOOD = """# Changelog

## Unreleased

### Breaking

- `Old` is `New`: write
  that instead.

### Added

- `extra`: an addition.

## 0.1.0 - 2026-01-31

### Fixed

- `search`: it works.
"""


def test_the_changelog_is_in_order():
    text = CHANGELOG.read_text(encoding="utf-8")
    assert list(problems(text, lightfast.__version__)) == []
    assert lightfast.API_REVISION in text


def test_an_entry_has_a_version_a_group_and_its_lines_as_one():
    first, *_ = entries(GOOD)
    assert (first.version, first.group) == ("Unreleased", "Breaking")
    assert first.text == "`Old` is `New`: write that instead."
    assert [entry.version for entry in entries(GOOD)] == ["Unreleased", "Unreleased", "0.1.0"]


@pytest.mark.parametrize("version", ["0.2.0.dev0", "0.1.1.dev3", "0.1.0"])
def test_a_changelog_in_order_has_no_problems(version):
    assert list(problems(GOOD, version)) == []


@pytest.mark.parametrize(
    ("old", "new", "version", "problem"),
    [
        ("## Unreleased", "## Next", "0.2.0.dev0", "the first section is not Unreleased"),
        ("- 2026-01-31", "- 2026-02-31", "0.2.0.dev0", "is not 'VERSION - YYYY-MM-DD'"),
        ("0.1.0 -", "next -", "0.2.0.dev0", "is not 'VERSION - YYYY-MM-DD'"),
        ("", "", "0.1.0.dev0", "is not later than the last release"),
        ("", "", "0.2.0", "0.2.0 is not the newest version listed"),
        ("### Added", "### New", "0.2.0.dev0", "groups are Breaking, New"),
        ("### Breaking", "### Fixed", "0.2.0.dev0", "groups are Fixed, Added"),
        ("an addition.", "an addition", "0.2.0.dev0", "does not end with a full stop"),
        ("`Old` is `New`", "Old is New", "0.2.0.dev0", "names no symbol"),
        ("write\n  that instead.", "a change.", "0.2.0.dev0", "does not say what to do"),
        ("`extra`: an addition.", "`Old` is `New`: write that instead.", "0.2.0.dev0", "twice"),
    ],
)
def test_each_mistake_is_named(old, new, version, problem):
    assert any(problem in said for said in problems(GOOD.replace(old, new, 1), version))
