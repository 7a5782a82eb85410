"""Where an emulator may listen, and what to say when it cannot."""

from __future__ import annotations

import errno
import ipaddress

from lightfast.emulator.errors import EmulatorError

__all__ = ["check_host", "is_loopback", "no_address", "origin"]

# Where to reach what listens everywhere.
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def check_host(host: str, *, allow_remote: bool) -> None:
    """Raise EmulatorError when other machines could reach the host and nobody meant it."""
    if not (allow_remote or is_loopback(host)):
        raise EmulatorError(
            f"{host} can be reached from other machines, and the emulator speaks plain HTTP;"
            " listen on 127.0.0.1, or pass allow_remote=True if you mean it."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can be, or be reached at, the host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(host: str, port: int) -> str:
    """The address to type on this machine, such as ``http://127.0.0.1:8765``."""
    host = _ANYWHERE.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def no_address(host: str, port: int, error: OSError) -> str:
    """Why an address cannot be had, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken; stop what listens there, or give another `port` (0: any)."
    return f"Cannot listen on {host}, port {port}: {error.strerror or error}; give another `host` or `port`."
