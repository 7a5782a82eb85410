"""Detection of OpenTelemetry: whether the application collects traces or metrics, asked at each call.

Nothing is imported here: an application that has set up a provider has imported the API already. Its getters
take 5 µs each while there is no provider, so their variables are read in their place; where a release of the API
has none of that name, every call is taken to be observed, and is only slower.
"""

from __future__ import annotations

import sys

__all__ = ["is_observed"]


def is_observed() -> bool:
    """Tell whether a provider of traces or metrics was set up, now and not only at the start."""
    modules = sys.modules
    if "opentelemetry" not in modules:
        return False
    trace = modules.get("opentelemetry.trace")
    if trace is not None and getattr(trace, "_TRACER_PROVIDER", trace) is not None:
        return True
    metrics = modules.get("opentelemetry.metrics._internal")
    return metrics is not None and getattr(metrics, "_METER_PROVIDER", metrics) is not None
