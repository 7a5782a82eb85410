"""Times of releases, for the sections of a changelog."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["release_time"]

MAX_OPENING = 200  # characters of a section in which "Released 2026-01-05" is looked for

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_ISO = re.compile(r"\b(\d{4})([-/])(\d{1,2})\2(\d{1,2})\b")
_MONTH_FIRST = re.compile(rf"\b{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b", re.IGNORECASE)
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)? {_MONTH},? (\d{{4}})\b", re.IGNORECASE)
_OPENING = re.compile(r"(?:released?|release date|date|published|expected)?:?(?: on)?[ \t*_(]{0,5}", re.IGNORECASE)  # fmt: skip


def release_time(path: Iterable[str], body: str) -> float | None:
    """Return when a release was, in Unix seconds; None when its section does not say so.

    Args:
        path: The headings above the section, and its own.
        body: What stands below.
    """
    for heading in reversed(list(path)):
        if (found := _date(heading)) is not None:
            return found
    opening = body[:MAX_OPENING].lstrip("*_( \n").partition("\n")[0]
    date = _OPENING.sub("", opening, count=1)[:30]
    return (
        _date(date) if any(form.match(date) for form in (_ISO, _MONTH_FIRST, _DAY_FIRST)) else None
    )


def _date(text: str) -> float | None:
    if iso := _ISO.search(text):
        return _seconds(int(iso[1]), int(iso[3]), int(iso[4]))
    if named := _MONTH_FIRST.search(text):
        return _seconds(int(named[3]), _month(named[1]), int(named[2]))
    if named := _DAY_FIRST.search(text):
        return _seconds(int(named[3]), _month(named[2]), int(named[1]))
    return None


def _month(name: str) -> int:
    return _MONTHS.index(name.lower()[:3]) + 1


def _seconds(year: int, month: int, day: int) -> float | None:
    try:
        return datetime(year, month, day, tzinfo=UTC).timestamp()
    except ValueError:  # 2026-31-01, or a version that looks like a date
        return None
