"""The how-to "Test your code", run as a reader would: its files in a directory, and pytest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parent.parent / "docs" / "how-to" / "testing-your-code.md"
MODES = ("strict", "auto")  # pytest-asyncio's; the first is its default
INI = """
[tool.pytest.ini_options]
filterwarnings = [
  "error",
  # pytest-asyncio gives it to everybody who leaves an option of its unset
  "ignore:The configuration option:pytest.PytestDeprecationWarning",
]
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """Make a directory with every file that the page shows, and no more configuration than it asks for."""
    text = PAGE.read_text(encoding="utf-8")
    for name, code in re.findall(r"```python\n# (\S+)\n(.*?)```", text, re.DOTALL):
        (pytester.path / name).write_text(code, encoding="utf-8")
    named = re.search(
        r"^`(\w+\.jsonl)`, in the same directory:\n\n```json\n(.*?)```",
        text,
        re.DOTALL | re.MULTILINE,
    )
    assert named
    (pytester.path / named[1]).write_text(named[2], encoding="utf-8")
    pytester.makepyprojecttoml(INI)
    return pytester


def test_every_test_on_the_page_passes_without_further_configuration(
    project: pytest.Pytester,
) -> None:
    result = project.runpytest_subprocess("-p", "no:cacheprovider", timeout=3 * PATIENCE)
    result.assert_outcomes(passed=12)


@pytest.mark.parametrize("mode", MODES)
def test_the_page_works_in_both_modes_of_pytest_asyncio(
    project: pytest.Pytester, mode: str
) -> None:
    result = project.runpytest_subprocess(
        "-p", "no:cacheprovider", "-o", f"asyncio_mode={mode}", "test_app.py", "test_break.py"
    )
    result.assert_outcomes(passed=4)


def test_the_script_on_the_page_runs(project: pytest.Pytester) -> None:
    done = subprocess.run(
        [sys.executable, project.path / "by_hand.py"], capture_output=True, text=True, timeout=180
    )
    assert done.stdout.startswith("Login bug"), done.stderr


def test_the_page_names_every_fault() -> None:
    from lightfast.emulator import faults

    text = PAGE.read_text(encoding="utf-8")
    for name in set(faults.__all__) - {"Fault"}:
        assert f"`{name}(" in text, name
