"""camelCase JSON ↔ models: the one cattrs converter.

cattrs decides which hook reads which class; the hooks for our classes are generated, one
straight-line function for each. They check types, keep unknown fields, and stop at the first
thing that is wrong without saying what: `_explain` walks the object again, slowly, to name
the place. Measured on 10 results: 2.5 times `orjson.loads`; cattrs' own hooks, made as
strict, 7 to 8 times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import attrs
import orjson
from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.preconf.orjson import OrjsonConverter, make_converter

from lightfast.exceptions import ConfigurationError
from lightfast.models import (
    DateRange,
    HttpInfo,
    SearchFilters,
    SearchRequest,
    SearchResponse,
)

_T = TypeVar("_T")
_Reader = Callable[[Any, Any], Any]

_OWN_NAMES = {"results": "data"}
_MISSING = object()


class WireError(Exception):
    """The JSON is not what the contract says; `str()` tells where and what."""


def wire_name(name: str) -> str:
    """A field's name in JSON: camelCase, and without the unit that ours carry."""
    if name in _OWN_NAMES:
        return _OWN_NAMES[name]
    head, *rest = name.removesuffix("_ms").split("_")
    return head + "".join(word.capitalize() for word in rest)


# --- how one class is laid out ----------------------------------------------------------------


@attrs.frozen
class _Field:
    """One field of a model, as its reader needs it."""

    name: str
    wire: str
    type: Any
    nullable: bool
    default: Any  # _MISSING where the field is required

    @property
    def required(self) -> bool:
        return self.default is _MISSING


def _layout(cls: type) -> list[_Field]:
    """The fields that are read from JSON, in order."""
    attrs.resolve_types(cls)
    return [_field(field) for field in attrs.fields(cls) if field.name not in {"extra", "http"}]


def _field(field: attrs.Attribute[Any]) -> _Field:
    inner, nullable = _optional(field.type)
    default = _MISSING if field.default is attrs.NOTHING else field.default
    # A sequence that is null holds nothing: the alpha sends null for an empty one.
    nullable = nullable or default == ()
    return _Field(field.name, wire_name(field.name), inner, nullable, default)


def _optional(annotation: Any) -> tuple[Any, bool]:
    """A type without its None, and whether it had one."""
    if get_origin(annotation) in {Union, UnionType}:
        inner = [arg for arg in get_args(annotation) if arg is not NoneType]
        return (inner[0] if len(inner) == 1 else annotation), NoneType in get_args(annotation)
    return annotation, False


# --- one value --------------------------------------------------------------------------------


def _read_str(value: Any, _: Any) -> str:
    if value.__class__ is not str:
        raise TypeError
    return value


def _read_bool(value: Any, _: Any) -> bool:
    if value.__class__ is not bool:
        raise TypeError
    return value


def _read_float(value: Any, _: Any) -> float:
    if value.__class__ is not float and value.__class__ is not int:
        raise TypeError
    return float(value)


def _read_int(value: Any, _: Any) -> int:
    if value.__class__ is float and value.is_integer():  # JSON has one kind of number: 57.0
        return int(value)
    if value.__class__ is not int:
        raise TypeError
    return value


def _read_datetime(value: Any, _: Any) -> datetime:
    at = datetime.fromisoformat(value)
    return at if at.tzinfo is UTC else at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


_EXPECTED = {
    str: "a string",
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    datetime: "an ISO 8601 time",
}


def _is_tuple(annotation: Any) -> bool:
    return get_origin(annotation) is tuple


def _tuple_reader(annotation: Any) -> _Reader:
    """A reader of JSON arrays into tuples."""
    item_type = get_args(annotation)[0]
    read = _converter.get_structure_hook(item_type)

    def read_tuple(value: Any, _: Any) -> tuple[Any, ...]:
        if value.__class__ is not list:
            raise TypeError
        return tuple([read(item, item_type) for item in value])

    return read_tuple


# --- one class --------------------------------------------------------------------------------

# What most values are stands in line: a call for each field would double the time.
_INLINE = {
    str: "type(v) is str: {target} = v",
    bool: "type(v) is bool: {target} = v",
    float: "type(v) is float: {target} = v",
    int: "type(v) is int: {target} = v",
    tuple: "v == []: {target} = ()",
}


def _generate(cls: type[_T]) -> _Reader:
    """A function that reads a JSON object into `cls`."""
    layout = _layout(cls)
    scope: dict[str, Any] = {"_new": _draft(cls), "_cls": cls}
    scope["_known"] = frozenset(field.wire for field in layout)
    lines = [
        "def read(o, _):",
        " if type(o) is not dict: raise TypeError",
        " r = _new()",
        f" n = {sum(field.required for field in layout)}",
    ]
    for field in layout:
        scope[f"_read_{field.name}"] = _converter.get_structure_hook(field.type)
        scope[f"_type_{field.name}"] = field.type
        scope[f"_default_{field.name}"] = field.default
        lines += _field_lines(field)
    lines += [
        " r.extra = {} if len(o) == n else {k: v for k, v in o.items() if k not in _known}",
        *([" r.http = None"] if cls is SearchResponse else []),
        " r.__class__ = _cls",
        " return r",
    ]
    exec("\n".join(lines), scope)  # noqa: S102  # the text is made above, from our own classes
    reader: _Reader = scope["read"]
    return reader


def _field_lines(field: _Field) -> list[str]:
    """The lines that read one field, at the indentation of a function's body."""
    if field.required:
        return [f" v = o[{field.wire!r}]", *_value_lines(field, " ")]
    return [
        f" if {field.wire!r} in o:",
        f"  v = o[{field.wire!r}]; n += 1",
        *_value_lines(field, "  "),
        f" else: r.{field.name} = _default_{field.name}",
    ]


def _value_lines(field: _Field, indent: str) -> list[str]:
    """The lines that read `v` into its place: the likely cases, then a call for the rest."""
    target = f"r.{field.name}"
    branches = []
    inline = _INLINE.get(get_origin(field.type) or field.type)
    if inline:
        branches.append(inline.format(target=target))
    if field.nullable:
        branches.append(
            f"v is None: {target} = " + ("None" if field.required else f"_default_{field.name}")
        )
    branches.append(f"True: {target} = _read_{field.name}(v, _type_{field.name})")
    words = ["if", *["elif"] * (len(branches) - 1)]
    return [f"{indent}{word} {branch}" for word, branch in zip(words, branches, strict=True)]


def _draft(cls: type) -> type:
    """A class laid out like `cls` whose attributes can be set.

    A frozen attrs `__init__` sets each through `object.__setattr__`. Filling a draft and
    then turning it into the frozen class takes two thirds of the time for a result.
    """
    slots = tuple(field.name for field in attrs.fields(cls))
    draft: type = type(cls)(f"_{cls.__name__}Draft", cls.__bases__, {"__slots__": slots})
    # A draft of a Sequence would be abstract; it is never used as one.
    setattr(draft, "__abstractmethods__", frozenset())  # noqa: B010  # typeshed lacks it
    return draft


# --- the converter ----------------------------------------------------------------------------

_SCALARS: dict[Any, _Reader] = {
    str: _read_str,
    bool: _read_bool,
    float: _read_float,
    int: _read_int,
    datetime: _read_datetime,
}


def _write_datetime(value: datetime) -> str:
    """ISO 8601 in UTC with a literal Z: the API accepts no other."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _writer(cls: type) -> Callable[[Any], dict[str, Any]]:
    """A function that writes a model as JSON's objects, unknown fields among the known."""
    overrides = {field.name: override(rename=wire_name(field.name)) for field in attrs.fields(cls)}
    if cls is SearchRequest:
        overrides["filters"] = override(omit_if_default=True)
    for name in {"extra", "http"} & overrides.keys():
        overrides[name] = override(omit=True)
    write: Callable[[Any], dict[str, Any]] = make_dict_unstructure_fn(
        cls,
        _converter,
        _cattrs_omit_if_default=cls in {SearchFilters, DateRange},
        **overrides,  # type: ignore[arg-type]  # mypy matches ** with every keyword
    )
    if "extra" not in overrides:
        return write
    return lambda value: write(value) | value.extra


def _make_converter() -> OrjsonConverter:
    converter = make_converter()
    for type_, reader in _SCALARS.items():
        converter.register_structure_hook(type_, reader)
    converter.register_unstructure_hook(datetime, _write_datetime)
    converter.register_structure_hook_factory(_is_tuple, _tuple_reader)
    converter.register_structure_hook_factory(attrs.has, _generate)
    converter.register_unstructure_hook_factory(attrs.has, _writer)
    return converter


_converter = _make_converter()


# --- the calls --------------------------------------------------------------------------------


def write_search(request: SearchRequest) -> bytes:
    """A search as the body of its request.

    Raises:
        ConfigurationError: It holds something that JSON cannot.
    """
    body = _converter.unstructure(request)
    filters = request.extra.get("filters")
    if request.filters is not None and isinstance(filters, Mapping):
        body["filters"] = _converter.unstructure(request.filters) | filters
    return write_json(body)


def write_json(value: Any) -> bytes:
    """Any value as JSON.

    Raises:
        ConfigurationError: It holds something that JSON cannot.
    """
    try:
        return orjson.dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"The request cannot be written as JSON: {error}.") from None


def read_json(body: bytes) -> Any:
    """A body's JSON.

    Raises:
        WireError: It is none.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise WireError(f"$: not JSON ({error.msg} at character {error.pos})") from None


def read_search(body: bytes, http: HttpInfo | None = None) -> SearchResponse:
    """A search's answer, in either of the shapes that the alpha sends.

    Args:
        body: The bytes of a 200.
        http: How they came.

    Raises:
        WireError: They are not an answer.
    """
    document = read_json(body)
    if document.__class__ is dict and "data" not in document and "results" in document:
        document = _from_second_shape(document)
    response = _structure(document, SearchResponse)
    object.__setattr__(response, "http", http)  # nobody else has seen this value yet
    return response


def _structure(document: Any, cls: type[_T]) -> _T:
    try:
        result: _T = _converter.structure(document, cls)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        problems = _explain(document, cls, "$")
        raise WireError(next(problems, f"$: not a {cls.__name__}")) from None
    return result


def _from_second_shape(document: dict[str, Any]) -> dict[str, Any]:
    """`results` and `total` at the top (2026-04-04) as `data` and `meta`."""
    rest = {key: value for key, value in document.items() if key not in {"results", "total"}}
    results = document["results"]
    counted = len(results) if isinstance(results, list) else 0
    meta = {"total": document.get("total", counted)}
    return {"data": results, "meta": meta, **rest}


def to_dict(value: Any) -> dict[str, Any]:
    """A model as the JSON it came from, unknown fields included.

    Args:
        value: A response, a result, a request, or any other of this package's values.

    Returns:
        A dict of plain JSON types, under the API's own names.
    """
    if not attrs.has(type(value)):
        raise ConfigurationError(f"to_dict() takes a lightfast value, not {type(value).__name__}.")
    document: dict[str, Any] = _converter.unstructure(value)
    return document


# --- what is wrong ----------------------------------------------------------------------------


def _explain(value: Any, type_: Any, path: str) -> Iterator[str]:
    """What in a value does not fit a type, as `path: problem`, depth first."""
    if attrs.has(type_):
        yield from _explain_object(value, type_, path)
    elif _is_tuple(type_):
        if not isinstance(value, list):
            yield f"{path}: expected an array, got {_describe(value)}"
        else:
            for index, item in enumerate(value):
                yield from _explain(item, get_args(type_)[0], f"{path}[{index}]")
    else:
        try:
            _converter.structure(value, type_)
        except (AttributeError, OverflowError, TypeError, ValueError):
            yield f"{path}: expected {_EXPECTED.get(type_, type_)}, got {_describe(value)}"


def _explain_object(value: Any, cls: type, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected an object, got {_describe(value)}"
        return
    for field in _layout(cls):
        here = f"{path}.{field.wire}"
        if field.wire not in value:
            if field.required:
                yield f"{here}: missing"
        elif value[field.wire] is not None or not field.nullable:
            yield from _explain(value[field.wire], field.type, here)


def _describe(value: Any) -> str:
    names = {NoneType: "null", dict: "an object", list: "an array", bool: "a boolean"}
    return names.get(type(value)) or f"{value!r:.40}"
