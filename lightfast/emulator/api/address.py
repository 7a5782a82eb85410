"""Addresses that the emulator may listen on, and what to say when it cannot."""

from __future__ import annotations

import errno

from lightfast._loopback import is_loopback
from lightfast.emulator.errors import EmulatorError

__all__ = [
    "API_PREFIXES",
    "BASE_PATH",
    "CONTROL_PATH",
    "cannot_listen",
    "check_address",
    "origin",
]

BASE_PATH = "/api/v1"  # where the documentation has it
OTHER_PATH = "/v1"  # where the official TypeScript SDK and that week's OpenAPI file have it
CONTROL_PATH = "/_emulator"
API_PREFIXES = (f"{BASE_PATH}/", f"{OTHER_PATH}/")
MAX_PORT = 65535

# How to reach a server that listens on every address.
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def check_address(host: str, port: int, *, allow_remote: bool) -> None:
    """Raise EmulatorError unless the emulator may listen on the host and port.

    Args:
        host: The host.
        port: The port.
        allow_remote: Whether other machines may reach it.
    """
    if not 0 <= port <= MAX_PORT:
        raise EmulatorError(f"`port` must be between 0 and {MAX_PORT}, not {port}.")
    if not (allow_remote or is_loopback(host)):
        raise EmulatorError(
            f"{host} can be reached from other machines, and the emulator speaks plain HTTP;"
            " listen on 127.0.0.1, or pass allow_remote=True if that is intended."
        )


def origin(host: str, port: int) -> str:
    """Return the address to open on this machine, such as ``http://127.0.0.1:8765``."""
    host = _ANYWHERE.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def cannot_listen(host: str, port: int, error: OSError) -> str:
    """Say why the server cannot listen, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is already in use; stop the program that listens there,"
            " or use another `port` (0: any free one)."
        )
    reason = error.strerror or error
    return f"Cannot listen on {host}, port {port}: {reason}; use another `host` or `port`."
