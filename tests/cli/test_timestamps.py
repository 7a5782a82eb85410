from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightfast.cli.timestamps import parse_timestamp

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-04-03", datetime(2026, 4, 3, tzinfo=UTC)),
        ("2026-04-03T12:30", datetime(2026, 4, 3, 12, 30, tzinfo=UTC)),
        ("2026-04-03T12:30:00Z", datetime(2026, 4, 3, 12, 30, tzinfo=UTC)),
        ("2026-04-03T12:30+02:00", datetime(2026, 4, 3, 10, 30, tzinfo=UTC)),
        ("7d", NOW - timedelta(days=7)),
        (" 2w ", NOW - timedelta(days=14)),
        ("90m", NOW - timedelta(minutes=90)),
        ("1h", NOW - timedelta(hours=1)),
    ],
)
def test_a_timestamp_is_an_iso_date_or_time_in_utc_or_a_span_back(text, expected):
    assert parse_timestamp(text, now=NOW) == expected


def test_a_span_can_lie_in_the_future():
    assert parse_timestamp("30d", now=NOW, future=True) == NOW + timedelta(days=30)


def test_the_end_of_a_range_includes_its_day():
    end = parse_timestamp("2026-04-03", now=NOW, end_of_day=True)
    assert end == datetime(2026, 4, 3, 23, 59, 59, 999999, tzinfo=UTC)
    assert parse_timestamp("2026-04-03T12:00", now=NOW, end_of_day=True).hour == 12


@pytest.mark.parametrize("text", ["", "yesterday", "7", "7y", "2026-13-01", "2026-02-30", "-7d"])
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  # the message is datetime's own
        parse_timestamp(text, now=NOW)


@given(st.text(max_size=30))
def test_any_text_is_an_aware_timestamp_or_an_error(text):
    try:
        at = parse_timestamp(text, now=NOW)
    except (ValueError, OverflowError):
        return
    assert at.utcoffset() == timedelta(0)
