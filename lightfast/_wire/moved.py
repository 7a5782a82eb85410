"""Advice for errors of a service that may have moved on from the pinned revision. Pure."""

from __future__ import annotations

from lightfast._auth import key_prefix
from lightfast._secrets import Secret
from lightfast._wire.requests import SEARCH_PATH
from lightfast._wire.revisions import (
    BASE_URL,
    KEY_PREFIXES,
    OTHER_BASE_URL,
    PINNED,
    SEARCH_REMOVED,
)
from lightfast.models import Headers

_EMULATOR = "lightfast-emulator/"
_GONE = (404, 410)


def advice(status: int, url: str, headers: Headers, secret: Secret) -> str:
    """Return what to add to an error's message; nothing when its own words are enough.

    Our own emulator speaks the pinned revision, and says what is wrong.

    Args:
        status: The HTTP status.
        url: Where the request went.
        headers: The response's headers.
        secret: What the request was sent with.
    """
    if headers.get("server", "").startswith(_EMULATOR):
        return ""
    if status in _GONE and url.endswith(SEARCH_PATH):
        return _not_found(url)
    if status == 401 and (prefix := key_prefix(secret.reveal())):
        return _other_key(prefix)
    return ""


def _not_found(url: str) -> str:
    """Return where search of the pinned revision may be."""
    other = BASE_URL if url.startswith(f"{OTHER_BASE_URL}/") else OTHER_BASE_URL
    return (
        f" ({url}): revision {PINNED} of search may be at base_url={other!r}, or gone: the hosted "
        f"service has had none since {SEARCH_REMOVED}. `lightfast doctor` looks into it."
    )


def _other_key(prefix: str) -> str:
    """Return which kind of key is taken from when on."""
    known = ", ".join(f"{prefix!r} from {since}" for prefix, since in KEY_PREFIXES.items())
    return f" (the hosted service takes keys that begin with {known}; yours begins with {prefix!r})"
