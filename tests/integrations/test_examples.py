"""The examples of the pages about frameworks run with the frameworks themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from sybil import Example

from tests import ROOT
from tests.docs.conftest import cache, clone, reader, service
from tests.docs.examples import FRAMEWORKS, parse
from tests.docs.test_examples import name_of

__all__ = ["cache", "clone", "reader", "service"]  # fixtures


def pages() -> list[Path]:
    return [path for path in sorted((ROOT / "docs").rglob("*.md")) if path.name in FRAMEWORKS]


def test_all_pages_are_there():
    assert {page.name for page in pages()} == FRAMEWORKS


@pytest.mark.parametrize(
    "example", [example for path in pages() for example in parse(path)], ids=name_of
)
@pytest.mark.usefixtures("reader")
def test_example(example: Example) -> None:
    """It runs, and prints what stands below it."""
    example.evaluate()
