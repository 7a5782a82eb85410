"""camelCase JSON ↔ models: the one cattrs converter, and the calls that use it."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any, TypeVar

import attrs
import orjson
from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.preconf.orjson import OrjsonConverter, make_converter

from lightfast._value import Value
from lightfast._wire import queries, revisions
from lightfast._wire.explain import deviations, explain, missing_field
from lightfast._wire.layout import NOT_IN_JSON, SCALARS, is_array
from lightfast._wire.revisions import wire_name
from lightfast._wire.structure import array_reader, noticed, object_reader
from lightfast.exceptions import ConfigurationError, Drift, LightfastError
from lightfast.models import Cluster, Headers, HttpInfo, SearchResponse, SearchResult
from lightfast.queries import DateRange, SearchFilters, SearchRequest

_Source = TypeVar("_Source")
_Value = TypeVar("_Value", bound=Value)


class WireError(Exception):
    """The JSON is not what the contract says; `str()` tells where and what."""


# --- the converter ----------------------------------------------------------------------------


def _make_converter() -> OrjsonConverter:
    converter = make_converter()
    for type_, reader in SCALARS.items():
        converter.register_structure_hook(type_, reader)
    converter.register_structure_hook_factory(is_array, lambda t: array_reader(t, converter))
    converter.register_structure_hook_factory(attrs.has, lambda t: object_reader(t, converter))
    converter.register_unstructure_hook(datetime, queries.write_datetime)
    converter.register_unstructure_hook(Headers, dict)
    converter.register_unstructure_hook_func(_is_error, _write_error)
    converter.register_unstructure_hook_factory(attrs.has, lambda t: _writer(t, converter))
    converter.register_unstructure_hook(DateRange, queries.write_date_range)
    converter.register_unstructure_hook(SearchFilters, queries.write_filters)
    converter.register_unstructure_hook(SearchRequest, queries.write_request)
    return converter


def _is_error(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, LightfastError)


def _write_error(error: LightfastError) -> dict[str, Any]:
    """Return an error's facts: what it is, what it says, and what the server called it."""
    facts = {
        "type": type(error).__name__,
        "message": error.message,
        "status": getattr(error, "status", None),
        "code": getattr(error, "code", None),
        "requestId": error.request_id,
        "retryable": error.retryable,
        "attempts": error.attempts,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


def _writer(cls: type, converter: OrjsonConverter) -> Callable[[Any], dict[str, Any]]:
    """Return a function that writes a model as a JSON object, unknown fields among the known."""
    overrides: dict[str, Any] = {
        field.name: override(
            rename=wire_name(field.name),
            omit=field.name in NOT_IN_JSON,
            omit_if_default=field.name not in _ALWAYS.get(cls, ()),
        )
        for field in attrs.fields(cls)
    }
    write: Callable[[Any], dict[str, Any]] = make_dict_unstructure_fn(cls, converter, **overrides)
    return (lambda value: write(value) | value.extra) if "extra" in overrides else write


# What the contract always sends, though we have a default for it.
_ALWAYS: dict[type, set[str]] = {
    SearchResult: {"url", "occurred_at"},
    Cluster: {"topic", "summary", "keywords"},
}

_converter = _make_converter()
_response_reader = _converter.get_structure_hook(SearchResponse)


# --- out --------------------------------------------------------------------------------------


def write_search(request: SearchRequest) -> bytes:
    """Write a search as the body of its request.

    Raises:
        ConfigurationError: It holds something that JSON cannot.
    """
    return write_json(queries.write_request(request))


def write_json(value: Any) -> bytes:
    """Write any value as JSON.

    Raises:
        ConfigurationError: It holds something that JSON cannot.
    """
    try:
        return orjson.dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        problem = str(error)
    raise ConfigurationError(f"The request cannot be written as JSON: {problem}.")


def to_dict(value: Any) -> dict[str, Any]:
    """Return a value of this package as the API's JSON, unknown fields included.

    Args:
        value: A response, a result, a request, or any other of the values.

    Returns:
        A dict of plain JSON types, under the API's own names.

    Raises:
        ConfigurationError: It is not a value of this package.
    """
    if not isinstance(value, Value):
        raise ConfigurationError(f"to_dict() takes a lightfast value, not {type(value).__name__}.")
    document: dict[str, Any] = _converter.unstructure(value)
    return document


def from_dict(cls: type[_Value], document: Mapping[str, Any]) -> _Value:
    """Read a value from its JSON object.

    Raises:
        ConfigurationError: The object is not such a value.
    """
    if not isinstance(document, Mapping):
        raise ConfigurationError(
            f"{cls.__name__}.from_dict() takes a JSON object, not {type(document).__name__}."
        )
    if cls in _QUERIES:
        return _QUERIES[cls](document)  # type: ignore[no-any-return]
    if not hasattr(cls, "extra"):
        raise ConfigurationError(f"A {cls.__name__} cannot be read back from JSON.")

    try:
        if cls is SearchResponse:
            return _read_response(_copy, document)  # type: ignore[return-value]
        reader = _converter.get_structure_hook(cls)
        return _read(reader, _copy(document), cls, _copy, document)
    except RecursionError:
        problem = "it is nested too deeply"
    except WireError as error:
        problem = str(error)
    raise ConfigurationError(f"This is not a {cls.__name__}: {problem}.")


def _copy(document: Mapping[str, Any]) -> dict[str, Any]:
    return deepcopy(dict(document))


_QUERIES: dict[Any, Callable[[Mapping[str, Any]], Any]] = {
    SearchRequest: queries.read_request,
    SearchFilters: queries.read_filters,
    DateRange: queries.read_date_range,
}


# --- in ---------------------------------------------------------------------------------------


def read_json(body: bytes) -> Any:
    """Parse a body.

    Raises:
        WireError: It is not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        problem = f"$: not JSON ({error.msg} at character {error.pos})"
    if body.startswith(BOM_UTF8) and not body.startswith(BOM_UTF8 * 2):
        return read_json(body.removeprefix(BOM_UTF8))  # a reader may ignore it: RFC 8259 §8.1
    # Raised out here: orjson's error holds the whole body, and must not hang on ours.
    raise WireError(problem)


def read_search(body: bytes, http: HttpInfo | None = None) -> SearchResponse:
    """Read a search's answer, in the shape of either revision.

    Args:
        body: The bytes of a 200.
        http: Facts about the HTTP response.

    Raises:
        WireError: They are not an answer to a search.
    """
    response = _read_response(read_json, body)
    object.__setattr__(response, "http", http)  # only we have seen this value yet
    return response


def _read_response(parse: Callable[[_Source], Any], source: _Source) -> SearchResponse:
    """Read an answer to a search, in the shape of either revision."""
    document = parse(source)
    if type(document) is dict and revisions.is_second_revision(document):
        return _read_second_revision(document, parse, source)
    response = _read(_response_reader, document, SearchResponse, parse, source)
    if not noticed.drift:
        return response
    del document, response  # a large answer must not be in memory twice
    return _read_with_drift(parse, source)


def _read_with_drift(parse: Callable[[_Source], Any], source: _Source) -> SearchResponse:
    """Read an answer that deviates, parsed anew because its arrays were used up."""
    document = parse(source)
    drift = deviations(document, SearchResponse)
    response = _read(_response_reader, document, SearchResponse, parse, source)
    noticed.drift = False
    object.__setattr__(response, "drift", drift)
    return response


def _read_second_revision(
    document: dict[str, Any], parse: Callable[[_Source], Any], source: _Source
) -> SearchResponse:
    def parse_again(source: _Source) -> Any:
        return revisions.from_second_revision(parse(source))

    translated = revisions.from_second_revision(document)
    drift = _second_drift(document, translated)
    document.clear()
    try:
        response = _read(_response_reader, translated, SearchResponse, parse_again, source)
    except WireError as error:
        raise WireError(revisions.second_path(str(error))) from None
    noticed.drift = False
    object.__setattr__(response, "revision", revisions.SECOND)
    object.__setattr__(response, "drift", drift)
    return response


def _second_drift(document: dict[str, Any], translated: dict[str, Any]) -> tuple[Drift, ...]:
    """Return how an answer of 2026-04-04 deviates, beside that it has no `meta`."""
    found = [revisions.REVISION_DRIFT]
    for each in deviations(translated, SearchResponse):
        if not each.path.startswith("$.meta"):
            found.append(attrs.evolve(each, path=revisions.second_path(each.path)))
    if "total" not in document:
        found.append(missing_field("$.total"))
    return tuple(found)


def _read(
    reader: Callable[[Any, Any], _Value],
    document: Any,
    cls: type[_Value],
    parse: Callable[[_Source], Any],
    source: _Source,
) -> _Value:
    """Read a JSON document into a value, or say what in it does not fit.

    Args:
        reader: Reads the document, and uses it up.
        document: The document.
        cls: The value's class.
        parse: Makes the document anew of its source.
        source: The source.
    """
    try:
        return reader(document, cls)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        if isinstance(document, dict):
            document.clear()  # a large one must not be in memory twice
    noticed.drift = False
    raise WireError(next(explain(parse(source), cls, "$"), f"$: not a {cls.__name__}"))
