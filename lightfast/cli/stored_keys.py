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
    try:
        import keyring  # 60 ms and more, and only commands without another key need it

        return keyring.get_password(_SERVICE, _account(address))
    except Exception:  # noqa: BLE001  # a backend is anybody's, and raises anything
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
    problem = "this system has no usable keyring"
    try:
        import keyring

        keyring.set_password(_SERVICE, _account(address), key)
    except Exception as error:  # noqa: BLE001  # a backend is anybody's, and raises anything
        # Its text is the backend's; it could repeat what it was given.
        if type(error).__name__ != "NoKeyringError":
            problem = f"the keyring failed with {type(error).__name__}"
    # Some backends accept everything and keep nothing.
    if stored_key(address) != key:
        raise ConfigurationError(
            f"The key was not stored: {problem}. Set LIGHTFAST_API_KEY instead."
        )


def delete_key(address: str) -> bool:
    """Delete the key stored for an address, and return whether there was one."""
    if stored_key(address) is None:
        return False
    try:
        import keyring

        keyring.delete_password(_SERVICE, _account(address))
    except Exception as error:  # noqa: BLE001  # a backend is anybody's, and raises anything
        raise ConfigurationError(
            f"The key was not deleted: the keyring failed with {type(error).__name__}."
        ) from None
    return True


def _account(address: str) -> str:
    return address.strip().rstrip("/")
