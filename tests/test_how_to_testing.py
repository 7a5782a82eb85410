"""The how-to "Test your code", run as a reader would: its files in a directory, and pytest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "how-to" / "testing-your-code.md"
INI = """
[tool.pytest.ini_options]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
filterwarnings = ["error"]
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A directory with every file that the page shows."""
    text = PAGE.read_text(encoding="utf-8")
    for name, code in re.findall(r"```python\n# (\S+)\n(.*?)```", text, re.DOTALL):
        (pytester.path / name).write_text(code, encoding="utf-8")
    (pytester.path / "incidents.jsonl").write_text('{"title": "The database was full"}\n')
    pytester.makepyprojecttoml(INI)
    return pytester


def test_every_test_on_the_page_passes(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("-p", "no:cacheprovider", timeout=90)
    result.assert_outcomes(passed=12)


def test_the_script_on_the_page_runs(project: pytest.Pytester) -> None:
    done = subprocess.run(
        [sys.executable, project.path / "by_hand.py"], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("Login bug"), done.stderr


def test_the_page_names_every_fault() -> None:
    from lightfast.emulator import faults

    text = PAGE.read_text(encoding="utf-8")
    for name in set(faults.__all__) - {"Fault"}:
        assert f"`{name}(" in text, name
