from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator

import pytest

from lightfast import ConfigurationError
from lightfast.cli.settings import DEFAULT_ADDRESS, Settings, choose_settings, read_settings
from tests import ROOT
from tests.conftest import KEY

HOME = "http://127.0.0.1:1/api/v1"
FOREIGN = "https://collector.example/api/v1"

# --- the one function that decides, and the table of the documentation ------------------------

_ROW = re.compile(r"^\| (.+) \| (.+) \| (.+) \| (used|refused) \| (used|refused) \|$", re.MULTILINE)
PLACES = {"the public API": DEFAULT_ADDRESS, "this machine": HOME, "another machine": FOREIGN}


def documented() -> dict[tuple[str, str, str], dict[bool, bool]]:
    """Return the table: what happens, by source of the key, source of the address, and address."""
    page = (ROOT / "docs" / "how-to" / "command-line.md").read_text(encoding="utf-8")
    rows = {}
    for key, address, place, without, with_flag in _ROW.findall(page):
        assert (key, address, place) not in rows
        rows[key, address, place] = {False: without == "used", True: with_flag == "used"}
    return rows


TABLE = documented()


Combination = tuple[str | None, ...]
"""The key, those of the two files and of the keyring; the option, the address, those of the two files."""


def sources() -> Iterator[Combination]:
    """Every way to set the key and the address, each with the file values it means."""
    places = [None, *PLACES.values()]
    return itertools.product(
        (None, KEY),  # the environment's key
        (None, "sk-lf-local"),
        (None, "sk-lf-env"),
        (None, "sk-lf-ring"),
        (None, FOREIGN),  # --base-url
        (None, FOREIGN),  # the environment's address
        places,  # .env.local's address
        places,  # .env's address
    )


def row_of(
    key: str | None,
    local_key: str | None,
    env_key: str | None,
    ring_key: str | None,
    option: str | None,
    address: str | None,
    local_address: str | None,
    env_address: str | None,
) -> tuple[str, str, str]:
    """Return the row about a combination, found without the function under test."""
    if key:
        key_from = "the environment"
    elif local_key or env_key:
        key_from = "a file"
    else:
        key_from = "the keyring" if ring_key else "nowhere"
    key_file = None if key_from != "a file" else (".env.local" if local_key else ".env")
    if key_from == "nowhere":
        return "nowhere", "anywhere", "any"
    if option:
        return key_from, "`--base-url`", "any"
    if address:
        return key_from, "the environment", "any"
    url = local_address or env_address
    if url is None:
        return key_from, "no setting", "the public API"
    place = next(name for name, known in PLACES.items() if known == url)
    address_from = "a file"
    if key_file:
        same = key_file == (".env.local" if local_address else ".env")
        address_from = "the same file" if same else "the other file"
    row = (key_from, address_from, place)
    return row if row in TABLE else (key_from, address_from, "any")


def chosen(combination: Combination, *, allow: bool) -> Settings | None:
    """Return what the function decides; None if it refuses."""
    key, local_key, env_key, ring_key, option, address, local_address, env_address = combination
    try:
        return choose_settings(
            option,
            {"LIGHTFAST_API_KEY": key, "LIGHTFAST_BASE_URL": address},
            {
                ".env.local": {
                    "LIGHTFAST_API_KEY": local_key,
                    "LIGHTFAST_BASE_URL": local_address,
                },
                ".env": {"LIGHTFAST_API_KEY": env_key, "LIGHTFAST_BASE_URL": env_address},
            },
            lambda _: ring_key,
            allow_file_address=allow,
        )
    except ConfigurationError:
        return None


def test_every_combination_is_decided_as_the_documentation_s_table_says():
    """All 1,024 of them, with and without the option; no row is left over."""
    seen = set()
    for combination in sources():
        row = row_of(*combination)
        seen.add(row)
        for allow in (False, True):
            settings = chosen(combination, allow=allow)
            assert (settings is not None) == TABLE[row][allow], (combination, allow, row)
    assert seen == TABLE.keys()


def test_what_is_used_is_the_first_key_and_the_first_address():
    for combination in sources():
        key, local_key, env_key, ring_key, option, address, *in_files = combination
        if settings := chosen(combination, allow=True):
            assert settings.api_key == (key or local_key or env_key or ring_key)
            assert settings.base_url == (option or address or in_files[0] or in_files[1])


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost.collector.example/",
        "http://127.0.0.1.collector.example/",
        "http://127.0.0.1@collector.example/",
        "http://collector.localhost/",
        "http://[::ffff:1.2.3.4]/",
        "http://[broken",
        "127.0.0.1",
    ],
)
def test_what_only_looks_like_this_machine_is_another(address):
    files = {".env": {"LIGHTFAST_BASE_URL": address}}
    with pytest.raises(ConfigurationError, match=r"\.env names the address"):
        choose_settings(None, {"LIGHTFAST_API_KEY": KEY}, files, lambda _: None)


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_option_never_means_the_public_service(empty, tmp_path):
    """An unset variable in a script must not send the key elsewhere."""
    with pytest.raises(ConfigurationError, match=r"--base-url is empty; leave it out"):
        read_settings(empty, directory=tmp_path, environ={"LIGHTFAST_API_KEY": KEY})


def test_the_keyring_is_asked_for_the_key_of_that_address():
    files = {".env": {"LIGHTFAST_BASE_URL": FOREIGN}}
    stored = {DEFAULT_ADDRESS: "sk-lf-mine"}
    assert choose_settings(None, {}, {}, stored.get).api_key == "sk-lf-mine"
    with pytest.raises(ConfigurationError, match="No API key"):
        choose_settings(None, {}, files, stored.get)


# --- files and environment --------------------------------------------------------------------


def test_the_environment_wins_then_env_local_then_env(tmp_path):
    (tmp_path / ".env").write_text("LIGHTFAST_API_KEY=sk-lf-env\nLIGHTFAST_BASE_URL=https://env")
    settings = read_settings(None, directory=tmp_path, environ={})
    assert (settings.api_key, settings.base_url) == ("sk-lf-env", "https://env")
    (tmp_path / ".env.local").write_text(
        'LIGHTFAST_API_KEY="sk-lf-local"  # mine\nLIGHTFAST_BASE_URL=https://local'
    )
    settings = read_settings(None, directory=tmp_path, environ={})
    assert (settings.api_key, settings.base_url) == ("sk-lf-local", "https://local")
    environ = {"LIGHTFAST_API_KEY": KEY, "LIGHTFAST_BASE_URL": HOME}
    settings = read_settings(None, directory=tmp_path, environ=environ)
    assert (settings.api_key, settings.base_url) == (KEY, HOME)


def test_a_blank_value_says_nothing(tmp_path):
    (tmp_path / ".env").write_text("LIGHTFAST_API_KEY=sk-lf-env\nLIGHTFAST_BASE_URL=\n")
    settings = read_settings(None, directory=tmp_path, environ={"LIGHTFAST_API_KEY": "  "})
    assert (settings.api_key, settings.base_url) == ("sk-lf-env", None)


def test_nothing_is_exported(tmp_path):
    (tmp_path / ".env").write_text("LIGHTFAST_API_KEY=sk-lf-env\nOTHER=1\n")
    before = dict(os.environ)
    read_settings(None, directory=tmp_path, environ={})
    assert dict(os.environ) == before


def test_without_a_key_the_error_says_where_it_could_be(tmp_path):
    with pytest.raises(ConfigurationError, match=r"LIGHTFAST_API_KEY.*login.*--local"):
        read_settings(None, directory=tmp_path, environ={})


def test_without_a_working_directory_the_environment_is_enough():
    settings = read_settings(None, directory=None, environ={"LIGHTFAST_API_KEY": KEY})
    assert settings.api_key == KEY


def test_the_key_is_not_in_the_repr_nor_in_a_refusal(tmp_path):
    settings = read_settings(None, directory=tmp_path, environ={"LIGHTFAST_API_KEY": KEY})
    assert KEY not in repr(settings)
    (tmp_path / ".env").write_text(f"LIGHTFAST_BASE_URL={FOREIGN}")
    with pytest.raises(ConfigurationError) as caught:
        read_settings(None, directory=tmp_path, environ={"LIGHTFAST_API_KEY": KEY})
    assert KEY not in str(caught.value)
