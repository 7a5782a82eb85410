"""Which key, and which API: the options, the environment, ``.env.local`` and ``.env``."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from lightfast import ConfigurationError

__all__ = ["Settings", "read_settings"]

KEY = "LIGHTFAST_API_KEY"
URL = "LIGHTFAST_BASE_URL"
FILES = (".env.local", ".env")


@attrs.frozen(kw_only=True)
class Settings:
    """Whom to ask, and as whom.

    Args:
        api_key: The API key.
        base_url: Where the API is; None for the public one.
    """

    api_key: str = attrs.field(repr=False)
    base_url: str | None


def read_settings(
    base_url: str | None, *, directory: Path, environ: Mapping[str, str] = os.environ
) -> Settings:
    """What the option, the environment and the files say, the first of them that says anything.

    Args:
        base_url: The option; None when it was not given.
        directory: Where the files are.
        environ: The environment. It is only read.

    Raises:
        ConfigurationError: There is no key, a file cannot be read, or a file would send the
            environment's key elsewhere.
    """
    sources: list[tuple[str, Mapping[str, str | None]]] = [("the environment", environ)]
    sources += [(name, _read(directory / name)) for name in FILES]
    api_key, key_from = _first(KEY, sources)
    if api_key is None:
        raise ConfigurationError(
            f"No API key: set {KEY} in the environment, in .env.local or in .env. Keys are made "
            "in the Lightfast Console under Settings → API Keys; --local PATH needs none."
        )
    if base_url is None:
        base_url, url_from = _first(URL, sources)
        _check_company(base_url, url_from, key_from)
    return Settings(api_key=api_key, base_url=base_url)


def _first(
    name: str, sources: list[tuple[str, Mapping[str, str | None]]]
) -> tuple[str | None, str]:
    for where, values in sources:
        if value := (values.get(name) or "").strip():
            return value, where
    return None, ""


def _read(path: Path) -> Mapping[str, str | None]:
    if not path.is_file():
        return {}
    from dotenv import dotenv_values  # 30 ms, and most directories have no such file

    try:
        return dotenv_values(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"Cannot read {path.name}: {error}.") from None


def _check_company(base_url: str | None, url_from: str, key_from: str) -> None:
    # Whoever clones a repository must not lose a key to the address in its .env.
    if base_url is None or url_from not in FILES or key_from in FILES or _is_loopback(base_url):
        return
    raise ConfigurationError(
        f"{url_from} would send the API key of your environment to {base_url}. If you want that, "
        f"give --base-url, set {URL} in the environment, or keep the key in {url_from}, too."
    )


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
