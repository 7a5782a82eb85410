"""The command that adds an extra is right for how the package was installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path

import pytest

from lightfast._install import install_command
from tests.waiting import PATIENCE

GIT = {
    "url": "https://github.com/acme/lightfast",
    "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": "a" * 40},
}
WHEEL = {"url": "https://example.com/lightfast-1.0-py3-none-any.whl", "archive_info": {}}


class Installed(Distribution):
    def __init__(self, files: dict[str, str]) -> None:
        self.files_ = files

    def read_text(self, filename: str) -> str | None:
        return self.files_.get(filename)

    def locate_file(self, path: str | os.PathLike[str]) -> Path:  # type: ignore[override]
        return Path(path)


def install(monkeypatch: pytest.MonkeyPatch, **files: str) -> None:
    names = {"direct_url": "direct_url.json", "installer": "INSTALLER"}
    found = Installed({names[name]: text for name, text in files.items()})
    monkeypatch.setattr("importlib.metadata.distribution", lambda name: found)


@pytest.mark.parametrize(
    ("origin", "requirement"),
    [
        (None, '"lightfast[cli,emulator]"'),
        (GIT, f'"lightfast[cli,emulator] @ git+https://github.com/acme/lightfast@{"a" * 40}"'),
        (WHEEL, '"lightfast[cli,emulator] @ https://example.com/lightfast-1.0-py3-none-any.whl"'),
        ({"url": "file:///srv/my%20clone", "dir_info": {}}, '"/srv/my clone[cli,emulator]"'),
        (
            {"url": "file:///srv/clone", "dir_info": {"editable": True}},
            '-e "/srv/clone[cli,emulator]"',
        ),
        ("not JSON", '"lightfast[cli,emulator]"'),
        ([], '"lightfast[cli,emulator]"'),
    ],
)
def test_it_names_the_place_that_the_package_came_from(monkeypatch, origin, requirement):
    text = origin if isinstance(origin, str) else json.dumps(origin)
    install(monkeypatch, **({} if origin is None else {"direct_url": text}))
    assert install_command("cli", "emulator") == f"python -m pip install {requirement}"


def test_the_working_directory_is_a_dot(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    install(monkeypatch, direct_url=json.dumps({"url": tmp_path.as_uri(), "dir_info": {}}))
    assert install_command("cli") == 'python -m pip install ".[cli]"'


def test_a_deleted_working_directory_is_no_obstacle(monkeypatch, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    install(monkeypatch, direct_url=json.dumps({"url": "file:///srv/clone", "dir_info": {}}))
    assert install_command("cli") == 'python -m pip install "/srv/clone[cli]"'


def test_an_environment_of_uv_has_no_pip(monkeypatch):
    install(monkeypatch, installer="uv\n")
    assert install_command("cli") == f'uv pip install --python "{sys.executable}" "lightfast[cli]"'


def test_an_application_of_pipx_is_installed_into_through_pipx(monkeypatch, tmp_path):
    (tmp_path / "pipx_metadata.json").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    install(monkeypatch, installer="pip\n")
    assert install_command("cli") == 'pipx runpip lightfast install "lightfast[cli]"'


def test_a_copy_that_was_never_installed_names_the_package(monkeypatch):
    def missing(name: str) -> Distribution:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.distribution", missing)
    assert install_command("cli") == 'python -m pip install "lightfast[cli]"'


@pytest.mark.skipif(os.name != "posix", reason="cmd.exe has other rules")
def test_a_directory_whose_name_a_shell_would_expand_is_quoted(monkeypatch):
    origin = {"url": "file:///srv/%24HOME%22", "dir_info": {}}
    install(monkeypatch, direct_url=json.dumps(origin))
    assert install_command("cli") == """python -m pip install '/srv/$HOME"[cli]'"""


def test_the_emulator_without_its_extra_says_what_to_install():
    code = "import sys; sys.modules['snowballstemmer'] = None; import lightfast.emulator"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: lightfast.emulator needs another package; run: "
        + install_command("emulator")
    )
