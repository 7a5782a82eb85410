"""Arguments and environment in, one configuration or one clear refusal out."""

from __future__ import annotations

import math
import ssl

import pytest

from lightfast import AsyncLightfast, ConfigurationError, Lightfast, SessionAuth
from lightfast._config import resolve_auth, resolve_base_url
from tests.conftest import KEY


def test_the_key_and_the_place_come_from_the_environment_when_not_given():
    environ = {"LIGHTFAST_API_KEY": f" {KEY} ", "LIGHTFAST_BASE_URL": "http://localhost:1/api/v1/"}
    assert resolve_auth(None, None, environ).current.secret.reveal() == KEY
    assert resolve_base_url(None, environ) == "http://localhost:1/api/v1"
    assert resolve_base_url("https://a.example/b/", environ) == "https://a.example/b"
    assert resolve_base_url(None, {}) == "https://lightfast.ai/api/v1"


def test_no_key_anywhere_says_where_to_get_one():
    for environ in ({}, {"LIGHTFAST_API_KEY": "  "}):
        with pytest.raises(ConfigurationError, match="set LIGHTFAST_API_KEY, or pass `api_key`"):
            resolve_auth(None, None, environ)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"auth": SessionAuth("t", org_id="o")}, "not both"),
        ({"api_key": None, "auth": "token"}, "SessionAuth"),
        ({"base_url": "lightfast.ai/api"}, "must look like"),
        ({"base_url": "ftp://lightfast.ai"}, "must look like"),
        ({"base_url": "https://"}, "must look like"),
        ({"base_url": "https://me:secret@lightfast.ai"}, "user name"),
        ({"base_url": "https://lightfast.ai?x=1"}, "query"),
        ({"base_url": "https://lightfast.ai/#"}, "query"),
        ({"base_url": "https://light fast.ai"}, "space"),
        ({"base_url": "https://[::1"}, r"must look like .*, not 'https://\[::1'"),
        ({"base_url": ""}, "must look like 'https://lightfast.ai/api/v1', not ''"),
        ({"base_url": "lightfast.ai"}, "not 'lightfast.ai'"),
        ({"base_url": "https://a:99999"}, "not 'https://a:99999'"),
        ({"base_url": 7}, "not int"),
        ({"base_url": "http://lightfast.ai/api/v1"}, "plain http"),
        ({"timeout": 0}, "`timeout`"),
        ({"timeout": -1}, "`timeout`"),
        ({"timeout": math.nan}, "`timeout`"),
        ({"timeout": "30"}, "`timeout`"),
        ({"timeout": True}, "`timeout`"),
        ({"attempt_timeout": 0}, "`attempt_timeout`"),
        ({"retries": -1}, "`retries`"),
        ({"retries": True}, "`retries`"),
        ({"retries": "two"}, "`retries`"),
        ({"max_connections": 0}, "`max_connections`"),
        ({"max_response_bytes": 1.5}, "`max_response_bytes`"),
        ({"proxy": "ftp://me:secret@proxy"}, "must look like"),
        ({"proxy": "http://[::1"}, "not a URL"),
        ({"proxy": 7}, "not int"),
        ({"ssl": False}, "ssl.SSLContext"),
    ],
)
@pytest.mark.parametrize("make", [AsyncLightfast, Lightfast])
def test_an_option_that_cannot_be_used_is_refused_at_construction(make, options, says):
    with pytest.raises(ConfigurationError, match=says) as caught:
        make(**({"api_key": KEY} | options))
    assert "secret" not in str(caught.value)


def test_options_that_can_be_used_are():
    client = AsyncLightfast(
        KEY, timeout=None, attempt_timeout=math.inf, ssl=ssl.create_default_context()
    )
    assert "lightfast.ai" in repr(client)


def test_a_key_goes_over_plain_http_to_loopback_only_unless_allowed():
    AsyncLightfast(KEY, base_url="http://localhost:8000")
    AsyncLightfast(KEY, base_url="http://10.0.0.1", allow_insecure_http=True)
    with pytest.raises(ConfigurationError, match="allow_insecure_http=True"):
        AsyncLightfast(KEY, base_url="http://10.0.0.1")
    with pytest.raises(ConfigurationError, match="plain http"):
        AsyncLightfast(KEY, base_url="http://localhost:8000", proxy="http://10.0.0.1:3128")
    with pytest.raises(ConfigurationError, match="plain http"):
        AsyncLightfast(KEY).with_options(base_url="http://10.0.0.1")


@pytest.mark.parametrize(
    ("value", "allowed"), [("1", True), ("TRUE", True), ("0", False), ("", False)]
)
def test_plain_http_can_be_allowed_by_the_environment(monkeypatch, value, allowed):
    monkeypatch.setenv("LIGHTFAST_ALLOW_INSECURE_HTTP", value)
    if allowed:
        AsyncLightfast(KEY, base_url="http://emulator:8765/api/v1")
    with pytest.raises(ConfigurationError, match="LIGHTFAST_ALLOW_INSECURE_HTTP=1"):
        AsyncLightfast(KEY, base_url="http://emulator:8765", allow_insecure_http=allowed and False)


def test_a_value_of_the_environment_that_is_neither_yes_nor_no_is_refused(monkeypatch):
    monkeypatch.setenv("LIGHTFAST_ALLOW_INSECURE_HTTP", "perhaps")
    with pytest.raises(ConfigurationError, match="must be 1 or 0"):
        Lightfast(KEY)
