"""The laws of the house: who may import whom, what loads when, and what is public."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lightfast
from lightfast import exceptions, models, queries

PACKAGE = Path(lightfast.__file__).parent
LEAVES = {"cli", "emulator", "integrations", "mcp", "pytest_plugin", "__main__"}

# Which rooms of the core each room may import: one direction, as docs/explanation/design.md draws it.
ALLOWED = {
    "_version": set(),
    "_threads": set(),
    "_deadline": set(),
    "_text": set(),
    "exceptions": set(),
    "queries": {"exceptions"},
    "models": {"exceptions", "queries"},
    "_encoding": set(),
    "_auth": {"_threads", "exceptions"},
    "_retry": {"exceptions"},
    "_config": {"_auth", "_retry", "exceptions"},
    "_reading": set(),
    "_wire": {"_reading", "exceptions", "models", "queries"},
    "_protocol": {"_encoding", "_version", "_wire", "exceptions", "models", "queries"},
    "_answers": {"_auth", "_retry", "_text", "_wire", "exceptions", "models"},
    "_reply": {"_answers", "_auth", "_encoding", "exceptions"},
    "_route": {"_auth", "_config"},
    "_connections": {"_threads"},
    "_ways": {"_auth", "_connections", "_protocol", "_reply", "_route"},
    "_http": {
        "_auth",
        "_config",
        "_connections",
        "_deadline",
        "_protocol",
        "_reply",
        "_route",
        "_text",
        "_ways",
        "exceptions",
    },
    "_call": {
        "_answers",
        "_auth",
        "_config",
        "_http",
        "_protocol",
        "_reply",
        "_retry",
        "exceptions",
    },
    "_transport": {"_answers", "_call", "_config", "_http", "_protocol", "_retry", "exceptions"},
    "_bulk": {"_config", "_retry", "exceptions", "models", "queries"},
    "_client": {
        "_answers",
        "_auth",
        "_bulk",
        "_config",
        "_protocol",
        "_retry",
        "_transport",
        "exceptions",
        "models",
        "queries",
    },
    "_portal": {"_threads", "exceptions"},
    "_sync": {
        "_auth",
        "_bulk",
        "_client",
        "_config",
        "_portal",
        "_retry",
        "models",
        "queries",
        "exceptions",
    },
}


def imports(path):
    """The modules of this package that a file imports, by their first name below it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lightfast":
            below = (node.module or "").split(".")[1:]
            found |= {below[0]} if below else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found |= {name[1] for name in names if name[0] == "lightfast" and len(name) > 1}
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_each_room_imports_only_what_it_may(path):
    if path.stem in LEAVES | {"__init__"}:
        return
    assert imports(path) <= ALLOWED[path.stem]


def test_only_three_rooms_know_aiohttp():
    knowing = {
        path.stem
        for path in PACKAGE.glob("*.py")
        if path.stem not in LEAVES
        and re.search(r"^\s*(import|from) (aiohttp|yarl)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert knowing == {"_connections", "_http", "_ways"}


def test_the_emulator_does_not_know_the_sdk():
    paths = sorted((PACKAGE / "emulator").rglob("*.py"))
    assert paths
    for path in paths:
        assert imports(path) <= {"emulator", "_version"}, path


def test_leaves_import_public_names_only():
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room in LEAVES - {"emulator"}:
            private = {name for name in imports(path) if name.startswith("_") and name != "__version__"}  # fmt: skip
            assert not private, path


def loaded_by(code):
    """The modules that a fresh interpreter has after running some code."""
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout))


HEAVY = {"aiohttp", "attrs", "cattrs", "orjson", "tenacity", "asyncio", "sqlite3", "rich", "click"}


def test_importing_the_package_loads_nothing_heavy():
    modules = loaded_by("import lightfast")
    assert not modules & HEAVY
    ours = {name for name in modules if name.startswith("lightfast.")}
    assert ours == {"lightfast._version"}


def test_making_a_client_loads_neither_aiohttp_nor_tenacity():
    modules = loaded_by("import lightfast; lightfast.AsyncLightfast('sk-lf-x')")
    assert not modules & {"aiohttp", "tenacity", "sqlite3", "rich", "click"}


def test_all_public_names_exist_and_no_others_are_listed():
    names = lightfast.__all__  # sorted by ruff
    assert len(names) == len(set(names))
    for name in names:
        assert getattr(lightfast, name) is not None
    assert set(dir(lightfast)) == set(names)
    assert {*models.__all__, *queries.__all__, *exceptions.__all__} <= set(names)
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        lightfast.nope  # noqa: B018


def test_type_checkers_see_the_same_names_as_the_interpreter():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name for node in block.body for alias in node.names}
    assert seen | {"API_REVISION", "__version__"} == set(lightfast.__all__)


def test_the_changelog_tells_of_this_version_and_of_the_revision_it_pins():
    changelog = (PACKAGE.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[?([^\]\s]+)\]?", changelog, re.MULTILINE)
    assert versions[0] == "Unreleased"
    assert versions[1] == lightfast.__version__
    assert lightfast.API_REVISION in changelog


def test_the_package_is_typed():
    assert (PACKAGE / "py.typed").exists()
