"""The first commands of the README and the tutorial show an answer, and not the page that asks."""

from __future__ import annotations

import re

import pytest

from lightfast import Lightfast
from lightfast.emulator import Emulator
from tests.docs.examples import ROOT

_QUESTION = re.compile(r'lightfast search --local \. "([^"]+)"')


@pytest.mark.parametrize(
    ("page", "answer"),
    [("README.md", "docs/upgrading.md"), ("docs/tutorial.md", "docs/how-to/authentication.md")],
)
def test_the_first_result_is_the_page_that_answers(page: str, answer: str) -> None:
    question = _QUESTION.search((ROOT / page).read_text(encoding="utf-8"))
    assert question
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "docs"]
    with Emulator(pages, embedder=None) as emulator:
        with Lightfast(emulator.create_api_key(), base_url=emulator.base_url) as client:
            best = client.search(question[1], limit=1)[0]
    assert best.extra.get("path") == answer, best.title
