"""API key and address: from options, the environment, ``.env.local``, ``.env`` and the keyring."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs

from lightfast import ConfigurationError
from lightfast._loopback import is_loopback
from lightfast.cli.env_files import ENV_FILES, read_env_files
from lightfast.cli.stored_keys import stored_key

__all__ = [
    "DEFAULT_ADDRESS",
    "Settings",
    "check_option",
    "choose_settings",
    "masked_key",
    "read_settings",
]

KEY: Final = "LIGHTFAST_API_KEY"
ADDRESS: Final = "LIGHTFAST_BASE_URL"
DEFAULT_ADDRESS: Final = "https://lightfast.ai/api/v1"

OPTION: Final = "--base-url"
ENVIRONMENT: Final = "the environment"
KEYRING: Final = "the keyring"
DEFAULT: Final = "the default"

Variables = Mapping[str, str | None]

_PREFIX = re.compile(r"[a-z]+(?:-[a-z]+-|_)")


@attrs.frozen(kw_only=True)
class Settings:
    """API key and address of one command.

    Args:
        api_key: The API key.
        base_url: The API's address; None for the public one.
        key_from: The source of the key: ``the environment``, a file's name, or ``the keyring``.
        address_from: The source of the address, likewise; or ``--base-url``, or ``the default``.
    """

    api_key: str = attrs.field(repr=False)
    base_url: str | None
    key_from: str
    address_from: str


def read_settings(
    base_url: str | None,
    *,
    directory: Path | None,
    environ: Mapping[str, str] = os.environ,
    allow_file_address: bool = False,
) -> Settings:
    """Read the key and the address that a command uses.

    Args:
        base_url: The value of ``--base-url``; None if it was not given.
        directory: The directory of the files; None if the working directory is gone.
        environ: The environment, which is not changed.
        allow_file_address: Whether a file may name the address for a key of the environment.

    Raises:
        ConfigurationError: There is no key, a file cannot be read, or the key and the address
            must not be used together.
    """
    needs_files = not (environ.get(KEY, "").strip() and (base_url or environ.get(ADDRESS)))
    return choose_settings(
        base_url,
        environ,
        read_env_files(directory) if directory and needs_files else {},
        stored_key,
        allow_file_address=allow_file_address,
    )


def choose_settings(
    base_url: str | None,
    environ: Variables,
    files: Mapping[str, Variables],
    stored: Callable[[str], str | None],
    *,
    allow_file_address: bool = False,
) -> Settings:
    """Choose the key and the address, or refuse to use the two together.

    This is the only place that decides which key is sent to which address; the table in
    ``docs/how-to/authentication.md`` lists every combination.

    Args:
        base_url: The value of ``--base-url``; None if it was not given.
        environ: The environment.
        files: The variables of each file, by its name.
        stored: Returns the key that the keyring holds for an address.
        allow_file_address: The value of ``--allow-env-file-address``.

    Raises:
        ConfigurationError: There is no key, or the address is empty or must not be given the key.
    """
    named = [(ENVIRONMENT, environ), *((name, files.get(name, {})) for name in ENV_FILES)]
    address, address_from = _first(ADDRESS, named)
    if base_url is not None:
        address, address_from = check_option(base_url), OPTION
    key, key_from = _first(KEY, named)
    if key is None:
        key, key_from = stored(address or DEFAULT_ADDRESS), KEYRING
    if key is None:
        raise ConfigurationError(
            f"No API key: set {KEY} in the environment, in .env.local or in .env, or run "
            "`lightfast login`. Keys are made in the Lightfast Console under Settings → API Keys; "
            "--local PATH needs none."
        )
    refusal = _refusal(key_from, address_from, address, allow_file_address=allow_file_address)
    if refusal:
        raise ConfigurationError(refusal)
    return Settings(
        api_key=key,
        base_url=address,
        key_from=key_from,
        address_from=address_from if address else DEFAULT,
    )


def check_option(base_url: str) -> str:
    """Return the value of ``--base-url``.

    Raises:
        ConfigurationError: It is empty, as of an unset variable: the key must not go elsewhere.
    """
    if not base_url.strip():
        raise ConfigurationError(f"{OPTION} is empty; leave it out to use {DEFAULT_ADDRESS}.")
    return base_url


def _refusal(
    key_from: str, address_from: str, address: str | None, *, allow_file_address: bool
) -> str | None:
    """Return why the key must not go to the address; None if it may."""
    chosen_by_user = address is None or address_from not in ENV_FILES
    if chosen_by_user or address == DEFAULT_ADDRESS or key_from == address_from:
        return None
    if key_from == KEYRING:  # it was stored for this very address
        return None
    facts = f"{address_from} names the address {address:.200}, but the key comes from {key_from}"
    if key_from in ENV_FILES:
        return f"{facts}. Keep both in one file, or name the address with {OPTION}."
    if allow_file_address or _is_own_machine(address):
        return None
    return (
        f"{facts}. A repository's file could collect keys in this way. If you trust it, add "
        f"--allow-env-file-address; else name the address with {OPTION} or in the environment."
    )


def _first(name: str, sources: Iterable[tuple[str, Variables]]) -> tuple[str | None, str]:
    for source, variables in sources:
        if value := (variables.get(name) or "").strip():
            return value, source
    return None, ""


def masked_key(key: str) -> str:
    """Return what a person recognizes a key by, as the Console shows it: ``sk-lf-...AbC1``."""
    prefix = _PREFIX.match(key)
    return f"{prefix[0] if prefix else ''}...{key[-4:] if len(key) > 20 else ''}"


def _is_own_machine(address: str | None) -> bool:
    try:
        host = urlsplit(address or "").hostname
    except ValueError:
        return False
    return is_loopback(host, subdomains=False)
