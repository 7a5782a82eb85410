from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import keyring
import pytest
from click.testing import Result
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailingKeyring
from keyring.errors import KeyringLocked, PasswordDeleteError

from lightfast.cli.settings import DEFAULT_ADDRESS
from tests.cli.conftest import Run
from tests.conftest import KEY

Use = Callable[[KeyringBackend], KeyringBackend]


class Memory(KeyringBackend):
    """A keyring that keeps its entries for one test."""

    priority = 1

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.entries:
            raise PasswordDeleteError
        del self.entries[service, username]


class Locked(Memory):
    """A keyring that nobody unlocks."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("the user dismissed the prompt")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked(f"cannot store {password}")


class Broken(Memory):
    """A keyring whose own libraries fail."""

    def get_password(self, service: str, username: str) -> str | None:
        raise ModuleNotFoundError("No module named 'dbus'", name="dbus")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot store {password}")


class Forgetful(Memory):
    """A keyring that accepts everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


@pytest.fixture
def use() -> Iterator[Use]:
    """Use a keyring; afterwards the one before."""
    before = keyring.get_keyring()

    def use(backend: KeyringBackend) -> KeyringBackend:
        keyring.set_keyring(backend)
        return backend

    yield use
    keyring.set_keyring(before)


@pytest.fixture
def ring(use: Use) -> KeyringBackend:
    return use(Memory())


def log_in(run: Run, key: str = KEY, *options: str, **environment: str) -> Result:
    return run("login", *options, stdin=f"{key}\n", **environment)


def test_a_key_is_stored_shown_masked_used_and_deleted(run, ring, serve):
    server = serve()
    assert log_in(run, KEY, "--base-url", server.base_url).stderr == (
        f"Stored sk-lf-...{KEY[-4:]} for {server.base_url}.\n"
    )
    assert ring.entries == {("lightfast", server.base_url): KEY}
    address = {"LIGHTFAST_BASE_URL": server.base_url}
    assert run("search", "x", **address).exit_code == 0
    assert server.requests[0][0]["Authorization"] == f"Bearer {KEY}"
    told = run("whoami", **address)
    assert told.stdout == (
        f"Key:      sk-lf-...{KEY[-4:]} (from the keyring)\n"
        f"Address:  {server.base_url} (from the environment)\n"
    )
    assert run("logout", **address).exit_code == 0
    assert ring.entries == {}
    assert run("search", "x", **address).exit_code == 2


def test_a_stored_key_goes_to_no_other_address(run, ring, server, tmp_path):
    """Not even to one that the environment, an option or a file names."""
    log_in(run)
    assert ring.entries == {("lightfast", DEFAULT_ADDRESS): KEY}
    assert run("search", "x", "--base-url", server.base_url).exit_code == 2
    assert run("search", "x", LIGHTFAST_BASE_URL=server.base_url).exit_code == 2
    (tmp_path / "here" / ".env").write_text(f"LIGHTFAST_BASE_URL={server.base_url}")
    assert run("search", "x").exit_code == 2
    assert server.requests == []


def test_an_empty_option_stores_no_key_for_the_public_service(run, ring):
    result = log_in(run, KEY, "--base-url", "")
    assert result.exit_code == 2
    assert "--base-url is empty" in result.stderr
    assert ring.entries == {}


def test_login_ignores_the_address_of_a_file(run, ring, tmp_path):
    (tmp_path / "here" / ".env").write_text("LIGHTFAST_BASE_URL=https://collector.example")
    log_in(run)
    assert ring.entries == {("lightfast", DEFAULT_ADDRESS): KEY}


def test_the_environment_s_key_takes_precedence_and_login_says_so(run, ring, server):
    log_in(run, KEY, LIGHTFAST_BASE_URL=server.base_url)
    other = {"LIGHTFAST_API_KEY": "sk-lf-other", "LIGHTFAST_BASE_URL": server.base_url}
    assert "takes precedence" in log_in(run, KEY, **other).stderr
    run("search", "x", **other)
    assert server.requests[0][0]["Authorization"] == "Bearer sk-lf-other"


@pytest.mark.parametrize("key", ["", "pk-secret-0123", "sk-lf-", "sk-lf-a b"])
def test_what_cannot_be_a_key_is_not_stored_nor_repeated(run, ring, key):
    result = log_in(run, key)
    assert result.exit_code == 2
    assert ring.entries == {}
    assert not key or key not in result.stderr.replace("'sk-lf-'", "")


def test_logging_out_without_a_key_is_said(run, ring):
    result = run("logout")
    assert (result.exit_code, result.stderr) == (0, f"No key was stored for {DEFAULT_ADDRESS}.\n")


@pytest.mark.parametrize("backend", [Locked, Forgetful, Broken, FailingKeyring])
def test_a_keyring_that_cannot_store_is_said_without_the_key(run, use, backend):
    use(backend())
    result = log_in(run)
    assert result.exit_code == 2
    assert "was not stored" in result.stderr
    assert KEY not in result.stderr


@pytest.mark.parametrize("backend", [Locked, Broken, FailingKeyring])
def test_a_keyring_that_cannot_be_read_is_like_none_for_a_search(run, use, backend):
    use(backend())
    result = run("search", "x")
    assert result.exit_code == 2
    assert "No API key" in result.stderr


def test_a_system_without_a_keyring_is_told_so(run, use):
    use(FailingKeyring())
    assert "this system has no usable keyring" in log_in(run).stderr


def test_without_the_extra_login_says_what_to_install(run, monkeypatch):
    monkeypatch.setattr("lightfast.cli.stored_keys.has_keyring", lambda: False)
    result = log_in(run)
    assert result.exit_code == 2
    assert "needs the package keyring" in result.stderr


def test_whoami_as_json_names_the_sources(run, ring, tmp_path):
    (tmp_path / "here" / ".env").write_text(f"LIGHTFAST_API_KEY={KEY}\n")
    assert json.loads(run("whoami", "--json").stdout) == {
        "key": f"sk-lf-...{KEY[-4:]}",
        "key_from": ".env",
        "address": DEFAULT_ADDRESS,
        "address_from": "the default",
    }
