"""Faults to script an emulator with.

::

    emulator.script(faults.rate_limited(retry_after=1), faults.internal_error() * 2)
    emulator.script(faults.disconnect(), rate=0.05, seed=7)

``faults.internal_error() * 3`` happens three times.
"""

from __future__ import annotations

from lightfast.emulator.faults.faults import (
    Fault,
    config_error,
    delay,
    disconnect,
    drip,
    edge_error,
    error,
    error_without_message,
    healthy,
    internal_error,
    not_json,
    rate_limited,
    raw,
    unauthorized,
)

__all__ = [
    "Fault",
    "config_error",
    "delay",
    "disconnect",
    "drip",
    "edge_error",
    "error",
    "error_without_message",
    "healthy",
    "internal_error",
    "not_json",
    "rate_limited",
    "raw",
    "unauthorized",
]
