"""JSON objects into attrs classes: checked, unknown fields kept, and fast.

For each class one function is generated that reads a whole array of its objects, and one
that reads a single object; both are straight-line code. They stop at the first thing that
is wrong without saying what: `explain` walks the document again, slowly, to name the place.

Measured on ten results: 2.7 times what `orjson.loads` alone takes for the same bytes; cattrs'
own hooks, made as strict and as lenient, take 8 times.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, get_args, get_origin

import attrs
import orjson
from cattrs import Converter

from lightfast._wire.layout import NOT_IN_JSON, REQUIRED, Field, Reader, is_array, layout
from lightfast._wire.revisions import EXTENSIONS


class _Noticed(threading.local):
    """Flag of this thread: something that deviates was read since the last look."""

    drift = False


noticed = _Noticed()

# --- readers ----------------------------------------------------------------------------------


def array_reader(annotation: Any, converter: Converter) -> Reader:
    """Return a reader of JSON arrays into tuples."""
    item_type = get_args(annotation)[0]
    if attrs.has(item_type):
        return _generate(item_type, converter, _insert(_ARRAY, item="o"))
    item = Field("item", "", item_type, nullable=False, default=REQUIRED)
    body = "\n".join(_value_lines(item, "r"))
    return _compile(_insert(_ARRAY, item="v", body=body), _scope_of([item], converter))


def object_reader(cls: type, converter: Converter) -> Reader:
    """Return a reader of JSON objects into an attrs class."""
    return _generate(cls, converter, _OBJECT)


# --- generated readers ------------------------------------------------------------------------

_OBJECT = """\
def read(o, _):
    {body}
    return r
"""

# Reading an array within one function saves a call for each object: 4 % of an answer.
# A long one is used up, so that each object is freed once it has been read. The garbage collector
# runs after so many more objects were made than freed: 8 % of 100 results, if they were kept.
# To use up all arrays, short ones too, is 2 % slower.
_ARRAY = """\
def read(a, _):
    if type(a) is not list: raise TypeError
    found = []
    for {item} in a if len(a) < 64 else used_up(a):
        {body}
        found.append(r)
    return tuple(found)
"""


def _used_up(array: list[Any]) -> Iterator[Any]:
    """Yield the items of an array, each of which is gone from it by then."""
    array.reverse()
    while array:
        yield array.pop()


# An object with as many fields as we know is first read as if it had just these: 9 %.
_BODY = """\
if type(o) is not dict: raise TypeError
r = new()
{constant}
if len(o) == {count}:
    try:
        {dense}
    except KeyError:
        fill(o, r)
else:
    fill(o, r)
r.__class__ = cls"""

_FILL = """\
def fill(o, r):
    n = {required}
    {sparse}
    if len(o) != n:
        r.extra = {{k: o[k] for k in o if k not in known}}
        if not extensions.issuperset(r.extra): noticed.drift = True
"""

_NOTICE = "; noticed.drift = True"

# What most values are stands in line: a call for each field would double the time.
# A time that ends in Z is looked at by its last character: to cut a text of it takes 1 % more.
# To compare an array with an empty one, which has to be made, takes 1 % more.
_INLINE: dict[Any, tuple[str, ...]] = {
    str: ("type(v) is str: {target} = v",),
    bool: ("type(v) is bool: {target} = v",),
    float: ("type(v) is float: {target} = v", "type(v) is int: {target} = float(v)"),
    int: ("type(v) is int: {target} = v",),
    tuple: ("type(v) is list and not v: {target} = ()",),
    datetime: ("type(v) is str and v and v[-1] == 'Z': {target} = from_iso(v)",),
}


def _generate(cls: type, converter: Converter, template: str) -> Reader:
    fields = layout(cls)
    scope = _scope_of(fields, converter) | {
        "new": _draft(cls),
        "cls": cls,
        "noticed": noticed,
        "extensions": EXTENSIONS.get(cls.__name__, frozenset()),
        "known": frozenset(field.wire for field in fields),
    }
    fill = _insert(
        _FILL,
        required=str(sum(field.default is REQUIRED for field in fields)),
        sparse="\n".join(line for field in fields for line in _sparse_lines(field)),
    )
    rest = [f for f in attrs.fields(cls) if f.name in NOT_IN_JSON and f.name != "extra"]
    scope |= {f"default_{field.name}": field.default for field in rest}
    body = _insert(
        _BODY,
        constant="\n".join(f"r.{field.name} = default_{field.name}" for field in rest) or "pass",
        count=str(len(fields)),
        dense="\n".join(_dense(fields)),
    )
    return _compile(fill + _insert(template, body=body), scope)


def _compile(source: str, scope: dict[str, Any]) -> Reader:
    exec(source, scope)  # noqa: S102  # ours
    reader: Reader = scope["read"]
    return reader


def _scope_of(fields: Sequence[Field], converter: Converter) -> dict[str, Any]:
    """Return the names that the lines of these fields use."""
    scope: dict[str, Any] = {
        "from_iso": datetime.fromisoformat,
        "missing": object(),
        "used_up": _used_up,
    }
    for field in fields:
        scope[f"read_{field.name}"] = converter.get_structure_hook(field.type)
        scope[f"key_{field.name}"] = _key(field.wire)
        scope[f"type_{field.name}"] = field.type
        scope[f"default_{field.name}"] = field.default
    return scope


def _key(name: str) -> str:
    """Return a key as it stands in the documents that orjson makes.

    orjson keeps the keys that it has met. A dict that is asked for the same object need not
    compare texts: 5 % of an answer.
    """
    (key,) = orjson.loads(orjson.dumps({name: None}))
    return str(key)


def _insert(template: str, **texts: str) -> str:
    """Return a template with texts in its places, each line indented as its place is."""
    for name, text in texts.items():
        before, _, after = template.partition("{" + name + "}")
        indent = before.rpartition("\n")[2]
        template = before + text.replace("\n", "\n" + indent) + after
    return template.replace("{{", "{").replace("}}", "}")


def _sparse_lines(field: Field) -> list[str]:
    """Return the lines that read one field of `o`, which may be missing, and count it in `n`."""
    if field.default is REQUIRED:
        # Not a KeyError, for which a surrounding object would read its arrays once more.
        return [f"v = o.get(key_{field.name}, missing)", *_value_lines(field, f"r.{field.name}")]
    return [
        f"if key_{field.name} in o:",
        " n += 1",
        *(f" {line}" for line in _dense_lines(field)),
        f"else: r.{field.name} = default_{field.name}{_NOTICE if field.promised else ''}",
    ]


def _dense(fields: Sequence[Field]) -> list[str]:
    """Return the lines that read all fields of `o`, or raise KeyError with nothing used up."""
    nested = [field for field in fields if attrs.has(field.type) or is_array(field.type)]
    single = [field for field in fields if field not in nested]
    return [
        *(line for field in single for line in _dense_lines(field)),
        *(f"v_{field.name} = o[key_{field.name}]" for field in nested),
        *(
            line
            for field in nested
            for line in (f"v = v_{field.name}", *_value_lines(field, f"r.{field.name}"))
        ),
    ]


def _dense_lines(field: Field) -> list[str]:
    """Return the lines that read one field of `o` into `r`."""
    return [f"v = o[key_{field.name}]", *_value_lines(field, f"r.{field.name}")]


def _value_lines(field: Field, target: str) -> list[str]:
    """Return the lines that read `v` into a target: the likely cases, then a call for the rest."""
    inline = _INLINE.get(get_origin(field.type) or field.type, ())
    cases = [case.format(target=target) for case in inline]
    if field.nullable:
        null = "None" if field.default is REQUIRED else f"default_{field.name}"
        cases.append(f"v is None: {target} = {null}{'' if field.null_promised else _NOTICE}")
    lines = [f"{'elif' if index else 'if'} {case}" for index, case in enumerate(cases)]
    rest = f"{target} = read_{field.name}(v, type_{field.name})"
    return [*lines, f"else: {rest}" if lines else rest]


def _draft(cls: type) -> type:
    """Return `cls` without its `__init__`, and not frozen.

    A frozen attrs `__init__` sets each field through `object.__setattr__`. Filling a draft and
    turning it into the frozen class takes a third of the time.
    """
    plain = {name: getattr(object, name) for name in ("__init__", "__setattr__", "__delattr__")}
    return type(cls)(f"_{cls.__name__}Draft", (cls,), {"__slots__": (), **plain})
