"""Drift as its readers want it: logged once, handed to a callable, or raised."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from lightfast._validate import check_hook
from lightfast._wire.drift import REPEATED_PAGE, ignored_options
from lightfast.exceptions import ConfigurationError, Drift, DriftError
from lightfast.models import SearchResponse
from lightfast.queries import SearchRequest

OnDrift: TypeAlias = Callable[[Drift], object] | Literal["raise"]
"""What to do with each deviation: a callable to call, or ``"raise"``."""

_log = logging.getLogger("lightfast.drift")
_logged: set[str] = set()


def check_on_drift(value: OnDrift | None) -> OnDrift | None:
    """Return what to do with drift.

    Raises:
        ConfigurationError: It is neither a plain callable nor ``"raise"``.
    """
    if value is None or value == "raise":
        return value
    if callable(value):
        return check_hook("on_drift", value)
    raise ConfigurationError(f'`on_drift` takes a callable or "raise", not {value!r:.40}.')


def report(drift: Sequence[Drift], on_drift: OnDrift | None) -> None:
    """Log the first deviation of each kind in this process, and hand all of them on."""
    for deviation in drift:
        if deviation.kind not in _logged:
            _logged.add(deviation.kind)
            _log.warning(
                "the API has moved: %s (logged once; `response.drift` lists all of an answer)",
                deviation,
            )
        if callable(on_drift):
            on_drift(deviation)


def settle(request: SearchRequest, response: SearchResponse, on_drift: OnDrift | None) -> None:
    """Complete an answer's drift by the options it ignored, and report it.

    Raises:
        DriftError: There is any, and `on_drift` is ``"raise"``.
    """
    drift = (*response.drift, *ignored_options(request, response))
    if drift:
        object.__setattr__(response, "drift", drift)  # only we have seen this value yet
        _report_or_raise(drift, response, on_drift)


def settle_repeated(page: SearchResponse, on_drift: OnDrift | None) -> None:
    """Report that a page repeats those before it, unless it has shown that itself.

    Raises:
        DriftError: `on_drift` is ``"raise"``.
    """
    if all(deviation.path != REPEATED_PAGE.path for deviation in page.drift):
        _report_or_raise((REPEATED_PAGE,), page, on_drift)


def _report_or_raise(
    drift: tuple[Drift, ...], response: SearchResponse, on_drift: OnDrift | None
) -> None:
    report(drift, on_drift)
    if on_drift == "raise":
        more = f", and {len(drift) - 1} more" if len(drift) > 1 else ""
        raise DriftError(
            f"The answer deviates from the pinned revision: {drift[0]}{more}.",
            drift=drift,
            status=response.http.status if response.http else None,
            request_id=response.request_id,
        )
