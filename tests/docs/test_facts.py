"""Statements of the documentation that no example proves are true as well."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import lightfast
from lightfast import Lightfast, LightfastError, RetryPolicy
from lightfast.cli.exit_codes import EXITS
from tests import ROOT
from tests.docs.examples import documents
from tests.servers import Server, answer

DOCS = ROOT / "docs"
PACKAGE = Path(lightfast.__file__).parent
_FILE = re.compile(r"^\| (?P<subject>[^|]+) \| `(?P<file>[\w/]+\.py)` \|$", re.MULTILINE)


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_each_file_of_the_package_stands_once_in_the_table_of_where_things_live():
    listed = [row["file"] for row in _FILE.finditer(read("explanation/design.md"))]
    files = [path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")]
    inhabited = [name for name in files if not _only_introduces(PACKAGE / name)]
    assert sorted(listed) == sorted(inhabited)


def test_the_table_of_where_things_live_says_what_the_files_say_of_themselves():
    for row in _FILE.finditer(read("explanation/design.md")):
        docstring = ast.get_docstring(ast.parse((PACKAGE / row["file"]).read_text("utf-8"))) or ""
        assert row["subject"] == docstring.splitlines()[0].removesuffix("."), row["file"]


def _only_introduces(path: Path) -> bool:
    """Tell whether an `__init__.py` defines nothing of its own."""
    return path.name == "__init__.py" and not re.search(
        r"^(async )?(def|class) ", path.read_text(encoding="utf-8"), re.MULTILINE
    )


def test_the_exit_codes_are_those_of_the_command_line():
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", read("how-to/command-line.md"), re.MULTILINE)
    assert [(int(code), meaning) for code, meaning in rows] == [(e.code, e.meaning) for e in EXITS]


def test_every_public_name_stands_in_the_reference():
    pages = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))
    missing = [name for name in lightfast.__all__ if not re.search(rf"(:: |\.){name}\b", pages)]
    assert not missing


def test_every_error_stands_in_the_table_of_what_can_go_wrong():
    page = read("explanation/what-can-go-wrong.md")
    errors = [name for name in lightfast.__all__ if name.endswith("Error")]
    assert [name for name in errors if f"`{name}`" not in page] == []


_ANSWER = re.compile(
    r"^\| answers (?P<statuses>\d[\d, ]*) \| `(?P<error>\w+)`[^|]*\| (?P<repeated>[^|]*) \|$",
    re.MULTILINE,
)


def test_each_status_becomes_the_error_that_the_page_says_and_is_repeated_as_it_says():
    policy = RetryPolicy(retries=1, base_delay=0)
    rows = list(_ANSWER.finditer(read("explanation/what-can-go-wrong.md")))
    assert len(rows) >= 6
    for row in rows:
        for status in map(int, row["statuses"].split(", ")):
            with (
                Server(answer("<h1>No</h1>", status)) as server,
                Lightfast("sk-lf-x", base_url=server.base_url, retries=policy) as client,
                pytest.raises(LightfastError) as caught,
            ):
                client.search("anything")
            assert type(caught.value).__name__ == row["error"]
            assert (caught.value.attempts == 2) == (row["repeated"] == "yes")


def test_the_options_that_a_copy_may_change_are_all_named():
    page = read("reference/configuration.md")
    sentence = page[page.index("`with_options` changes") :].split("\n\n")[0]
    options = inspect.signature(lightfast.Lightfast.with_options).parameters.keys() - {"self"}
    assert set(re.findall(r"`(\w+)`", sentence)) - {"with_options", "timeout"} == options - {
        "timeout"
    }


def test_the_variables_are_those_that_the_code_reads():
    code = "".join(
        path.read_text(encoding="utf-8") for path in Path(lightfast.__file__).parent.rglob("*.py")
    )
    page = read("reference/configuration.md")
    read_by_code = set(re.findall(r"\bLIGHTFAST_[A-Z_]*[A-Z]\b", code)) - {"LIGHTFAST_"}
    assert [name for name in read_by_code if f"`{name}`" not in page] == []


def test_the_tests_that_the_security_page_names_exist():
    named = set(re.findall(r"`(tests/[\w/.]+)`", read("explanation/security.md")))
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_what_the_readme_links_to_exists():
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_pinned_versions_are_this_one():
    for path in documents():
        pins = re.findall(r"lightfast(?:\[[\w,]+\])?==([\w.]+)", path.read_text(encoding="utf-8"))
        assert set(pins) <= {lightfast.__version__}, path


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_prose_repeats_no_default(path: Path) -> None:
    """A default stands in the signature; prose that repeats it drifts."""
    text = re.sub(
        r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    assert not re.search(r"\bdefaults? (is|to|of|are) `?\d", text, re.IGNORECASE)
    assert not re.search(r"\(default:? ", text, re.IGNORECASE)
