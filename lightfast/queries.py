"""What may be asked: values that refuse, when they are made, what the API would refuse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import attrs

from lightfast._value import Value
from lightfast.exceptions import ConfigurationError

__all__ = ["DateRange", "Mode", "SearchFilters", "SearchRequest"]

Mode = Literal["fast", "balanced", "thorough"]
"""How hard the server ranks: vector scores only, reranked, or heavily scored."""

_MODES = get_args(Mode)

MAX_LIMIT = 100
MAX_OFFSET = 2**53 - 1  # the largest run of integers that a JSON number carries exactly

_UTC_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z")


def _utc(value: datetime | str | None) -> datetime | None:
    """One end of a range in UTC, from an aware datetime or from ISO 8601 with a literal Z."""
    if value is None:
        return None
    if isinstance(value, str):
        if not _UTC_TEXT.fullmatch(value):
            raise ConfigurationError(
                f"{value[:40]!r} is no UTC time: write it as '2026-04-03T12:00:00Z'."
            )
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise ConfigurationError(f"{value[:40]!r} is no UTC time: {error}.") from None
    if not isinstance(value, datetime):
        raise ConfigurationError(
            f"A date range takes datetimes or text such as '2026-04-03T12:00:00Z', "
            f"not {type(value).__name__}."
        )
    if value.utcoffset() is None:
        raise ConfigurationError(
            "A date range needs aware datetimes: a naive one could mean any time zone. "
            "Use datetime.now(timezone.utc) or value.replace(tzinfo=…)."
        )
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ConfigurationError(f"{value!r} has no UTC equivalent.") from None


def _names(value: Iterable[str] | None) -> tuple[str, ...] | None:
    """A filter's values; a lone string is refused, because it would be read letter by letter."""
    if value is None:
        return None
    names = () if isinstance(value, str) else tuple(value)
    if isinstance(value, str) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(
            f"A filter takes a list of strings such as ['github'], not {value!r:.60}."
        )
    return names


def _fields(value: Mapping[str, Any] | None) -> dict[str, Any]:
    """Fields that this SDK does not know, under their wire names."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ConfigurationError("Extra fields must be a mapping with string keys.")
    return dict(value)


@attrs.frozen(kw_only=True, weakref_slot=False)
class DateRange(Value):
    """Results that occurred from `start` to `end`, either of them open.

    Args:
        start: An aware datetime, or ISO 8601 text in UTC with a literal ``Z``.
        end: The same.

    Raises:
        ConfigurationError: A time is naive or malformed, or `end` lies before `start`.
    """

    start: datetime | None = attrs.field(default=None, converter=_utc)
    end: datetime | None = attrs.field(default=None, converter=_utc)

    def __attrs_post_init__(self) -> None:
        if self.start and self.end and self.end < self.start:
            raise ConfigurationError("A date range must not end before it starts.")


@attrs.frozen(kw_only=True, weakref_slot=False)
class SearchFilters(Value):
    """Which results may be returned; what is None does not filter.

    Args:
        source_types: Such as ``pull_request``, ``issue``, ``commit``, ``discussion``.
        observation_types: The kinds of observation to keep.
        date_range: When it occurred.
        sources: Such as ``github``, ``linear``, ``vercel``, ``sentry``.
        entity_types: The kinds of entity a result must mention.
        extra: Filters that this SDK does not know yet, under their wire names,
            such as ``{"actorNames": ["ada"]}``.

    Raises:
        ConfigurationError: A filter is not a list of strings.
    """

    source_types: tuple[str, ...] | None = attrs.field(default=None, converter=_names)
    observation_types: tuple[str, ...] | None = attrs.field(default=None, converter=_names)
    date_range: DateRange | None = attrs.field(default=None)
    sources: tuple[str, ...] | None = attrs.field(default=None, converter=_names)
    entity_types: tuple[str, ...] | None = attrs.field(default=None, converter=_names)
    extra: dict[str, Any] = attrs.field(default=None, converter=_fields, hash=False)

    @date_range.validator
    def _check_date_range(self, _: object, value: object) -> None:
        if value is not None and not isinstance(value, DateRange):
            raise ConfigurationError(
                f"`date_range` takes a DateRange(start=…, end=…), not {type(value).__name__}."
            )


def _whole(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigurationError(
            f"`{name}` must be a whole number from {low} to {high}, not {value!r:.40}."
        )


@attrs.frozen(weakref_slot=False)
class SearchRequest(Value):
    """One search, checked: whatever can be built can be sent.

    Args:
        query: What to look for, in plain words.
        limit: Results in a page, 1..100.
        offset: Results to pass over.
        mode: How hard to rank.
        filters: Which results may be returned.
        extra: Fields that this SDK does not know yet, under their wire names.

    Raises:
        ConfigurationError: A value that the API would refuse.
    """

    query: str
    limit: int = attrs.field(default=10, kw_only=True)
    offset: int = attrs.field(default=0, kw_only=True)
    mode: Mode = attrs.field(default="balanced", kw_only=True)
    filters: SearchFilters | None = attrs.field(default=None, kw_only=True)
    extra: dict[str, Any] = attrs.field(default=None, converter=_fields, hash=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.query, str) or not self.query:
            raise ConfigurationError(
                f"`query` must be a text of one character or more, not {self.query!r:.40}."
            )
        _whole("limit", self.limit, 1, MAX_LIMIT)
        _whole("offset", self.offset, 0, MAX_OFFSET)
        if self.mode not in _MODES:
            raise ConfigurationError(
                f"`mode` must be one of {', '.join(_MODES)}, not {self.mode!r:.40}."
            )
        if self.filters is not None and not isinstance(self.filters, SearchFilters):
            raise ConfigurationError(
                f"`filters` takes SearchFilters(sources=[…], …), not {type(self.filters).__name__}."
            )
