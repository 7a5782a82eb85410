"""Layout of the models in JSON: fields, their wire names and types, and readers of single values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import attrs

from lightfast._wire.revisions import NULLABLE, PROMISED, wire_name

Reader = Callable[[Any, Any], Any]
"""A cattrs structure hook: (value, type) → the value read."""

REQUIRED = object()
"""The default of a field that has none."""

NOT_IN_JSON = {"extra", "http", "revision", "drift"}
"""Fields of the models that are not fields of the JSON object."""


@attrs.frozen
class Field:
    """One field of a class, as reading it needs it.

    Args:
        name: Its name in Python.
        wire: Its name in JSON.
        type: Its type, without None.
        nullable: Whether null is read.
        default: Its value when it is missing; `REQUIRED` where that is an error.
        promised: Whether the pinned revision promises it, though it may be missing.
        null_promised: Whether the pinned revision has null in it.
    """

    name: str
    wire: str
    type: Any
    nullable: bool
    default: Any
    promised: bool = False
    null_promised: bool = True


@cache
def layout(cls: type) -> tuple[Field, ...]:
    """Return the fields that are read from JSON, in order."""
    attrs.resolve_types(cls)
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)
    return tuple(_field(cls, field) for field in fields if field.name not in NOT_IN_JSON)


def _field(cls: type, field: attrs.Attribute[Any]) -> Field:
    inner, nullable = _optional(field.type)
    default = REQUIRED if field.default is attrs.NOTHING else field.default
    return Field(
        field.name,
        wire_name(field.name),
        inner,
        # An array that is null holds nothing: the alpha sends null for an empty one.
        nullable or default == (),
        default,
        field.name in PROMISED.get(cls.__name__, ()),
        field.name in NULLABLE.get(cls.__name__, ()),
    )


def _optional(annotation: Any) -> tuple[Any, bool]:
    """Return a type without its None, and whether it had one."""
    if get_origin(annotation) in {Union, UnionType}:
        (inner,) = (arg for arg in get_args(annotation) if arg is not NoneType)
        return inner, True
    return annotation, False


def is_array(annotation: Any) -> bool:
    """Tell whether a type is read from a JSON array."""
    return get_origin(annotation) is tuple


# --- single values ----------------------------------------------------------------------------


def _read_str(value: Any, _: Any) -> str:
    if type(value) is not str:
        raise TypeError
    return value


def _read_bool(value: Any, _: Any) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value


def _read_float(value: Any, _: Any) -> float:
    if type(value) is not float and type(value) is not int:
        raise TypeError
    return float(value)


def _read_int(value: Any, _: Any) -> int:
    # The contract types what counts as `number`: 57.0 is 57, and 57.5 no reason to lose an answer.
    if type(value) is not int and type(value) is not float:
        raise TypeError
    return int(value)


def _read_datetime(value: Any, _: Any) -> datetime:
    at = datetime.fromisoformat(value)
    return at if at.tzinfo is UTC else at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


SCALARS: dict[type, Reader] = {
    str: _read_str,
    bool: _read_bool,
    float: _read_float,
    int: _read_int,
    datetime: _read_datetime,
}
