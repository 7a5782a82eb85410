"""Guard of the console: only this machine's own pages may use it.

Three kinds of requests are kept out. A page of another site that sends a request from the user's browser (CSRF) is told by
``Sec-Fetch-Site`` and ``Origin``, and cannot send JSON. A page whose own name was pointed at this machine (DNS
rebinding) is told by ``Host``. Another machine is told by its address.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightfast._loopback import is_loopback
from lightfast.emulator.errors import RefusedError

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["Guard"]

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z.-]+))(?::[0-9]+)?")  # RFC 9110 §7.2


class Guard:
    """Check of requests to the console.

    Args:
        host: The address that the emulator listens on.
    """

    def __init__(self, host: str) -> None:
        self._local = is_loopback(host)

    def check(self, request: web.Request) -> None:
        """Raise RefusedError when the request does not come from the console's own pages."""
        if self._local and not _names_this_machine(request.host):
            raise _refused("The console is reached at localhost only, not under another name.")
        # https://www.w3.org/TR/fetch-metadata/: browsers tell where a request comes from. The pages hold no
        # secret, and links to them may stand anywhere.
        site = request.headers.get("Sec-Fetch-Site", "none")
        if request.path.startswith("/console/api/") and site not in ("same-origin", "none"):
            raise _refused("The console takes requests from its own pages only.")
        if request.method == "POST":
            self._check_change(request)

    def _check_change(self, request: web.Request) -> None:
        origin = request.headers.get("Origin")
        if origin is not None and origin.lower() != f"http://{request.host}".lower():
            raise _refused("The console takes requests from its own pages only.")
        # A form of another site cannot send this type; a script of another site would have to ask first.
        if request.content_type != "application/json":
            raise RefusedError("Send JSON.", status=415, code="BAD_REQUEST")

    @property
    def signs_in(self) -> bool:
        """True if users can sign in: the emulator listens on a loopback address."""
        return self._local

    def check_sign_in(self, request: web.Request) -> None:
        """Raise RefusedError unless the request comes from this machine, to an emulator that only it reaches."""
        if not (self._local and is_loopback(request.remote or "")):
            raise _refused(
                "There are no passwords here, so signing in works only while the emulator listens on a loopback"
                " address; listen on 127.0.0.1."
            )


def _names_this_machine(host: str) -> bool:
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback((found[1] or found[2]).lower())


def _refused(message: str) -> RefusedError:
    return RefusedError(message, status=403, code="FORBIDDEN")
