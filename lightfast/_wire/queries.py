"""Requests as JSON, both ways: right for each revision of the API when written.

A request is read back through its constructor, which checks what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from lightfast._wire.revisions import (
    DATE_RANGE,
    FILTERS,
    TOP_LEVEL_DATES,
    TOP_LEVEL_FILTERS,
    wire_name,
)
from lightfast.exceptions import ConfigurationError
from lightfast.queries import DateRange, SearchFilters, SearchRequest

# --- out --------------------------------------------------------------------------------------


def write_request(request: SearchRequest) -> dict[str, Any]:
    """Write a request for either revision; extra fields win."""
    body: dict[str, Any] = {
        "query": request.query,
        "limit": request.limit,
        "offset": request.offset,
        "mode": request.mode,
    }
    extra = request.extra
    if request.filters is not None:
        filters = write_filters(request.filters)
        body |= {"filters": filters, **_write_top_level(request.filters)}
        if isinstance(extra.get("filters"), Mapping):
            extra = {**extra, "filters": filters | extra["filters"]}
    return body | extra if extra else body


def write_filters(filters: SearchFilters) -> dict[str, Any]:
    """Write filters as 2026-04-03 takes them, below `filters`."""
    written: dict[str, Any] = {}
    for name, fields in FILTERS.items():
        if (values := getattr(filters, name)) is not None:
            written |= {field: list(values) for field in fields}
    if filters.date_range is not None:
        written[DATE_RANGE] = write_date_range(filters.date_range)
    return written | filters.extra


def _write_top_level(filters: SearchFilters) -> dict[str, Any]:
    """Write filters as 2026-04-04 takes them, at the top."""
    written: dict[str, Any] = {}
    for name, field in TOP_LEVEL_FILTERS.items():
        if (values := getattr(filters, name)) is not None:
            written[field] = list(values)
    dates = {} if filters.date_range is None else write_date_range(filters.date_range)
    return written | {TOP_LEVEL_DATES[end]: at for end, at in dates.items()}


def write_date_range(dates: DateRange) -> dict[str, str]:
    """Write the ends of a range that are not open."""
    ends = {"start": dates.start, "end": dates.end}
    return {name: write_datetime(at) for name, at in ends.items() if at is not None}


def write_datetime(value: datetime) -> str:
    """Write ISO 8601 in UTC with a literal Z, the only form that the API accepts."""
    precision = (
        "auto" if value.microsecond % 1000 else "milliseconds" if value.microsecond else "seconds"
    )
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision) + "Z"


# --- in ---------------------------------------------------------------------------------------


def read_request(document: Mapping[str, Any]) -> SearchRequest:
    """Read a request from the JSON of either revision."""
    arguments, unknown = _arguments(SearchRequest, document)
    if arguments.get("filters") is not None:
        arguments["filters"] = read_filters(arguments["filters"])
        derived = _write_top_level(arguments["filters"])
        unknown = {k: v for k, v in unknown.items() if k not in derived or v != derived[k]}
    return SearchRequest(**arguments, extra=unknown)


def read_filters(document: Mapping[str, Any]) -> SearchFilters:
    """Read filters from the JSON of 2026-04-03; two fields that say the same are one filter."""
    arguments, unknown = _arguments(SearchFilters, document)
    unknown |= {"types": arguments.pop("types")} if "types" in arguments else {}
    if arguments.get("source_types") == arguments.get("sources"):
        arguments.pop("source_types", None)
    if arguments.get("observation_types") == arguments.get("entity_types"):
        arguments["types"] = arguments.pop("observation_types", None)
        arguments.pop("entity_types", None)
    if arguments.get("date_range") is not None:
        arguments["date_range"] = read_date_range(arguments["date_range"])
    return SearchFilters(**arguments, extra=unknown)


def read_date_range(document: Mapping[str, Any]) -> DateRange:
    """Read a range of time."""
    arguments, unknown = _arguments(DateRange, document)
    if unknown:
        raise ConfigurationError(f"This is not a DateRange: unknown field {next(iter(unknown))!r}.")
    return DateRange(**arguments)


def _arguments(
    cls: type[attrs.AttrsInstance], document: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a JSON object into a class's arguments and the fields that it does not have."""
    if not isinstance(document, Mapping):
        raise ConfigurationError(
            f"{cls.__name__}.from_dict() takes a JSON object, not {type(document).__name__}."
        )
    fields = [field for field in attrs.fields(cls) if field.name != "extra"]
    names = {wire_name(field.name): field.name for field in fields}
    for field in fields:
        if field.default is attrs.NOTHING and wire_name(field.name) not in document:
            raise ConfigurationError(f"This is not a {cls.__name__}: {field.name!r} is missing.")
    arguments = {names[key]: value for key, value in document.items() if key in names}
    return arguments, {key: value for key, value in document.items() if key not in names}
