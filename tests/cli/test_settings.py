from __future__ import annotations

import os

import pytest

from lightfast import ConfigurationError
from lightfast.cli.settings import read_settings
from tests.conftest import KEY

HOME = "http://127.0.0.1:1/api/v1"


def test_the_environment_wins_then_env_local_then_env(tmp_path):
    (tmp_path / ".env").write_text("LIGHTFAST_API_KEY=sk-lf-env\nLIGHTFAST_BASE_URL=https://env")
    assert read_settings(None, directory=tmp_path, environ={}).api_key == "sk-lf-env"
    (tmp_path / ".env.local").write_text('LIGHTFAST_API_KEY="sk-lf-local"  # mine\n')
    settings = read_settings(None, directory=tmp_path, environ={})
    assert (settings.api_key, settings.base_url) == ("sk-lf-local", "https://env")
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


def test_the_option_wins_over_everything(tmp_path):
    environ = {"LIGHTFAST_API_KEY": KEY, "LIGHTFAST_BASE_URL": "https://elsewhere"}
    assert read_settings(HOME, directory=tmp_path, environ=environ).base_url == HOME


def test_without_a_key_the_error_says_where_it_could_be(tmp_path):
    with pytest.raises(ConfigurationError, match=r"LIGHTFAST_API_KEY.*\.env\.local.*--local"):
        read_settings(None, directory=tmp_path, environ={})


def test_a_file_never_sends_the_key_of_the_environment_elsewhere(tmp_path):
    """A cloned repository's .env must not be able to collect keys."""
    (tmp_path / ".env").write_text("LIGHTFAST_BASE_URL=https://collector.example/api/v1")
    environ = {"LIGHTFAST_API_KEY": KEY}
    with pytest.raises(ConfigurationError, match=r"\.env would send") as caught:
        read_settings(None, directory=tmp_path, environ=environ)
    assert KEY not in str(caught.value)
    assert read_settings(HOME, directory=tmp_path, environ=environ).base_url == HOME
    (tmp_path / ".env").write_text(f"LIGHTFAST_BASE_URL={HOME}")
    assert read_settings(None, directory=tmp_path, environ=environ).base_url == HOME


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / ".env.local").write_bytes(b"LIGHTFAST_API_KEY=\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"Cannot read \.env\.local"):
        read_settings(None, directory=tmp_path, environ={})


def test_the_key_is_not_in_the_repr(tmp_path):
    settings = read_settings(None, directory=tmp_path, environ={"LIGHTFAST_API_KEY": KEY})
    assert KEY not in repr(settings)
