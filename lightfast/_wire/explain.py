"""Second look at a JSON document, slow and in words: what is wrong in it, and what deviates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from types import NoneType
from typing import Any, get_args

import attrs

from lightfast._text import printable
from lightfast._wire.layout import REQUIRED, SCALARS, is_array, layout
from lightfast._wire.revisions import EXTENSIONS
from lightfast.exceptions import Drift

_EXPECTED = {
    str: "a string",
    bool: "true or false",
    float: "a number",
    int: "a number",
    datetime: "an ISO 8601 time",
}

# --- what is wrong ----------------------------------------------------------------------------


def explain(value: Any, type_: Any, path: str) -> Iterator[str]:
    """Yield what in a value does not fit a type, as `path: problem`, depth first."""
    if attrs.has(type_):
        yield from _explain_object(value, type_, path)
    elif is_array(type_):
        yield from _explain_array(value, get_args(type_)[0], path)
    else:
        try:
            SCALARS[type_](value, type_)
        except (OverflowError, TypeError, ValueError):
            yield f"{path}: expected {_EXPECTED[type_]}, got {_describe(value)}"


def _explain_array(value: Any, item_type: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: expected an array, got {_describe(value)}"
        return
    for index, item in enumerate(value):
        yield from explain(item, item_type, f"{path}[{index}]")


def _explain_object(value: Any, cls: type, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected an object, got {_describe(value)}"
        return
    for field in layout(cls):
        here = f"{path}.{field.wire}"
        if field.wire not in value:
            if field.default is REQUIRED:
                yield f"{here}: missing"
        elif value[field.wire] is not None or not field.nullable:
            yield from explain(value[field.wire], field.type, here)


def _describe(value: Any) -> str:
    names = {NoneType: "null", dict: "an object", list: "an array", bool: "a boolean"}
    return names.get(type(value)) or f"{value!r:.40}"


# --- what deviates ----------------------------------------------------------------------------

# Bounds what one answer can make us look at and keep; more than these say nothing new.
_MOST_ITEMS = 100
_MOST_DRIFT = 20


def deviations(value: Any, type_: Any) -> tuple[Drift, ...]:
    """Return how a document deviates from the pinned revision.

    What several items of an array have in common is listed once.
    """
    found = dict.fromkeys(_deviations(value, type_, "$"))
    return tuple(islice(found, _MOST_DRIFT))


def missing_field(path: str) -> Drift:
    """Return the deviation that a field is not there."""
    return Drift("missing_field", path, "missing, though the pinned revision promises it")


def _deviations(value: Any, type_: Any, path: str) -> Iterator[Drift]:
    if attrs.has(type_):
        if isinstance(value, dict):
            yield from _object_deviations(value, type_, path)
    elif is_array(type_) and isinstance(value, list):
        item_type = get_args(type_)[0]
        for item in islice(value, _MOST_ITEMS):
            yield from _deviations(item, item_type, f"{path}[]")


def _object_deviations(value: dict[str, Any], cls: type, path: str) -> Iterator[Drift]:
    fields = layout(cls)
    for field in fields:
        here = f"{path}.{field.wire}"
        if field.wire not in value:
            if field.promised:
                yield missing_field(here)
        elif value[field.wire] is not None:
            yield from _deviations(value[field.wire], field.type, here)
        elif not field.null_promised:
            yield Drift("null_field", here, "null, though the pinned revision promises a value")
    known = {field.wire for field in fields} | EXTENSIONS.get(cls.__name__, frozenset())
    for name in islice((key for key in value if key not in known), _MOST_DRIFT):
        here = f"{path}.{printable(name, 60)}"
        yield Drift("unknown_field", here, "not a field of the pinned revision")
