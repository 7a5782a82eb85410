"""API keys in the operating system's keyring, each stored for one address."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from lightfast import ConfigurationError
from lightfast._install import install_command

__all__ = ["delete_key", "has_keyring", "store_key", "stored_key"]

_SERVICE: Final = "lightfast"


def has_keyring() -> bool:
    """Tell whether the package that reaches the keyring is installed."""
    return find_spec("keyring") is not None


def stored_key(address: str) -> str | None:
    """Return the key stored for an address; None without one, or without a usable keyring."""
    if not has_keyring():
        return None
    import keyring  # 60 ms and more, and only commands without another key need it
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(_SERVICE, _account(address))
    except KeyringError:
        return None


def store_key(address: str, key: str) -> None:
    """Store the key for an address, in place of an earlier one.

    Raises:
        ConfigurationError: The keyring cannot be used.
    """
    if not has_keyring():
        raise ConfigurationError(
            f"Storing keys needs the package keyring; run: {install_command('keyring')}"
        )
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(_SERVICE, _account(address), key)
    except KeyringError as error:
        # Its text is the backend's; it could repeat what it was given.
        raise ConfigurationError(
            f"The key was not stored: the keyring failed with {type(error).__name__}. "
            "Set LIGHTFAST_API_KEY instead."
        ) from None
    # Some backends accept everything and keep nothing.
    if stored_key(address) != key:
        raise ConfigurationError(
            "The key was not stored: this system has no usable keyring. "
            "Set LIGHTFAST_API_KEY instead."
        )


def delete_key(address: str) -> bool:
    """Delete the key stored for an address, and return whether there was one."""
    if stored_key(address) is None:
        return False
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.delete_password(_SERVICE, _account(address))
    except KeyringError as error:
        raise ConfigurationError(
            f"The key was not deleted: the keyring failed with {type(error).__name__}."
        ) from None
    return True


def _account(address: str) -> str:
    return address.strip().rstrip("/")
