"""Points in time: whole microseconds since 1970 in the database, ISO 8601 with Z on the wire."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["from_datetime", "from_seconds", "from_wire", "now", "to_datetime", "to_wire"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WIRE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z", re.ASCII)


def from_datetime(value: datetime) -> int:
    """An aware datetime as microseconds."""
    return (value - _EPOCH) // _MICROSECOND


def to_datetime(value: int) -> datetime:
    """Microseconds as a datetime in UTC."""
    return _EPOCH + value * _MICROSECOND


def from_seconds(value: float) -> int | None:
    """Unix seconds as microseconds; None when no calendar reaches that far.

    Git keeps whatever a broken clock said.
    """
    try:
        return from_datetime(datetime.fromtimestamp(value, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def from_wire(text: str) -> int | None:
    """ISO 8601 in UTC with a literal Z as microseconds; None for anything else."""
    if not _WIRE.fullmatch(text):
        return None
    try:
        return from_datetime(datetime.fromisoformat(text))
    except ValueError:  # the 31st of February
        return None


def to_wire(value: int | None) -> str | None:
    """Microseconds as ISO 8601 with a literal Z."""
    if value is None:
        return None
    return to_datetime(value).isoformat().replace("+00:00", "Z")


def now() -> int:
    """This moment."""
    return from_datetime(datetime.now(UTC))
