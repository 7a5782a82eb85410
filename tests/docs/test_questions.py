"""The first commands of the README and the tutorial show an answer, and not the page that asks."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from lightfast.emulator import Emulator
from lightfast.emulator.embedding.minilm import MiniLM
from tests import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_QUESTION = re.compile(r'lightfast search --local \S+ "([^"]+)"')


def question_of(page: str) -> str:
    question = _QUESTION.search((ROOT / page).read_text(encoding="utf-8"))
    assert question
    return question[1]


def places(emulator: Emulator, question: str) -> list[str]:
    return [str(hit["path"]) for hit in emulator.search({"query": question, "limit": 3})["data"]]


@pytest.mark.slow
def test_the_readme_s_question_is_answered_by_its_meaning_and_not_by_its_words(
    tmp_path: Path,
) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"^```text\n(?P<title>.+)\n(?P<path>[\w/.-]+):\d+$", readme, re.MULTILINE)
    assert shown
    question = question_of("README.md")
    with Emulator([tmp_path / "docs"], embedder=None) as emulator:
        assert f"docs/{places(emulator, question)[0]}" != shown["path"]
    with Emulator([tmp_path / "docs"], embedder=MiniLM(), embed_behind=False) as emulator:
        emulator.embed()
        assert f"docs/{places(emulator, question)[0]}" == shown["path"]


def test_the_tutorial_s_first_result_is_the_page_that_answers() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "docs"]
    with Emulator(pages, embedder=None) as emulator:
        found = places(emulator, question_of("docs/tutorial.md"))
    assert found[0] == "docs/how-to/proxies-and-tls.md"
