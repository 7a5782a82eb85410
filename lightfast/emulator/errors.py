"""What the emulator says when it cannot do, or will not do, what it was asked."""

from __future__ import annotations

__all__ = ["EmulatorError", "RefusedError"]


class EmulatorError(Exception):
    """Something that the caller can put right; the message says what, where and how."""


class RefusedError(Exception):
    """A request is not let in.

    Attributes:
        status: The HTTP status that says so.
        code: The documented error code.
        message: Why, for the person who reads the answer.
    """

    def __init__(self, message: str, *, status: int = 401, code: str = "UNAUTHORIZED") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
