"""`Lightfast`: `AsyncLightfast` for callers that cannot await. It decides nothing."""

from __future__ import annotations

import ssl as _ssl
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from lightfast._auth import Auth, Provider, wrap_secret
from lightfast._bulk import Queries
from lightfast._client import AsyncLightfast
from lightfast._config import NOT_GIVEN, NotGiven, OnResponse
from lightfast._drift import OnDrift
from lightfast._portal import Portal, iterate_in_thread
from lightfast._retry import OnRetry, RetryBudget, RetryPolicy
from lightfast.exceptions import UsageError
from lightfast.models import JsonResponse, SearchOutcome, SearchResponse, SearchResult
from lightfast.queries import MAX_LIMIT, Mode, SearchFilters


class Lightfast:
    """A client that blocks: the same methods and arguments as `AsyncLightfast`.

    One client serves any number of threads, also those that run an event loop, such as a
    notebook's. Ctrl-C cancels the call under way and leaves the client usable.

    Args:
        api_key: The key, or a callable (async or not) that returns it; else it is read from
            ``LIGHTFAST_API_KEY``.
        auth: Another way to authenticate, such as `SessionAuth`; instead of `api_key`.
        base_url: Where the API is; else ``LIGHTFAST_BASE_URL``, else the public API.
        timeout: Seconds for a whole call: attempts, waits and reading. None is no limit.
        attempt_timeout: Seconds for one attempt. None is no limit.
        retries: How many times to repeat a failed request, or a `RetryPolicy`.
        retry_budget: What repeating may cost over all calls; else one of the client's own.
        proxy: The URL of a proxy; else the environment's, if `trust_env`.
        trust_env: Whether ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` count.
        ssl: What the server's certificate is checked with. By default the system's trust,
            and ``SSL_CERT_FILE``, when the first connection is made.
        max_connections: How many connections to hold.
        max_response_bytes: How large an answer may be, decompressed.
        allow_insecure_http: Whether the key may go over plain http to another machine; else
            ``LIGHTFAST_ALLOW_INSECURE_HTTP``, else no.
        default_headers: Headers of every request, beside the SDK's own; never the credential.
        on_drift: Called with each `Drift` of an answer from the pinned revision; ``"raise"`` raises
            `DriftError` instead of returning such an answer.
        on_retry: Called before each wait for another attempt, with the error and the seconds.
            What it raises ends the call.
        on_response: Called with each answer, which has `http` and `request_id`.

    Raises:
        ConfigurationError: An argument or an environment variable cannot be used.
    """

    def __init__(
        self,
        api_key: str | Provider | None = None,
        *,
        auth: Auth | None = None,
        base_url: str | None = None,
        timeout: float | None = 30.0,
        attempt_timeout: float | None = 10.0,
        retries: int | RetryPolicy = 2,
        retry_budget: RetryBudget | None = None,
        proxy: str | None = None,
        trust_env: bool = True,
        ssl: _ssl.SSLContext | None = None,
        max_connections: int = 100,
        max_response_bytes: int = 64 * 1024 * 1024,
        allow_insecure_http: bool | None = None,
        default_headers: Mapping[str, str] | None = None,
        on_drift: OnDrift | None = None,
        on_retry: OnRetry | None = None,
        on_response: OnResponse | None = None,
    ) -> None:
        # Rebound at once: an error's traceback may be printed with these locals.
        api_key, auth, proxy = wrap_secret(api_key), wrap_secret(auth), wrap_secret(proxy)
        self._client = AsyncLightfast(
            api_key,
            auth=auth,
            base_url=base_url,
            timeout=timeout,
            attempt_timeout=attempt_timeout,
            retries=retries,
            retry_budget=retry_budget,
            proxy=proxy,
            trust_env=trust_env,
            ssl=ssl,
            max_connections=max_connections,
            max_response_bytes=max_response_bytes,
            allow_insecure_http=allow_insecure_http,
            default_headers=default_headers,
            on_drift=on_drift,
            on_retry=on_retry,
            on_response=on_response,
        )
        self._portal = Portal()
        self._owner = True

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        offset: int = 0,
        mode: Mode = "balanced",
        filters: SearchFilters | Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | NotGiven | None = NOT_GIVEN,
        attempt_timeout: float | NotGiven | None = NOT_GIVEN,
        retries: int | RetryPolicy | NotGiven = NOT_GIVEN,
    ) -> SearchResponse:
        """One page of results, best first: see `AsyncLightfast.search`."""
        return self._portal.run(
            self._client.search(
                query,
                limit=limit,
                offset=offset,
                mode=mode,
                filters=filters,
                extra_body=extra_body,
                timeout=timeout,
                attempt_timeout=attempt_timeout,
                retries=retries,
            )
        )

    def iter_results(
        self,
        query: str,
        *,
        limit: int = MAX_LIMIT,
        offset: int = 0,
        mode: Mode = "balanced",
        filters: SearchFilters | Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | NotGiven | None = NOT_GIVEN,
        attempt_timeout: float | NotGiven | None = NOT_GIVEN,
        retries: int | RetryPolicy | NotGiven = NOT_GIVEN,
        max_results: int | None = None,
    ) -> Iterator[SearchResult]:
        """All results, page after page: see `AsyncLightfast.iter_results`."""
        return self._portal.iterate(
            self._client.iter_results(
                query,
                limit=limit,
                offset=offset,
                mode=mode,
                filters=filters,
                extra_body=extra_body,
                timeout=timeout,
                attempt_timeout=attempt_timeout,
                retries=retries,
                max_results=max_results,
            )
        )

    def search_many(
        self,
        queries: Queries,
        *,
        concurrency: int = 8,
        ordered: bool = True,
        limit: int = 10,
        mode: Mode = "balanced",
        filters: SearchFilters | Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: float | NotGiven | None = NOT_GIVEN,
        attempt_timeout: float | NotGiven | None = NOT_GIVEN,
        retries: int | RetryPolicy | NotGiven = NOT_GIVEN,
    ) -> Iterator[SearchOutcome]:
        """One outcome for each query, streamed: see `AsyncLightfast.search_many`."""
        return self._portal.iterate(
            self._client.search_many(
                iterate_in_thread(queries),
                concurrency=concurrency,
                ordered=ordered,
                limit=limit,
                mode=mode,
                filters=filters,
                extra_body=extra_body,
                timeout=timeout,
                attempt_timeout=attempt_timeout,
                retries=retries,
            )
        )

    def post(
        self,
        path: str,
        body: Any,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float | NotGiven | None = NOT_GIVEN,
        attempt_timeout: float | NotGiven | None = NOT_GIVEN,
        retries: int | RetryPolicy | NotGiven = NOT_GIVEN,
    ) -> JsonResponse:
        """Post to an endpoint that this SDK does not know: see `AsyncLightfast.post`."""
        return self._portal.run(
            self._client.post(
                path,
                body,
                headers=headers,
                timeout=timeout,
                attempt_timeout=attempt_timeout,
                retries=retries,
            )
        )

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float | NotGiven | None = NOT_GIVEN,
        attempt_timeout: float | NotGiven | None = NOT_GIVEN,
        retries: int | RetryPolicy | NotGiven = NOT_GIVEN,
    ) -> JsonResponse:
        """Get from an endpoint that this SDK does not know: see `AsyncLightfast.get`."""
        return self._portal.run(
            self._client.get(
                path,
                params,
                headers=headers,
                timeout=timeout,
                attempt_timeout=attempt_timeout,
                retries=retries,
            )
        )

    def with_options(
        self,
        *,
        api_key: str | Provider | NotGiven = NOT_GIVEN,
        auth: Auth | NotGiven = NOT_GIVEN,
        base_url: str | NotGiven = NOT_GIVEN,
        timeout: float | NotGiven | None = NOT_GIVEN,
        attempt_timeout: float | NotGiven | None = NOT_GIVEN,
        retries: int | RetryPolicy | NotGiven = NOT_GIVEN,
        retry_budget: RetryBudget | NotGiven = NOT_GIVEN,
        default_headers: Mapping[str, str] | NotGiven = NOT_GIVEN,
        on_drift: OnDrift | NotGiven | None = NOT_GIVEN,
    ) -> Self:
        """A cheap copy on the same connections: see `AsyncLightfast.with_options`."""
        api_key, auth = wrap_secret(api_key), wrap_secret(auth)
        clone = object.__new__(type(self))
        clone._client = self._client.with_options(
            api_key=api_key,
            auth=auth,
            base_url=base_url,
            timeout=timeout,
            attempt_timeout=attempt_timeout,
            retries=retries,
            retry_budget=retry_budget,
            default_headers=default_headers,
            on_drift=on_drift,
        )
        clone._portal = self._portal
        clone._owner = False
        return clone

    @property
    def async_client(self) -> AsyncLightfast:
        """The client behind this one, to await from any event loop; it closes with this one."""
        return self._client

    def close(self) -> None:
        """Close the client, and its connections if it was constructed with them."""
        if self._client.closed:
            return
        try:
            self._portal.run(self._client.aclose())
        except UsageError:
            if self._portal.running:  # called on the loop's own thread
                raise
            self._client.closed = True  # the loop has ended, and its connections with it
        if self._owner:
            self._portal.stop(timeout=5.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        client = getattr(self, "_client", None)  # a traceback may show a half-made one
        return repr(client).replace("AsyncLightfast", type(self).__name__, 1)

    def __copy__(self) -> Self:
        return self.with_options()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.with_options()

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self._client._config.picklable_options())  # noqa: SLF001  # this class's other half


def _rebuild(cls: type[Lightfast], options: dict[str, Any]) -> Lightfast:
    return cls(**options)
