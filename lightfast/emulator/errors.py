"""What the emulator says when it cannot do what it was asked."""

from __future__ import annotations

__all__ = ["EmulatorError"]


class EmulatorError(Exception):
    """Something that the caller can put right; the message says what, where and how."""
