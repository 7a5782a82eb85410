"""`AsyncLightfast`, the asynchronous client: values in, values out."""

from __future__ import annotations

import ssl as _ssl
import sys
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lightfast import _bulk
from lightfast._addresses import check_proxy
from lightfast._auth import Auth, Provider
from lightfast._bulk import Queries, Query
from lightfast._config import (
    NOT_GIVEN,
    ClientConfig,
    ConnectionConfig,
    NotGiven,
    OnResponse,
    check_retries,
    check_ssl,
    resolve_auth,
    resolve_base_url,
    resolve_insecure_http,
)
from lightfast._drift import OnDrift, check_on_drift, report, settle, settle_repeated
from lightfast._retry import OnRetry, RetryBudget, RetryPolicy
from lightfast._secrets import wrap_secret
from lightfast._transport import Transport, closed_error
from lightfast._validate import check_hook, check_seconds, check_whole
from lightfast._wire import requests, responses
from lightfast.exceptions import APIError
from lightfast.models import JsonResponse, SearchOutcome, SearchResponse, SearchResult
from lightfast.queries import MAX_LIMIT, Mode, SearchFilters, SearchRequest


class AsyncLightfast:
    """Asynchronous client for the Lightfast API.

    One client serves any number of tasks, threads and event loops; make one and keep it.

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

    Attributes:
        closed: Whether the client was closed.

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
        self._config = ClientConfig(
            base_url=resolve_base_url(base_url),
            auth=resolve_auth(api_key, auth),
            timeout=check_seconds("timeout", timeout),
            attempt_timeout=check_seconds("attempt_timeout", attempt_timeout),
            retry=check_retries(retries),
            budget=retry_budget or RetryBudget(),
            allow_insecure_http=resolve_insecure_http(allow_insecure_http),
            headers=requests.check_headers("default_headers", default_headers),
            on_drift=check_on_drift(on_drift),
            on_retry=check_hook("on_retry", on_retry),
            on_response=check_hook("on_response", on_response),
            connection=ConnectionConfig(
                proxy=check_proxy(proxy),
                trust_env=trust_env,
                ssl=check_ssl(ssl),
                max_connections=check_whole("max_connections", max_connections, 1),
                max_response_bytes=check_whole("max_response_bytes", max_response_bytes, 1),
            ),
        )
        self._transport = Transport(self._config.connection, made_at=_caller())
        self._owner = True
        self.closed = False

    async def search(
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
        request = SearchRequest(
            query, limit=limit, offset=offset, mode=mode, filters=filters, extra=extra_body
        )
        return await self._search(request, self._for_call(timeout, attempt_timeout, retries))

    async def iter_results(
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
    ) -> AsyncGenerator[SearchResult, None]:
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
        wanted = sys.maxsize if max_results is None else check_whole("max_results", max_results, 1)
        request: SearchRequest | None = SearchRequest(
            query,
            limit=min(check_whole("limit", limit, 1, MAX_LIMIT), wanted),
            offset=offset,
            mode=mode,
            filters=filters,
            extra=extra_body,
        )
        config = self._for_call(timeout, attempt_timeout, retries)
        seen: set[str] = set()
        while request is not None:
            page = await self._search(request, config)
            if page and all(result.id in seen for result in page):
                settle_repeated(page, config.on_drift)
            known = len(seen)
            for result in page:
                if result.id in seen:
                    continue
                seen.add(result.id)
                yield result
                if len(seen) >= wanted:
                    return
            request = requests.next_page(request, page, len(seen) - known)

    async def search_many(
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
    ) -> AsyncGenerator[SearchOutcome, None]:
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
        config = self._for_call(timeout, attempt_timeout, retries)

        async def search(query: Query, on_retry: OnRetry) -> SearchResponse:
            request = (
                query
                if isinstance(query, SearchRequest)
                else SearchRequest(query, limit=limit, mode=mode, filters=filters, extra=extra_body)
            )
            return await self._search(request, config, on_retry)

        outcomes = _bulk.search_many(queries, search, concurrency=concurrency, ordered=ordered)
        try:
            async for outcome in outcomes:
                yield outcome
        finally:
            await outcomes.aclose()

    async def post(
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
        config = self._for_call(timeout, attempt_timeout, retries)
        request = requests.post_request(
            config.base_url, path, body, _merged(config.headers, headers)
        )
        return await self._transport.send(request, config, responses.read_any)

    async def get(
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
        config = self._for_call(timeout, attempt_timeout, retries)
        request = requests.get_request(
            config.base_url, path, params, _merged(config.headers, headers)
        )
        return await self._transport.send(request, config, responses.read_any)

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
        changes: dict[str, Any] = {}
        if not isinstance(api_key, NotGiven) or not isinstance(auth, NotGiven):
            changes["auth"] = resolve_auth(_given(api_key), _given(auth))
        if not isinstance(base_url, NotGiven):
            changes["base_url"] = resolve_base_url(base_url)
        if not isinstance(retry_budget, NotGiven):
            changes["budget"] = retry_budget
        if not isinstance(default_headers, NotGiven):
            changes["headers"] = requests.check_headers("default_headers", default_headers)
        if not isinstance(on_drift, NotGiven):
            changes["on_drift"] = check_on_drift(on_drift)
        clone = object.__new__(type(self))
        clone._config = self._config.evolve(
            timeout=timeout, attempt_timeout=attempt_timeout, retries=retries, **changes
        )
        clone._transport = self._transport
        clone.closed = self.closed
        clone._owner = False
        return clone

    async def aclose(self) -> None:
        """Close the client, and its connections if it was constructed with them."""
        self.closed = True
        if self._owner:
            await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _search(
        self, request: SearchRequest, config: ClientConfig, on_retry: OnRetry | None = None
    ) -> SearchResponse:
        def read(response: responses.HttpResponse, attempts: int, elapsed: float) -> SearchResponse:
            page = responses.read_search(response, attempts, elapsed)
            if page.drift or request.offset or request.extra:
                settle(request, page, config.on_drift)
            return page

        message = requests.search_request(config.base_url, request, config.headers)
        try:
            return await self._transport.send(message, config, read, on_retry)
        except APIError as error:
            if error.drift:
                report(error.drift, config.on_drift)
            raise

    def _for_call(
        self,
        timeout: float | NotGiven | None,
        attempt_timeout: float | NotGiven | None,
        retries: int | RetryPolicy | NotGiven,
    ) -> ClientConfig:
        """Return the configuration of one call.

        Raises:
            UsageError: The client is closed.
        """
        if self.closed:
            raise closed_error()
        if timeout is attempt_timeout is retries is NOT_GIVEN:
            return self._config  # almost always: 0.7 % of a search
        return self._config.evolve(
            timeout=timeout, attempt_timeout=attempt_timeout, retries=retries
        )

    def __repr__(self) -> str:
        config = getattr(self, "_config", None)  # a traceback may show a half-made client
        if config is None:
            return f"<{type(self).__name__}>"
        closed = ", closed" if self.closed else ""
        return f"<{type(self).__name__} {config.base_url} {config.auth!r}{closed}>"

    def __copy__(self) -> Self:
        return self.with_options()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.with_options()

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self._config.picklable_options())


def _rebuild(cls: type[AsyncLightfast], options: dict[str, Any]) -> AsyncLightfast:
    return cls(**options)


def _merged(defaults: Mapping[str, str], own: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return the headers of one call."""
    return {**defaults, **requests.check_headers("headers", own)} if own else defaults


def _given(value: Any) -> Any:
    return None if isinstance(value, NotGiven) else value


def _caller() -> str:
    """Return the place, outside this package, where a client is being made."""
    frame = sys._getframe(1)  # noqa: SLF001  # inspect.stack() takes milliseconds
    here = str(Path(__file__).parent)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
