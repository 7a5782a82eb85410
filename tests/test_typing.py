"""Types as users' checkers see them: mypy and pyright, strict, over programs, and over misspelt names."""

from __future__ import annotations

import shutil
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import lightfast

TYPING = Path(__file__).parent / "typing"
PYRIGHT = """{"include": ["%s"], "typeCheckingMode": "strict", "pythonVersion": "3.11"}"""


def mypy(*arguments: str) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("mypy", reason="nox -s typing installs it")
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *arguments],
        cwd=TYPING.parent.parent, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip


def pyright(path: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("pyright", reason="nox -s typing installs it")
    shutil.copy(path, tmp_path)  # pyright includes only what is below its configuration
    config = tmp_path / "pyrightconfig.json"
    config.write_text(PYRIGHT % path.name)
    return subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(config)],
        cwd=TYPING.parent.parent, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["programs.py", "api.py"])
def test_pyright_has_nothing_to_say_about_users_programs(name: str, tmp_path: Path) -> None:
    done = pyright(TYPING / name, tmp_path)
    assert done.returncode == 0, done.stdout


def test_mypy_has_nothing_to_say_about_users_programs() -> None:
    done = mypy(str(TYPING / "programs.py"))
    assert done.returncode == 0, done.stdout


def test_misspelt_names_are_found(tmp_path: Path) -> None:
    """A module's __getattr__ that checkers see would make every name exist."""
    for done in (mypy(str(TYPING / "misspelt.py")), pyright(TYPING / "misspelt.py", tmp_path)):
        assert done.returncode != 0
        assert "AsyncLigthfast" in done.stdout
        assert "SearchFilter" in done.stdout


def _methods() -> list[object]:
    classes = [
        value for name in lightfast.__all__ if isinstance(value := getattr(lightfast, name), type)
    ]
    return [
        getattr(cls, name)
        for cls in classes
        for name in dir(cls)
        if (name == "__init__" or not name.startswith("_"))
        and hasattr(getattr(cls, name), "__annotations__")
        and getattr(getattr(cls, name), "__module__", "").startswith("lightfast")
    ]


@pytest.mark.parametrize("method", _methods(), ids=lambda method: method.__qualname__)
def test_type_hints_of_every_public_method_can_be_evaluated(method: object) -> None:
    """Dependency injection, validators and documentation tools ask for them."""
    if method.__qualname__.rpartition(".")[2] in {"to_pandas", "to_polars"}:  # type: ignore[attr-defined]
        pytest.skip("names types of packages that need not be installed")
    typing.get_type_hints(method)
