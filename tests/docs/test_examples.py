"""Every example in the documentation runs, and prints what the documentation says."""

from __future__ import annotations

import re

import pytest
from sybil import Example

from tests import ROOT
from tests.docs.examples import SHELLS, documents, parse

pytestmark = pytest.mark.slow

_FENCE = re.compile(r"^ *```([^\n`]*)\n", re.MULTILINE)
_SKIP = re.compile(r'<!-- skip: next "(?P<reason>[^"]+)" -->\s*```')
_ANY_SKIP = re.compile(r"<!-+\s*;?\s*skip:")

RUN = {"python", "console", "output", "json", "toml", *SHELLS}
SHOWN = {"js", "text"}
MOST_SKIPS = 10


def name_of(example: object) -> str:
    """Return an example's page and line."""
    assert isinstance(example, Example)
    return f"{example.path.removeprefix(f'{ROOT}/')}:{example.line}"


@pytest.mark.parametrize(
    "example", [example for path in documents() for example in parse(path)], ids=name_of
)
@pytest.mark.usefixtures("reader")
def test_example(example: Example) -> None:
    """It runs, and prints what stands below it."""
    example.evaluate()


def test_every_block_either_runs_or_is_no_code():
    for path in documents():
        text = path.read_text(encoding="utf-8")
        # An opening fence names its language; a closing one names nothing.
        languages = {info.strip() for info in _FENCE.findall(text)} - {""}
        unknown = {info for info in languages - RUN - SHOWN if not info.startswith("{")}
        assert not unknown, f"{path}: nothing says how {unknown} are tested"


def test_few_blocks_are_skipped_and_each_says_why():
    skipped = 0
    for path in documents():
        text = path.read_text(encoding="utf-8")
        assert len(_ANY_SKIP.findall(text)) == len(_SKIP.findall(text)), path
        skipped += len(_SKIP.findall(text))
    assert skipped <= MOST_SKIPS
