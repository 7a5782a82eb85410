"""Is this a request for a search? Bytes in, a `SearchQuery` or every complaint at once out.

Complaints are worded and grouped as the service does: the first step of the path names the field, the rest
of it stands in the message.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from lightfast.emulator import timestamps
from lightfast.emulator.search.query import SearchQuery

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "InvalidRequestError",
    "NotJsonError",
    "query_from",
    "read_json",
    "read_query",
]

MODES = ("fast", "balanced", "thorough")
MAX_LIMIT = 100
MAX_OFFSET = 2**53 - 1  # Number.MAX_SAFE_INTEGER
_LISTS = ("sourceTypes", "observationTypes", "sources", "entityTypes", "actorNames")
_UNSAFE = re.compile(r"\s+")


class NotJsonError(Exception):
    """The body is not JSON."""


class InvalidRequestError(Exception):
    """The body is JSON, but no valid request.

    Attributes:
        form_errors: Complaints about the body as a whole.
        field_errors: Complaints by field.
    """

    def __init__(self, form_errors: list[str], field_errors: dict[str, list[str]]) -> None:
        self.form_errors = form_errors
        self.field_errors = field_errors
        said = [*form_errors, *(f"{k}: {text}" for k, v in field_errors.items() for text in v)]
        super().__init__("; ".join(said))


def read_query(body: bytes) -> SearchQuery:
    """The search that a request's body asks for; fields that nobody knows are passed over.

    Raises:
        NotJsonError: The body is not JSON (RFC 8259, UTF-8).
        InvalidRequestError: It is, and something in it is wrong.
    """
    return query_from(read_json(body))


def read_json(body: bytes) -> Any:
    """What a body holds.

    Raises:
        NotJsonError: It is not JSON (RFC 8259, UTF-8).
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotJsonError from None


def query_from(data: Any) -> SearchQuery:
    """The search that a document asks for.

    Raises:
        InvalidRequestError: Something in it is wrong.
    """
    if not isinstance(data, dict):
        raise InvalidRequestError([f"Expected object, received {_kind(data)}"], {})
    return _Reading(data).query()


class _Reading:
    """One body being read; complaints pile up here."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data
        self._complaints: dict[str, list[str]] = {}

    def query(self) -> SearchQuery:
        filters = self._object(self._data, "filters")
        dates = self._object(filters, "dateRange", "filters")
        lists = {name: self._strings(filters, name) for name in _LISTS}
        query = SearchQuery(
            query=self._query(),
            limit=self._whole("limit", 1, MAX_LIMIT, 10),
            offset=self._whole("offset", 0, MAX_OFFSET, 0),
            mode=self._mode(),
            types=lists["sourceTypes"],
            observation_types=lists["observationTypes"],
            sources=lists["sources"],
            entity_types=lists["entityTypes"],
            actors=lists["actorNames"],
            start=self._moment(dates, "start"),
            end=self._moment(dates, "end"),
        )
        if self._complaints:
            raise InvalidRequestError([], self._complaints)
        return query

    def _complain(self, path: Iterable[str], text: str) -> None:
        field, *rest = path
        self._complaints.setdefault(field, []).append(f"{'.'.join(rest)}: {text}" if rest else text)

    def _query(self) -> str:
        if "query" not in self._data:
            self._complain(["query"], "Required")
            return ""
        value = self._data["query"]
        if not isinstance(value, str):
            self._complain(["query"], f"Expected string, received {_kind(value)}")
            return ""
        if not value:
            self._complain(["query"], "String must contain at least 1 character(s)")
        return value

    def _whole(self, name: str, least: int, most: int, default: int) -> int:
        value = self._data.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._complain([name], f"Expected number, received {_kind(value)}")
        elif value != int(value):
            self._complain([name], "Expected integer, received float")
        elif value < least:
            self._complain([name], f"Number must be greater than or equal to {least}")
        elif value > most:
            self._complain([name], f"Number must be less than or equal to {most}")
        else:
            return int(value)  # JSON does not tell 10 from 10.0
        return default

    def _mode(self) -> str:
        value = self._data.get("mode", "balanced")
        if value in MODES:
            return str(value)
        wanted = " | ".join(f"'{mode}'" for mode in MODES)
        self._complain(["mode"], f"Invalid enum value. Expected {wanted}, received {_shown(value)}")
        return "balanced"

    def _object(self, parent: dict[str, Any], name: str, *path: str) -> dict[str, Any]:
        value = parent.get(name, {})
        if isinstance(value, dict):
            return value
        self._complain([*path, name], f"Expected object, received {_kind(value)}")
        return {}

    def _strings(self, filters: dict[str, Any], name: str) -> tuple[str, ...]:
        value = filters.get(name, [])
        if not isinstance(value, list):
            self._complain(["filters", name], f"Expected array, received {_kind(value)}")
            return ()
        for index, item in enumerate(value):
            if not isinstance(item, str):
                text = f"Expected string, received {_kind(item)}"
                self._complain(["filters", name, str(index)], text)
                return ()
        return tuple(value)

    def _moment(self, dates: dict[str, Any], name: str) -> int | None:
        if name not in dates:
            return None
        value = dates[name]
        path = ["filters", "dateRange", name]
        if not isinstance(value, str):
            self._complain(path, f"Expected string, received {_kind(value)}")
            return None
        moment = timestamps.from_wire(value)
        if moment is None:
            self._complain(path, "Invalid datetime: expected ISO 8601 in UTC with a literal Z")
        return moment


def _kind(value: object) -> str:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "number")


def _shown(value: object) -> str:
    return f"'{_UNSAFE.sub(' ', value)[:40]}'" if isinstance(value, str) else _kind(value)
