"""Timestamps as people type them: ISO 8601 dates and times, and spans such as ``7d``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import click

__all__ = ["parse_timestamp", "timestamp"]

_SPAN = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_timestamp(
    text: str, *, now: datetime, future: bool = False, end_of_day: bool = False
) -> datetime:
    """Parse an ISO 8601 date or time, or a span such as ``7d``, into a UTC timestamp.

    Args:
        text: What was typed; UTC unless it names another time zone.
        now: The time that a span counts from.
        future: Whether a span lies in the future instead of the past.
        end_of_day: Whether a bare date means its last moment instead of its first.

    Raises:
        ValueError: The text is neither a date, a time nor a span.
    """
    text = text.strip()
    if span := _SPAN.fullmatch(text):
        length = timedelta(**{_UNITS[span[2]]: int(span[1])})
        return now + length if future else now - length
    if _DATE.fullmatch(text):
        return datetime.combine(date.fromisoformat(text), time.max if end_of_day else time.min, UTC)
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def timestamp(
    *, future: bool = False, end_of_day: bool = False
) -> Callable[[click.Context, click.Parameter, str | None], datetime | None]:
    """Return a click callback that parses an option's timestamp; see `parse_timestamp`."""

    def convert(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
        if text is None:
            return None
        try:
            return parse_timestamp(
                text, now=datetime.now(UTC), future=future, end_of_day=end_of_day
            )
        except (ValueError, OverflowError):
            raise click.BadParameter(
                f"{text!r} is not a date, a time or a span; "
                "use e.g. '2026-04-03', '2026-04-03T12:00:00Z' or '7d' (m, h, d, w)."
            ) from None

    return convert
