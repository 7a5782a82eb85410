"""Checks of numbers and hooks, shared by everything that takes them."""

from __future__ import annotations

import math
from contextlib import suppress
from inspect import iscoroutinefunction
from operator import index
from typing import SupportsIndex, TypeVar

from lightfast.exceptions import ConfigurationError

_HookT = TypeVar("_HookT")


def check_number(name: str, value: object) -> float:
    """Return a finite number of 0 or more.

    Raises:
        ConfigurationError: The value is not one. A bool is not a number.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value < math.inf:  # type: ignore[operator]
        raise ConfigurationError(f"`{name}` must be 0 or more, not {value!r:.40}.")
    return value  # type: ignore[return-value]  # checked above


def check_whole(name: str, value: object, low: int, high: float = math.inf) -> int:
    """Return a whole number from `low` to `high`, or what stands for one (numpy's integers).

    Raises:
        ConfigurationError: The value is not one. A bool is not a number.
    """
    number = None
    if isinstance(value, SupportsIndex) and not isinstance(value, bool):
        with suppress(TypeError):  # numpy's arrays have an __index__, too
            number = index(value)
    if number is None or not low <= number <= high:
        bounds = f"of {low} or more" if high == math.inf else f"from {low} to {high}"
        raise ConfigurationError(f"`{name}` must be a whole number {bounds}, not {value!r:.40}.")
    return number


def check_seconds(name: str, value: object) -> float | None:
    """Return a time limit in seconds, or None for no limit.

    Raises:
        ConfigurationError: The value is neither None nor a number above 0.
    """
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not value > 0:  # type: ignore[operator]  # nan fails, too
        raise ConfigurationError(
            f"`{name}` must be a number of seconds above 0, or None for no limit, "
            f"not {value!r:.40}."
        )
    return None if value == math.inf else float(value)  # type: ignore[arg-type]


def check_hook(name: str, value: _HookT) -> _HookT:
    """Return a callable, or None.

    Raises:
        ConfigurationError: The value is neither, or would have to be awaited.
    """
    if is_async(value):
        raise ConfigurationError(f"`{name}` is called, not awaited; give a plain function.")
    if value is None or callable(value):
        return value
    raise ConfigurationError(f"`{name}` must be callable, not {value!r:.40}.")


def is_async(function: object) -> bool:
    """Tell whether what a callable returns has to be awaited, as far as that can be seen."""
    call = getattr(function, "__call__", None)  # noqa: B004  # an object whose __call__ is async
    return iscoroutinefunction(function) or iscoroutinefunction(call)
