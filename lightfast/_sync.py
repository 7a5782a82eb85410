"""`Lightfast`, the blocking client: `AsyncLightfast` on a private event loop. It decides nothing."""

from __future__ import annotations

import ssl as _ssl
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from lightfast._auth import Auth, Provider
from lightfast._bulk import Queries
from lightfast._client import AsyncLightfast
from lightfast._config import NOT_GIVEN, NotGiven, OnResponse
from lightfast._drift import OnDrift
from lightfast._portal import Portal
from lightfast._retry import OnRetry, RetryBudget, RetryPolicy
from lightfast._secrets import wrap_secret
from lightfast._threads import iterate_in_thread
from lightfast.exceptions import UsageError
from lightfast.models import JsonResponse, SearchOutcome, SearchResponse, SearchResult
from lightfast.queries import MAX_LIMIT, Mode, SearchFilters


class Lightfast:
    """Blocking client for the Lightfast API: the same methods and arguments as `AsyncLightfast`.

    One client serves any number of threads, also those that run an event loop, such as a
    notebook's. Ctrl-C cancels the call under way and leaves the client usable.

    Args:
        api_key: API key, or a callable (async or not) that returns it. If it is not given, the
            environment's ``LIGHTFAST_API_KEY`` is used.
        auth: Another way to authenticate, such as `SessionAuth`, instead of `api_key`.
        base_url: Address of the API. If it is not given, ``LIGHTFAST_BASE_URL`` is used, or else
            the public API.
        timeout: Seconds for a whole call: attempts, waits and reading. None means no limit.
        attempt_timeout: Seconds for one attempt. None means no limit.
        retries: Number of times to retry a failed request, or a `RetryPolicy`.
        retry_budget: Budget for the retries of all calls. If it is not given, the client makes
            its own.
        proxy: URL of a proxy, instead of the environment's.
        trust_env: Whether to use ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``.
        ssl: TLS settings for verifying the server's certificate. If it is not given, the system's
            trust store and ``SSL_CERT_FILE`` are read when the first connection is made.
        max_connections: Maximum number of connections in each event loop.
        max_response_bytes: Maximum size of a decompressed answer.
        allow_insecure_http: Whether the key may be sent over plain http to another machine. If it
            is not given, ``LIGHTFAST_ALLOW_INSECURE_HTTP`` decides.
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
        """Search, and return one page of results, best first.

        Args:
            query: What to look for, in plain words.
            limit: Number of results in the page, from 1 to 100.
            offset: Number of results to skip.
            mode: How thoroughly the server ranks.
            filters: Restricts the results.
            extra_body: Further fields of the request, under their wire names.
            timeout: Seconds for the whole call, instead of the client's.
            attempt_timeout: Seconds for one attempt, instead of the client's.
            retries: Retries, instead of the client's: a number, or a `RetryPolicy`.

        Raises:
            ConfigurationError: The API would refuse the arguments; nothing was sent.
            AuthenticationError: The credential was not accepted.
            RateLimitError: The server still limits requests after the last attempt.
            RequestTimeoutError: No answer within `timeout`.
            LightfastError: Any other failure.
        """
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
        """Iterate over all results, page after page, without duplicates.

        Args:
            query: What to look for, in plain words.
            limit: Number of results in a page, from 1 to 100.
            offset: Number of results to skip.
            mode: How thoroughly the server ranks.
            filters: Restricts the results.
            extra_body: Further fields of the request, under their wire names.
            timeout: Seconds for each page, instead of the client's.
            attempt_timeout: Seconds for one attempt, instead of the client's.
            retries: Retries, instead of the client's: a number, or a `RetryPolicy`.
            max_results: Maximum number of results to yield. None means all of them.

        Raises:
            LightfastError: As for `search`; results that were yielded before remain valid.
        """
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
        """Run many searches at once, and yield one outcome for each: a response or an error.

        Args:
            queries: Texts or `SearchRequest` values, from any iterable. It is read as the
                searches progress.
            concurrency: Maximum number of searches at the same time. When one of them is told to
                slow down (429), all do.
            ordered: Whether to yield outcomes in the order of the queries, or as they arrive.
            limit: Number of results for each text.
            mode: How thoroughly the server ranks for each text.
            filters: Restricts the results for each text.
            extra_body: Further fields of the request for each text, under their wire names.
            timeout: Seconds for each search, instead of the client's.
            attempt_timeout: Seconds for one attempt, instead of the client's.
            retries: Retries, instead of the client's: a number, or a `RetryPolicy`.

        Raises:
            ConfigurationError: `queries` is not iterable, or `concurrency` is not a positive number.
        """
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
        """Send a POST request to an endpoint that this SDK does not know.

        It is retried like a search. Pass ``retries=0`` where that could do something twice.

        Args:
            path: The endpoint below the base URL, such as ``contents``.
            body: Any value that JSON can represent.
            headers: Headers of this call, beside the client's `default_headers`.
            timeout: Seconds for the whole call, instead of the client's.
            attempt_timeout: Seconds for one attempt, instead of the client's.
            retries: Retries, instead of the client's: a number, or a `RetryPolicy`.

        Returns:
            The JSON of the answer, the request id, and facts about the HTTP response.

        Raises:
            LightfastError: As for `search`.
        """
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
        """Send a GET request to an endpoint that this SDK does not know.

        Args:
            path: The endpoint below the base URL, such as ``system/health``.
            params: The query of the URL: strings, numbers, and lists of them.
            headers: Headers of this call, beside the client's `default_headers`.
            timeout: Seconds for the whole call, instead of the client's.
            attempt_timeout: Seconds for one attempt, instead of the client's.
            retries: Retries, instead of the client's: a number, or a `RetryPolicy`.

        Returns:
            The JSON of the answer, the request id, and facts about the HTTP response.

        Raises:
            LightfastError: As for `search`.
        """
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
        """Return a cheap copy of the client that has other options and shares its connections.

        The connections belong to the client that was constructed and are closed with it; the copy
        need not be closed.

        Args:
            api_key: Another API key, or a callable that returns it.
            auth: Another way to authenticate.
            base_url: Another address. The client's key is sent there.
            timeout: Seconds for a whole call.
            attempt_timeout: Seconds for one attempt.
            retries: Number of times to retry a failed request, or a `RetryPolicy`.
            retry_budget: Budget for the retries of all calls.
            default_headers: Headers of every request, in place of the client's.
            on_drift: What to do with answers that deviate from the pinned revision.

        Raises:
            ConfigurationError: An option cannot be used.
        """
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
