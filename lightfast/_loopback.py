"""Hosts that can only be this machine: one rule for the client, the emulator and the command line."""

from __future__ import annotations

import ipaddress

__all__ = ["is_loopback"]


def is_loopback(host: str | None, *, subdomains: bool = True) -> bool:
    """Tell whether a host name or address can only be this machine.

    Args:
        host: The name or the address.
        subdomains: Whether names below ``localhost`` count. They should lead to this machine
            (RFC 6761 §6.3), but a resolver may send them anywhere.
    """
    if not host:
        return False
    name = host.lower().removesuffix(".")
    if name == "localhost" or (subdomains and name.endswith(".localhost")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
