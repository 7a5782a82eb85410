"""Which moment does a person mean?"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import click

__all__ = ["moment", "parse_moment"]

_SPAN = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_moment(text: str, *, now: datetime, ahead: bool = False, ends: bool = False) -> datetime:
    """A moment in UTC, from an ISO 8601 date or time, or from a span such as ``7d``.

    Args:
        text: What was typed. Without a time zone it is UTC.
        now: What a span counts from.
        ahead: Whether a span leads into the future.
        ends: Whether a bare date means its last moment rather than its first.

    Raises:
        ValueError: It is neither.
    """
    text = text.strip()
    if span := _SPAN.fullmatch(text):
        length = timedelta(**{_UNITS[span[2]]: int(span[1])})
        return now + length if ahead else now - length
    if _DATE.fullmatch(text):
        return datetime.combine(date.fromisoformat(text), time.max if ends else time.min, UTC)
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def moment(*, ahead: bool = False, ends: bool = False) -> Callable[..., datetime | None]:
    """A callback for an option that takes a moment; see `parse_moment`."""

    def convert(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
        if text is None:
            return None
        try:
            return parse_moment(text, now=datetime.now(UTC), ahead=ahead, ends=ends)
        except (ValueError, OverflowError):
            raise click.BadParameter(
                f"{text!r} is no time: write '2026-04-03', '2026-04-03T12:00:00Z' or a span "
                "such as '7d' (m, h, d, w)."
            ) from None

    return convert
