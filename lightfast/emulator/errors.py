"""Errors of the emulator: those of its users, and those that answer a request."""

from __future__ import annotations

__all__ = ["DamagedError", "EmulatorError", "RefusedError"]


class EmulatorError(Exception):
    """Error that the caller can fix; the message says what is wrong, where, and what to do."""


class DamagedError(EmulatorError):
    """Database that cannot be read, or whose schema is another one.

    Attributes:
        reason: What is wrong with it, without what to do.
    """

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason}; {advice}")
        self.reason = reason


class RefusedError(Exception):
    """Refusal of a request.

    Attributes:
        status: The HTTP status of the answer.
        code: The documented error code.
        message: The reason, for the person who reads the answer.
    """

    def __init__(self, message: str, *, status: int = 401, code: str = "UNAUTHORIZED") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
