"""Names of organizations, users and keys: which are accepted."""

from __future__ import annotations

import re
import unicodedata

from lightfast.emulator.errors import EmulatorError

__all__ = ["MAX_NAME", "check_name", "looks_like_id"]

MAX_NAME = 100

# A name that reads like an id could stand for somebody else's organization or user wherever either is taken.
_ID = re.compile(r"\s*(?:org|user|key|sess)_|\s*sk-lf-", re.IGNORECASE)
_UNPRINTABLE = {"Cc", "Cs"}  # controls; halves of surrogate pairs, which no UTF-8 holds


def check_name(owner: str, name: str) -> str:
    """Return a name without surrounding blanks.

    Args:
        owner: Whose name it is, for the error: ``an organization``.
        name: The name.

    Raises:
        EmulatorError: It is empty, too long or holds control characters.
    """
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise EmulatorError(
            f"The name of {owner} must have 1 to {MAX_NAME} characters, not {len(name)}."
        )
    if any(unicodedata.category(character) in _UNPRINTABLE for character in name):
        raise EmulatorError(f"The name of {owner} must not contain control characters.")
    return name


def looks_like_id(text: str) -> bool:
    """Tell whether a text has the form of an id or a key, such as ``org_…``."""
    return _ID.match(text) is not None
