"""Trust: which certificate authorities vouch for a server when the caller names none.

The context is ours and is made when the first connection needs it. aiohttp makes its own when it
is imported, so that SSL_CERT_FILE or truststore.inject_into_ssl() would come too late.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from lightfast._threads import in_daemon_thread


class Trust:
    """SSL context that all pools of a client share.

    Args:
        given: The caller's context; None for the system's default.
    """

    def __init__(self, given: ssl.SSLContext | None) -> None:
        self._context = given

    async def context(self) -> ssl.SSLContext:
        """Return the context, made at its first use, off the event loop: it takes 20 ms."""
        if self._context is None:
            self._context = await in_daemon_thread(_default_context)
        return self._context


def _default_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def knows_no_authority(context: ssl.SSLContext) -> bool:
    """Tell whether a context trusts no authority, as in a container without `ca-certificates`."""
    if type(context).__module__ != "ssl":  # truststore's ask the system at each handshake
        return False
    if context.cert_store_stats()["x509_ca"]:
        return False
    directory = ssl.get_default_verify_paths().capath  # read at the handshake, file by file
    try:
        return directory is None or not any(Path(directory).iterdir())
    except OSError:
        return True
