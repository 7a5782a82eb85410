"""Faults as JSON: ``{"name": "rate_limited", "retryAfter": 1, "times": 2}``. Pure."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.faults import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightfast.emulator.faults.faults import Fault

__all__ = ["FAULTS", "fault_from"]

FAULTS: dict[str, Callable[..., Fault]] = {
    name: getattr(faults, name) for name in faults.__all__ if name != "Fault"
}
_LIMITS = {"status": (200, 599), "times": (1, 1000), "seconds": (0, 3600), "retry_after": (0, 3600)}

_TYPES: dict[str, tuple[type, ...]] = {
    "body": (str,),
    "code": (str,),
    "content_type": (str,),
    "details": (dict,),
    "headers": (dict,),
    "message": (str, type(None)),
    "midway": (bool,),
    "retry_after": (int, float, type(None)),
    "seconds": (int, float),
    "status": (int,),
    "times": (int,),
}
_CAPITAL = re.compile(r"(?<=[a-z])([A-Z])")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


def fault_from(spec: Any) -> Fault:
    """Return the fault that a JSON object describes.

    Raises:
        EmulatorError: It does not describe one.
    """
    if not isinstance(spec, dict):
        raise EmulatorError('A fault must be an object such as {"name": "rate_limited"}.')
    given = {_CAPITAL.sub(r"_\1", name).lower(): value for name, value in spec.items()}
    name, times = given.pop("name", None), given.pop("times", 1)
    if not isinstance(name, str) or name not in FAULTS:
        raise EmulatorError(f"`name` of a fault must be one of {', '.join(FAULTS)}.")
    create = FAULTS[name]
    unknown = given.keys() - inspect.signature(create).parameters
    if unknown:
        raise EmulatorError(f"The fault {name!r} does not take {', '.join(sorted(unknown))}.")
    for argument, value in {**given, "times": times}.items():
        _check(argument, value)
    try:
        fault: Fault = create(**given)
    except (TypeError, ValueError) as error:
        raise EmulatorError(f"The fault {name!r}: {error}.") from None
    return fault * int(times)


def _check(argument: str, value: Any) -> None:
    types = _TYPES[argument]
    if not _is_of(value, types):
        raise EmulatorError(f"`{argument}` of a fault has the wrong type.")
    if argument in _LIMITS and value is not None:
        low, high = _LIMITS[argument]
        if not low <= value <= high:
            raise EmulatorError(f"`{argument}` of a fault must be between {low} and {high}.")
    if argument == "headers" and not all(map(_is_header, value.items())):
        raise EmulatorError("`headers` of a fault must be an object of valid header values.")


def _is_of(value: Any, types: tuple[type, ...]) -> bool:
    return bool in types if isinstance(value, bool) else isinstance(value, types)


def _is_header(item: tuple[str, Any]) -> bool:
    name, value = item
    return bool(
        isinstance(value, str) and _HEADER.fullmatch(name) and _HEADER_VALUE.fullmatch(value)
    )
