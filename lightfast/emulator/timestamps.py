"""Timestamps: whole microseconds since 1970 in the database, ISO 8601 with Z on the wire."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = [
    "datetime_to_wire",
    "from_datetime",
    "from_seconds",
    "from_wire",
    "now",
    "to_datetime",
    "to_wire",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_WIRE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z", re.ASCII)


def from_datetime(value: datetime) -> int:
    """Convert an aware datetime to microseconds.

    Raises:
        ValueError: In UTC it lies outside the years 1 to 9999, so that it could not be read back.
    """
    try:
        return (value.astimezone(UTC) - _EPOCH) // _MICROSECOND
    except OverflowError:
        raise ValueError(f"{value.isoformat()} is not within the years 1 to 9999 in UTC") from None


def to_datetime(value: int) -> datetime:
    """Convert microseconds to a datetime in UTC."""
    try:
        return _EPOCH + value * _MICROSECOND
    except OverflowError:  # a damaged row, or one that an older version let in
        return _LAST if value > 0 else _FIRST


def from_seconds(value: float) -> int | None:
    """Convert Unix seconds to microseconds; None outside the years 1 to 9999.

    Git keeps whatever a wrong clock said.
    """
    try:
        return from_datetime(datetime.fromtimestamp(value, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def from_wire(text: str) -> int | None:
    """Convert ISO 8601 in UTC with a literal Z to microseconds; None for anything else."""
    if not _WIRE.fullmatch(text):
        return None
    try:
        return from_datetime(datetime.fromisoformat(text))
    except (ValueError, OverflowError):  # the 31st of February; the year 0
        return None


def to_wire(value: int | None) -> str | None:
    """Convert microseconds to ISO 8601 with a literal Z."""
    if value is None:
        return None
    return datetime_to_wire(to_datetime(value))


def datetime_to_wire(value: datetime) -> str:
    """Convert a datetime in UTC to ISO 8601 with a literal Z."""
    return value.isoformat().replace("+00:00", "Z")


def now() -> int:
    """Return the current time."""
    return from_datetime(datetime.now(UTC))
