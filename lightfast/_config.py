"""Configuration: arguments and environment in, one frozen `ClientConfig` out."""

from __future__ import annotations

import os
import ssl as _ssl
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import attrs

from lightfast._addresses import base_url_problem
from lightfast._auth import ApiKeyAuth, Auth, Provider, SessionAuth
from lightfast._drift import OnDrift
from lightfast._loopback import is_loopback
from lightfast._retry import OnRetry, RetryBudget, RetryPolicy
from lightfast._secrets import Secret, wrap_secret
from lightfast._validate import check_seconds
from lightfast._wire.revisions import BASE_URL
from lightfast.exceptions import ConfigurationError
from lightfast.models import JsonResponse, SearchResponse

KEY_VARIABLE = "LIGHTFAST_API_KEY"
URL_VARIABLE = "LIGHTFAST_BASE_URL"
INSECURE_VARIABLE = "LIGHTFAST_ALLOW_INSECURE_HTTP"

OnResponse: TypeAlias = Callable[[SearchResponse | JsonResponse], object]
"""Called with each answer, as soon as it is read."""


class NotGiven:
    """Type of `NOT_GIVEN`."""

    def __repr__(self) -> str:
        return "NOT_GIVEN"

    def __reduce__(self) -> str:
        return "NOT_GIVEN"  # by name: a copy would still be the one that is compared with


NOT_GIVEN: Final = NotGiven()
"""Marks an argument that was left out, where None means something else."""


@attrs.frozen(kw_only=True)
class ConnectionConfig:
    """Options of connections; clients that share connections share them.

    Args:
        proxy: The proxy's URL, which may hold a password.
        trust_env: Whether proxies of the environment are used.
        ssl: What the server's certificate is checked with; None is the system's trust.
        max_connections: Connections of each event loop, at most.
        max_response_bytes: Bytes that a body may have, decompressed; it may hold one object or
            array for each 16 bytes of its own, or for each 512 of these.
    """

    proxy: Secret | None
    trust_env: bool
    ssl: _ssl.SSLContext | None
    max_connections: int
    max_response_bytes: int


@attrs.frozen(kw_only=True)
class ClientConfig:
    """Options of one client.

    Args:
        base_url: Where the API is, without a slash at the end.
        auth: How to authenticate.
        timeout: Seconds for a whole call; None is no limit.
        attempt_timeout: Seconds for one attempt; None is no limit.
        retry: How often to retry, and after what delay.
        budget: What retries may cost, over all calls.
        allow_insecure_http: Whether a credential may go over plain http to another machine.
        connection: Options of the connections.
        headers: Headers of every request, beside the SDK's own.
        on_drift: What to do with answers that deviate from the pinned revision.
        on_retry: Called before each wait for another attempt.
        on_response: Called with each answer.
    """

    base_url: str
    auth: Auth
    timeout: float | None
    attempt_timeout: float | None
    retry: RetryPolicy
    budget: RetryBudget
    allow_insecure_http: bool
    connection: ConnectionConfig
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    on_drift: OnDrift | None = None
    on_retry: OnRetry | None = None
    on_response: OnResponse | None = None

    def __attrs_post_init__(self) -> None:
        check_privacy(self)

    @property
    def host(self) -> str:
        """The API's host, for messages."""
        return urlsplit(self.base_url).netloc

    def evolve(
        self,
        *,
        timeout: float | NotGiven | None = NOT_GIVEN,
        attempt_timeout: float | NotGiven | None = NOT_GIVEN,
        retries: int | RetryPolicy | NotGiven = NOT_GIVEN,
        **changes: Any,
    ) -> ClientConfig:
        """Return this configuration with other limits; itself when none are given.

        Raises:
            ConfigurationError: A value cannot be used.
        """
        if not isinstance(timeout, NotGiven):
            changes["timeout"] = check_seconds("timeout", timeout)
        if not isinstance(attempt_timeout, NotGiven):
            changes["attempt_timeout"] = check_seconds("attempt_timeout", attempt_timeout)
        if not isinstance(retries, NotGiven):
            changes["retry"] = check_retries(retries)
        return attrs.evolve(self, **changes) if changes else self

    def picklable_options(self) -> dict[str, Any]:
        """Return the arguments that make such a client anew elsewhere, without any secret.

        Raises:
            ConfigurationError: It cannot be made without one.
        """
        connection = self.connection
        if isinstance(self.auth, SessionAuth):
            raise ConfigurationError(
                "A client with a session cannot be pickled: its token stays here. Make the "
                "client where it is used."
            )
        if connection.proxy is not None or connection.ssl is not None:
            raise ConfigurationError(
                "A client with a `proxy` or `ssl` of its own cannot be pickled. Make the client "
                "where it is used, or set HTTPS_PROXY and SSL_CERT_FILE there."
            )
        if self.headers:
            raise ConfigurationError(
                "A client with `default_headers` cannot be pickled: they may hold secrets. Make "
                "the client where it is used."
            )
        return {
            "base_url": self.base_url,
            "timeout": self.timeout,
            "attempt_timeout": self.attempt_timeout,
            "retries": self.retry,
            "retry_budget": self.budget,
            "allow_insecure_http": self.allow_insecure_http,
            "on_drift": self.on_drift,
            "on_retry": self.on_retry,
            "on_response": self.on_response,
            "trust_env": connection.trust_env,
            "max_connections": connection.max_connections,
            "max_response_bytes": connection.max_response_bytes,
        }


def resolve_auth(
    api_key: str | Secret | Provider | None,
    auth: Auth | None,
    environ: Mapping[str, str] | None = None,
) -> Auth:
    """Return how to authenticate: as given, else with the environment's key.

    Raises:
        ConfigurationError: Both were given, or neither, and the environment has no key.
    """
    if auth is not None and api_key is not None:
        raise ConfigurationError("Give `api_key` or `auth`, not both.")
    if auth is not None:
        if not isinstance(auth, ApiKeyAuth | SessionAuth):
            raise ConfigurationError(
                "`auth` takes ApiKeyAuth(…) or SessionAuth(…); give a key as `api_key`."
            )
        return auth
    if api_key is not None:
        return _key_auth(wrap_secret(api_key), "given as `api_key`")
    key = Secret(_variable(KEY_VARIABLE, environ))
    if not key.reveal().strip():
        raise ConfigurationError(
            f"No API key: set {KEY_VARIABLE}, or pass `api_key`. "
            "Keys are made in the Lightfast Console under Settings → API Keys."
        )
    return _key_auth(key, f"in {KEY_VARIABLE}")


def _key_auth(key: Secret | Provider, where: str) -> ApiKeyAuth:
    """Return an API key's auth; an error says where the key came from."""
    try:
        return ApiKeyAuth(key)
    except ConfigurationError as error:
        problem = error.message
    raise ConfigurationError(problem.replace("The API key", f"The API key {where}", 1))


def resolve_insecure_http(given: bool | None, environ: Mapping[str, str] | None = None) -> bool:
    """Return whether a credential may go over plain http to another machine.

    Raises:
        ConfigurationError: The environment's value is neither true nor false.
    """
    if given is not None:
        return bool(given)
    value = _variable(INSECURE_VARIABLE, environ).strip().lower()
    if value not in _TRUE | _FALSE:
        raise ConfigurationError(f"{INSECURE_VARIABLE} must be 1 or 0, not {value!r:.20}.")
    return value in _TRUE


_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})


def _variable(name: str, environ: Mapping[str, str] | None) -> str:
    # Never bound to a name where something is raised: a traceback would show all of it.
    return (os.environ if environ is None else environ).get(name, "")


def resolve_base_url(given: str | None, environ: Mapping[str, str] | None = None) -> str:
    """Return where the API is: as given, else the environment's, else the public one.

    Raises:
        ConfigurationError: It is not an http or https URL, or has a user name or a query.
    """
    if given is not None and not isinstance(given, str):
        raise ConfigurationError(f"`base_url` must be a str, not {type(given).__name__}.")
    if given is None:
        url, where = _variable(URL_VARIABLE, environ).strip() or BASE_URL, URL_VARIABLE
    else:
        url, where = given.strip(), "`base_url`"
    problem = base_url_problem(url)
    if problem:
        raise ConfigurationError(f"{where} {problem}.")
    return url.rstrip("/")


def check_privacy(config: ClientConfig) -> None:
    """Raise an error if a credential would travel where others can read it.

    Raises:
        ConfigurationError: It would go over plain http to, or through, another machine.
    """
    url = urlsplit(config.base_url)
    if url.scheme == "https" or config.allow_insecure_http:
        return
    proxy = config.connection.proxy
    through = urlsplit(proxy.reveal()).hostname if proxy else None
    if is_loopback(url.hostname) and (through is None or is_loopback(through)):
        return
    to = f"through the proxy {through}" if is_loopback(url.hostname) else f"to {url.netloc}"
    raise ConfigurationError(
        f"The credential would go {to} over plain http, where others can read it. "
        f"Use https, or pass allow_insecure_http=True or set {INSECURE_VARIABLE}=1."
    )


def check_retries(value: object) -> RetryPolicy:
    """Return a policy, from itself or from its number of retries.

    Raises:
        ConfigurationError: The value is neither.
    """
    if isinstance(value, RetryPolicy):
        return value
    if isinstance(value, bool):
        raise ConfigurationError(f"`retries` takes a number or a RetryPolicy, not {value}.")
    return RetryPolicy(retries=value)  # type: ignore[arg-type]  # it checks for itself


def check_ssl(value: object) -> _ssl.SSLContext | None:
    """Return what certificates are checked with.

    Raises:
        ConfigurationError: It is not a context. False, which trusts every server, is not
            offered.
    """
    if value is None or isinstance(value, _ssl.SSLContext):
        return value
    raise ConfigurationError(
        f"`ssl` takes an ssl.SSLContext, not {value!r:.40}. To trust a private authority, use "
        "ssl.create_default_context(cafile=…)."
    )
