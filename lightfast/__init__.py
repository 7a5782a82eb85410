"""The Lightfast API from Python: search your team's memory.

::

    async with AsyncLightfast() as client:
        for hit in await client.search("how are failed requests retried?"):
            print(hit.score, hit.title, hit.url)

`Lightfast` is the same, blocking. Both read their key from ``LIGHTFAST_API_KEY``.
"""

from __future__ import annotations

from importlib import import_module

from lightfast._version import API_REVISION, API_REVISIONS, __version__

# Type checkers know the name. Importing `typing` for it is nine tenths of `import lightfast`.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from lightfast._auth import ApiKeyAuth, Auth, Provider, SessionAuth
    from lightfast._client import AsyncLightfast
    from lightfast._config import NOT_GIVEN, NotGiven, OnResponse
    from lightfast._drift import OnDrift
    from lightfast._retry import OnRetry, RetryBudget, RetryPolicy
    from lightfast._sync import Lightfast
    from lightfast._wire.converter import to_dict
    from lightfast.exceptions import (
        APIError,
        Attempt,
        AuthenticationError,
        ConfigurationError,
        Drift,
        DriftError,
        DriftKind,
        LightfastError,
        NetworkError,
        NotFoundError,
        OrganizationNotConfiguredError,
        PermissionDeniedError,
        RateLimitError,
        RequestTimeoutError,
        ResponseError,
        ServerError,
        UsageError,
        ValidationError,
    )
    from lightfast.models import (
        Cluster,
        Entity,
        Headers,
        HttpInfo,
        JsonResponse,
        Latency,
        Reference,
        SearchContext,
        SearchFailure,
        SearchMeta,
        SearchOutcome,
        SearchPaths,
        SearchResponse,
        SearchResult,
        SearchSuccess,
    )
    from lightfast.queries import DateRange, Mode, SearchFilters, SearchRequest


__all__ = [
    "API_REVISION",
    "API_REVISIONS",
    "NOT_GIVEN",
    "APIError",
    "ApiKeyAuth",
    "AsyncLightfast",
    "Attempt",
    "Auth",
    "AuthenticationError",
    "Cluster",
    "ConfigurationError",
    "DateRange",
    "Drift",
    "DriftError",
    "DriftKind",
    "Entity",
    "Headers",
    "HttpInfo",
    "JsonResponse",
    "Latency",
    "Lightfast",
    "LightfastError",
    "Mode",
    "NetworkError",
    "NotFoundError",
    "NotGiven",
    "OnDrift",
    "OnResponse",
    "OnRetry",
    "OrganizationNotConfiguredError",
    "PermissionDeniedError",
    "Provider",
    "RateLimitError",
    "Reference",
    "RequestTimeoutError",
    "ResponseError",
    "RetryBudget",
    "RetryPolicy",
    "SearchContext",
    "SearchFailure",
    "SearchFilters",
    "SearchMeta",
    "SearchOutcome",
    "SearchPaths",
    "SearchRequest",
    "SearchResponse",
    "SearchResult",
    "SearchSuccess",
    "ServerError",
    "SessionAuth",
    "UsageError",
    "ValidationError",
    "__version__",
    "to_dict",
]

_MODULES = {
    "ApiKeyAuth": "_auth",
    "Auth": "_auth",
    "Drift": "exceptions",
    "DriftKind": "exceptions",
    "NOT_GIVEN": "_config",
    "NotGiven": "_config",
    "OnDrift": "_drift",
    "OnResponse": "_config",
    "OnRetry": "_retry",
    "Provider": "_auth",
    "AsyncLightfast": "_client",
    "Attempt": "exceptions",
    "DateRange": "queries",
    "Lightfast": "_sync",
    "Mode": "queries",
    "RetryBudget": "_retry",
    "RetryPolicy": "_retry",
    "SearchFilters": "queries",
    "SearchRequest": "queries",
    "SessionAuth": "_auth",
    "to_dict": "_wire.converter",
}


if not TYPE_CHECKING:  # else every misspelt name would exist for type checkers

    def __getattr__(name: str) -> object:
        # Loaded at first use: what stands behind these names takes 100 ms and more to import.
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = _MODULES.get(name) or ("exceptions" if name.endswith("Error") else "models")
        value = getattr(import_module(f"{__name__}.{module}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__
