"""Validation of JSON bodies as the service's schemas do it, collecting every issue at once.

The texts are those of zod 4's English locale, which the service uses:
https://github.com/colinhacks/zod/blob/main/packages/zod/src/v4/locales/en.ts
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import orjson

from lightfast.emulator import timestamps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

__all__ = [
    "MAX_LIMIT",
    "MAX_OFFSET",
    "InvalidRequestError",
    "Issue",
    "NotJsonError",
    "ObjectReader",
    "intersection",
    "read_json",
]

MAX_LIMIT = 100
MAX_OFFSET = 2**53 - 1  # Number.MAX_SAFE_INTEGER

_MISSING = object()


class NotJsonError(Exception):
    """The body is not JSON."""


@attrs.frozen
class Issue:
    """One thing that is wrong with a body.

    Args:
        path: Names and indexes that lead to it; empty for the body as a whole.
        message: What is wrong there.
    """

    path: tuple[str, ...]
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.message}" if self.path else self.message


class InvalidRequestError(Exception):
    """The body is JSON, but not a valid request.

    Attributes:
        issues: Everything that is wrong with it.
    """

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__("; ".join(map(str, issues)))
        self.issues = issues

    @property
    def form_errors(self) -> list[str]:
        """The messages about the body as a whole."""
        return [issue.message for issue in self.issues if not issue.path]

    @property
    def field_errors(self) -> dict[str, list[str]]:
        """The other messages by the first step of their paths, as zod's ``flattenError`` groups them."""
        grouped: dict[str, list[str]] = {}
        for issue in self.issues:
            if issue.path:
                grouped.setdefault(issue.path[0], []).append(issue.message)
        return grouped


def read_json(body: bytes) -> Any:
    """Parse a body.

    Raises:
        NotJsonError: It is not JSON (RFC 8259, UTF-8).
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotJsonError from None


class ObjectReader:
    """Reader of one JSON object's fields; unknown fields are ignored.

    A field that is wrong adds to the issues and reads as its default, so that one pass finds them all.

    Args:
        data: What should be an object.
        path: Where it stands in the body.
        issues: Where to add what is wrong.
    """

    def __init__(
        self, data: Any, path: tuple[str, ...] = (), issues: list[Issue] | None = None
    ) -> None:
        self._path = path
        self._issues: list[Issue] = [] if issues is None else issues
        self._data: dict[str, Any] = data if isinstance(data, dict) else {}
        if not isinstance(data, dict):
            self._issues.append(Issue(path, _wrong_type("object", data)))

    def check(self) -> None:
        """Raise InvalidRequestError if anything was wrong."""
        whole = [issue for issue in self._issues if not issue.path]
        if self._issues:
            # Of what is no object, no field is missing.
            raise InvalidRequestError(whole or self._issues)

    def _add(self, name: str, message: str, *steps: str) -> None:
        self._issues.append(Issue((*self._path, name, *steps), message))

    def object(self, name: str) -> Self:
        """Return a reader of an optional object."""
        return type(self)(self._data.get(name, {}), (*self._path, name), self._issues)

    def text(self, name: str) -> str:
        """Read a required string of at least one character."""
        value = self._data.get(name, _MISSING)
        if not isinstance(value, str):
            self._add(name, _wrong_type("string", value))
            return ""
        if not value:
            self._add(name, "Too small: expected string to have >=1 characters")
        return value

    def integer(self, name: str, *, low: int, high: int, default: int) -> int:
        """Read an optional integer within bounds."""
        value = self._data.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._add(name, _wrong_type("number", value))
        elif value != int(value):
            self._add(name, "Invalid input: expected int, received number")
        elif value < low:
            self._add(name, f"Too small: expected number to be >={low}")
        elif value > high:
            origin = "int" if high == MAX_OFFSET else "number"
            self._add(name, f"Too big: expected {origin} to be <={high}")
        else:
            return int(value)  # JSON does not distinguish 10 from 10.0
        return default

    def choice(self, name: str, options: Sequence[str], *, default: str) -> str:
        """Read an optional string that is one of a few."""
        value = self._data.get(name, default)
        if isinstance(value, str) and value in options:
            return value
        listed = "|".join(f'"{option}"' for option in options)
        self._add(name, f"Invalid option: expected one of {listed}")
        return default

    def strings(self, name: str) -> tuple[str, ...]:
        """Read an optional array of strings."""
        value = self._data.get(name, [])
        if not isinstance(value, list):
            self._add(name, _wrong_type("array", value))
            return ()
        for index, item in enumerate(value):
            if not isinstance(item, str):
                self._add(name, _wrong_type("string", item), str(index))
                return ()  # one is enough: there may be a hundred thousand
        return tuple(value)

    def time(self, name: str) -> int | None:
        """Read an optional time in UTC as microseconds since 1970."""
        value = self._data.get(name, _MISSING)
        if value is _MISSING:
            return None
        if not isinstance(value, str):
            self._add(name, _wrong_type("string", value))
            return None
        time = timestamps.from_wire(value)
        if time is None:
            self._add(name, "Invalid ISO datetime")
        return time


def intersection(*filters: tuple[str, ...]) -> tuple[str, ...] | None:
    """Combine filters on the same property: None when all are empty, which is to filter nothing."""
    given = [names for names in filters if names]
    if not given:
        return None
    common = set(given[0]).intersection(*given[1:])
    return tuple(name for name in given[0] if name in common)


def _wrong_type(expected: str, value: object) -> str:
    return f"Invalid input: expected {expected}, received {_type_name(value)}"


def _type_name(value: object) -> str:
    if value is _MISSING:
        return "undefined"
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
