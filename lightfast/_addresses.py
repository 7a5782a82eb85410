"""Addresses: what is accepted as the API's URL and as a proxy's. A password in one is not repeated."""

from __future__ import annotations

from urllib.parse import urlsplit

from lightfast._secrets import Secret, wrap_secret
from lightfast._wire.revisions import BASE_URL
from lightfast.exceptions import ConfigurationError


def base_url_problem(url: str) -> str | None:
    """Return what is wrong with the API's URL; None if nothing is."""
    given = "" if "@" in url else f", not {url!r:.100}"
    like = f"must look like '{BASE_URL}'{given}"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return like
    if parts.scheme not in {"http", "https"} or not host:
        return like
    if parts.username is not None or parts.password is not None:
        return "must not hold a user name or password"
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return f"must not hold a query or fragment: {url!r:.100}"
    if not url.isascii() or not url.isprintable() or " " in url:
        return f"has a space, a control character or a character outside ASCII: {url!r:.100}"
    return None


def check_proxy(
    value: str | Secret | None, source: str = "`proxy`", advice: str = ""
) -> Secret | None:
    """Return a proxy's URL, wrapped.

    Args:
        value: The URL.
        source: Where it comes from, for the message.
        advice: What else can be done about it, for the message.

    Raises:
        ConfigurationError: It is not the URL of a proxy. The message does not repeat it.
    """
    value = wrap_secret(value)
    if value is None:
        return None
    given = type(value.reveal()) if isinstance(value, Secret) else type(value)
    if not isinstance(value, Secret) or not issubclass(given, str):
        raise ConfigurationError(f"`proxy` must be a str, not {given.__name__}.")
    problem = _proxy_problem(value)
    if problem:
        raise ConfigurationError(f"{source} {problem}.{advice and f' {advice}.'}")
    return value


_PROXY_SCHEMES = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"}


def _proxy_problem(proxy: Secret) -> str | None:
    try:
        parts = urlsplit(proxy.reveal())
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in _PROXY_SCHEMES or not host:
        return "must look like 'http://user:password@proxy.example:3128' or 'socks5h://…'"
    return None
