"""Errors about a wrong key or address say where it came from and what is wrong, without repeating a key."""

from __future__ import annotations

import pytest

from lightfast import ApiKeyAuth, AsyncLightfast, ConfigurationError, Lightfast
from tests.conftest import KEY

WRONG = [
    ("'" + KEY + "'", "stands in quotes"),
    ("\u201c" + KEY + "\u201d", "stands in quotes"),
    (KEY + '"', "stands in quotes"),
    ("Bearer " + KEY, "starts with 'Bearer ': give the key alone"),
    ("bearer\t" + KEY, "starts with 'Bearer '"),
    ("Bearer:" + KEY, "starts with 'Bearer '"),
    ("Authorization: Bearer " + KEY, "starts with 'Bearer '"),
    (KEY[:20] + " " + KEY[20:], "contains a space"),
    (KEY + "\n" + KEY, "control character"),
    ("\ufeff" + KEY, "a character outside ASCII"),
    ("\u200b" + KEY, "a character outside ASCII"),
    ("pk_live_" + KEY, "does not start with 'sk-lf-', 'ak_' or 'lf_'"),
    ("SK-LF-" + KEY[6:], "does not start with"),
    ("sk-lf-", "ends after 'sk-lf-'"),
    ("ak_", "ends after 'ak_'"),
]


@pytest.mark.parametrize(("key", "says"), WRONG)
@pytest.mark.parametrize("make", [Lightfast, AsyncLightfast])
def test_what_is_wrong_with_a_key_and_where_it_came_from(make, key, says, monkeypatch):
    with pytest.raises(ConfigurationError) as argument:
        make(key)
    monkeypatch.setenv("LIGHTFAST_API_KEY", key)
    with pytest.raises(ConfigurationError) as variable:
        make()
    assert says in str(argument.value)
    assert says in str(variable.value)
    assert "given as `api_key`" in str(argument.value)
    assert "in LIGHTFAST_API_KEY" in str(variable.value)
    for error in (argument.value, variable.value):
        assert KEY not in str(error)
        assert KEY[10:20] not in str(error)


@pytest.mark.parametrize(
    "key", [KEY, "ak_" + "x" * 40, "lf_" + "x" * 40], ids=["sk-lf-", "ak_", "lf_"]
)
def test_keys_of_every_known_kind_are_accepted(key):
    """6b: 2026-05-15 and 2026-05-27; blanks around a key are forgiven."""
    assert (
        repr(ApiKeyAuth(f" {key}\n"))
        == f"ApiKeyAuth('{key[: key.index('_') + 1] if '_' in key else 'sk-lf-'}…')"
    )


@pytest.mark.parametrize("url", ["", "   "])
def test_an_empty_address_is_an_error_and_not_the_public_service(url):
    with pytest.raises(ConfigurationError, match="`base_url` must look like"):
        Lightfast(KEY, base_url=url)


@pytest.mark.parametrize(
    "url", ["lightfast.ai", "ftp://x", "https://[::1", "https://a:99999", "/v1"]
)
def test_a_bad_address_is_repeated(url, monkeypatch):
    with pytest.raises(ConfigurationError) as caught:
        Lightfast(KEY, base_url=url)
    assert f"not {url!r}" in str(caught.value)
    monkeypatch.setenv("LIGHTFAST_BASE_URL", url)
    with pytest.raises(ConfigurationError, match="LIGHTFAST_BASE_URL") as caught:
        Lightfast(KEY)
    assert f"not {url!r}" in str(caught.value)


def test_a_password_in_an_address_is_not_repeated():
    for url in (
        "https://me:pass-word@lightfast.ai",
        "me:pass-word@lightfast.ai",
        "https://me:pass-word@[::1",
    ):
        with pytest.raises(ConfigurationError) as caught:
            Lightfast(KEY, base_url=url)
        assert "pass-word" not in str(caught.value)
