"""The recipes for other frameworks run with the frameworks themselves: `nox -s recipes`."""

from __future__ import annotations

import pytest
from sybil import Example

from tests import ROOT
from tests.docs.conftest import cache, clone, reader, service
from tests.docs.examples import RECIPES, parse
from tests.docs.test_examples import name_of

__all__ = ["cache", "clone", "reader", "service"]  # fixtures


# Frameworks warn about themselves and each other when they are imported.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "example",
    [each for name in sorted(RECIPES) for each in parse(ROOT / "docs" / "how-to" / name)],
    ids=name_of,
)
@pytest.mark.usefixtures("reader")
def test_example(example: Example) -> None:
    """It runs, and prints what stands below it."""
    example.evaluate()
