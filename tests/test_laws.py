"""The laws of the house: who may import whom, what loads when, and what is public."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lightfast
from lightfast import exceptions, models, queries

PACKAGE = Path(lightfast.__file__).parent
LEAVES = {"batch", "cli", "emulator", "integrations", "mcp", "pytest_plugin", "__main__"}

# The core's files in one order: each may import only those before it.
CORE = [
    "_version",
    "_install",
    "_loopback",
    "_threads",
    "_fork",
    "_text",
    "_secrets",
    "_value",
    "exceptions",
    "_validate",
    "queries",
    "_display",
    "models",
    "_wire.revisions",
    "_auth",
    "_addresses",
    "_retry",
    "_wire.queries",
    "_wire.drift",
    "_drift",
    "_config",
    "_wire.layout",
    "_wire.explain",
    "_wire.structure",
    "_wire.converter",
    "_wire.schema",
    "_wire.requests",
    "_wire.moved",
    "_wire.error_bodies",
    "_wire.responses",
    "_transport.encoding",
    "_transport.deadline",
    "_transport.slots",
    "_transport.proxy",
    "_transport.incoming",
    "_transport.trust",
    "_transport.connector",
    "_transport.errors",
    "_transport.direct",
    "_transport.socks",
    "_transport.pool",
    "_transport.retrying",
    "_transport.call",
    "_transport.telemetry",
    "_transport.traced_call",
    "_transport.lifetime",
    "_transport",
    "_bulk",
    "_client",
    "_event_loop",
    "_portal",
    "_sync",
]

# What every part may import: facts about this installation and this machine, and none about the API.
SHARED = {"_version", "_install", "_loopback"}

# The emulator's rooms likewise. Files of one room may import each other.
EMULATOR = [
    {
        "errors",
        "timestamps",
        "sample",
        "sqlite",
        "schema",
        "salvage",
        "store",
        "executor",
    },
    {"accounts"},
    {"sources"},
    {"embedding"},
    {"search"},
    {"api"},
    {"console"},
    {"faults"},
    {"control"},
    {"app"},
    {"thread", "watch", "paths"},
    {"indexing", "local_index"},
    {"emulator"},
]


def module_of(path: Path) -> str:
    """Return a file's dotted name below the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Return the modules of this package that a file imports, as dotted names below it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "lightfast":
            below = ".".join((node.module or "").split(".")[1:])
            for alias in node.names:
                name = f"{below}.{alias.name}".lstrip(".")
                found.add(name if is_module(name) else below or alias.name)
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            found |= {n.partition(".")[2] for n in names if n.startswith("lightfast.")}
    return found


def is_module(name: str) -> bool:
    """Tell whether a dotted name below the package is a file or a folder."""
    path = PACKAGE.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def core_files() -> list[Path]:
    """Return every file of the core."""
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0].removesuffix(".py") not in LEAVES
        and module_of(path) not in {"", "_wire"}
    ]


@pytest.mark.parametrize("path", core_files(), ids=module_of)
def test_each_file_of_the_core_imports_only_those_before_it(path):
    before = CORE[: CORE.index(module_of(path))]
    assert imports(path) <= {*before, "_wire"}


def test_the_order_of_the_core_names_no_missing_file():
    assert {module_of(path) for path in core_files()} == set(CORE)


def room_of(module: str) -> int:
    """Return the place of an emulator module's room in the order."""
    name = module.split(".")[1]
    return next(place for place, names in enumerate(EMULATOR) if name in names)


@pytest.mark.parametrize("path", sorted((PACKAGE / "emulator").rglob("*.py")), ids=module_of)
def test_the_rooms_of_the_emulator_are_in_one_order(path):
    module = module_of(path)
    if module == "emulator":
        return
    for imported in imports(path):
        if imported.startswith("emulator."):
            assert room_of(imported) <= room_of(module), f"{module} imports {imported}"


def test_no_files_import_each_other_in_a_circle():
    """Not for types alone either: each file can be read after those that it imports."""
    waiting = {module_of(path): imports(path) - {module_of(path)} for path in PACKAGE.rglob("*.py")}
    while ready := {module for module, needed in waiting.items() if not needed & waiting.keys()}:
        waiting = {m: needed for m, needed in waiting.items() if m not in ready}
    assert not waiting


def test_the_wire_does_not_know_the_transport():
    for path in (PACKAGE / "_wire").glob("*.py"):
        assert not any(name.startswith("_transport") for name in imports(path)), path


def test_only_four_files_know_aiohttp():
    knowing = {
        module_of(path)
        for path in core_files()
        if re.search(r"^\s*(import|from) (aiohttp|yarl)\b", path.read_text("utf-8"), re.MULTILINE)
    }
    assert knowing == {
        "_transport.connector",
        "_transport.direct",
        "_transport.errors",
        "_transport.pool",
    }


def test_the_emulator_does_not_know_the_sdk():
    paths = sorted((PACKAGE / "emulator").rglob("*.py"))
    assert paths
    for path in paths:
        foreign = {n for n in imports(path) if n not in SHARED and n.split(".")[0] != "emulator"}
        assert not foreign, path


def test_leaves_import_public_names_only():
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room in LEAVES - {"emulator"}:
            private = {n for n in imports(path) - SHARED - {"__version__"} if n.startswith("_")}
            assert not private, path


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has after running some code."""
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=180
    )
    return set(json.loads(done.stdout))


HEAVY = {"aiohttp", "attrs", "cattrs", "orjson", "tenacity", "asyncio", "sqlite3", "rich", "click"}


def test_importing_the_package_loads_nothing_heavy():
    modules = loaded_by("import lightfast")
    assert not modules & HEAVY
    assert "typing" not in modules - loaded_by("pass")  # 9 of 12 ms, if it were
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
    assert seen | {"API_REVISION", "API_REVISIONS", "__version__"} == set(lightfast.__all__)


QUESTIONS = {"How", "What", "When", "Where", "Whether", "Which", "Who", "Whoever", "Whose", "Why"}


@pytest.mark.parametrize("folder", [PACKAGE, Path(__file__).parent], ids=["lightfast", "tests"])
def test_no_docstring_asks_a_question(folder):
    """One of a function begins with a verb, one of a class, a property or a module with a noun."""
    documented = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    asking = [
        f"{path}: {docstring.partition(chr(10))[0]}"
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, documented)
        and (docstring := ast.get_docstring(node) or "").partition(" ")[0] in QUESTIONS
    ]
    assert not asking, "\n".join(asking)


def untyped(path: Path) -> Iterator[str]:
    """Yield the helpers of a file of tests that have a parameter or a result without a type."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for node in [*tree.body, *(inner for cls in classes for inner in cls.body)]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args
            named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
            types = [arg.annotation for arg in named if arg and arg.arg not in ("self", "cls")]
            if not (node.name.startswith("test_") or (node.returns and all(types))):
                yield f"{path.name}: {node.name}"


def test_the_helpers_of_tests_are_typed():
    paths = sorted(Path(__file__).parent.rglob("*.py"))
    assert [line for path in paths for line in untyped(path)] == []


def test_the_package_is_typed():
    assert (PACKAGE / "py.typed").exists()
