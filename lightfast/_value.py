"""Base of all values: conversion to and from JSON, and pydantic support.

The work is done elsewhere and imported when it is asked for: the converter takes 50 ms to
import and knows the values, and pydantic may not be installed at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, Self

__all__ = ["Value"]


class Value:
    """Base of all values: immutable, and JSON under the API's own names."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the value as the API's JSON: plain types, unknown fields included."""
        document: dict[str, Any] = import_module("lightfast._wire.converter").to_dict(self)
        return document

    def to_json(self) -> str:
        """Return `to_dict` as a JSON text."""
        text: bytes = import_module("lightfast._wire.converter").write_json(self.to_dict())
        return text.decode()

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read a value back from what `to_dict` returned, or from the API's own JSON.

        Args:
            document: A JSON object. Fields that this version does not know are kept in `extra`.

        Raises:
            ConfigurationError: The object is not such a value; the message names the place.
        """
        value: Self = import_module("lightfast._wire.converter").from_dict(cls, document)
        return value

    # With these two `dict(value)` is the same as `value.to_dict()`: what encoders try that know
    # neither attrs nor this package, such as FastAPI's `jsonable_encoder`.

    def keys(self) -> Iterable[str]:
        """Return the names of the fields in JSON, for `dict(value)`."""
        return self.to_dict().keys()

    def __getitem__(self, name: str) -> Any:
        return self.to_dict()[name]

    __iter__: Any = None  # else `__getitem__` would make a sequence of every value

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Callable[[Any], Any]) -> Any:
        return import_module("lightfast._wire.schema").core_schema_of(cls, handler)
