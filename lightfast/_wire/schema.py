"""Values as pydantic fields: validated by our readers, described by a JSON schema.

Imported when pydantic asks, and never before. The shape of a value's JSON is a schema of its own,
so that OpenAPI lists each value once, under its name:
https://docs.pydantic.dev/latest/concepts/types/#customizing-validation-with-__get_pydantic_core_schema__
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs
from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from lightfast._wire.converter import to_dict
from lightfast._wire.layout import NOT_IN_JSON
from lightfast._wire.revisions import wire_name


def core_schema_of(cls: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    """Return the schema of a value: it takes the value or its JSON, and is written as JSON.

    Args:
        cls: The value's class.
        handler: Makes schemas of other types.
    """

    def read(given: Any) -> Any:
        if isinstance(given, cls):
            return given
        if isinstance(given, Mapping):
            return cls.from_dict(given)
        raise ValueError(f"expected a {cls.__name__} or its JSON object")

    shape = handler.generate_schema(_shape_of(cls))
    return core_schema.no_info_plain_validator_function(
        read,
        json_schema_input_schema=shape,
        serialization=core_schema.plain_serializer_function_ser_schema(
            to_dict, return_schema=shape
        ),
    )


# `types` of SearchFilters is written under two names of the API's, which are fields themselves.
_NOT_WRITTEN = NOT_IN_JSON | {"types"}


@cache
def _shape_of(cls: Any) -> Any:
    """Return a type whose schema is the JSON object that a value is written as."""

    def schema(_: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return _object(cls, shape, handler)

    shape = type(cls.__name__, (), {"__get_pydantic_core_schema__": staticmethod(schema)})
    return shape


def _object(cls: Any, shape: type, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    title = (cls.__doc__ or cls.__name__).partition("\n")[0]
    if not attrs.has(cls):  # headers
        return core_schema.dict_schema(core_schema.str_schema(), core_schema.str_schema())
    attrs.resolve_types(cls)
    fields = [field for field in attrs.fields(cls) if field.name not in _NOT_WRITTEN]
    return core_schema.typed_dict_schema(
        {
            wire_name(field.name): core_schema.typed_dict_field(
                _typed(field.type, handler), required=field.default is attrs.NOTHING
            )
            for field in fields
        },
        extra_behavior="allow",
        ref=f"lightfast.{cls.__name__}:{id(shape)}",
        cls_name=cls.__name__,
        metadata={"pydantic_js_updates": {"title": cls.__name__, "description": title}},
    )


_SCALARS: dict[Any, Callable[[], core_schema.CoreSchema]] = {
    str: core_schema.str_schema,
    int: core_schema.int_schema,
    float: core_schema.float_schema,
    bool: core_schema.bool_schema,
}


def _typed(annotation: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    """Return the schema of a field's JSON."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        inner = [_typed(argument, handler) for argument in arguments if argument is not NoneType]
        schema = inner[0] if len(inner) == 1 else core_schema.union_schema([*inner])
        return core_schema.nullable_schema(schema) if NoneType in arguments else schema
    if origin is tuple:
        return core_schema.list_schema(_typed(arguments[0], handler))
    if origin is Literal:
        return core_schema.literal_schema(list(arguments))
    if annotation is datetime:
        return core_schema.str_schema(metadata={"pydantic_js_updates": {"format": "date-time"}})
    if annotation in _SCALARS:
        return _SCALARS[annotation]()
    if annotation is Any:
        return core_schema.any_schema()
    if issubclass(annotation, Exception):
        return core_schema.dict_schema(core_schema.str_schema())
    return handler.generate_schema(_shape_of(annotation))
