"""Which way leads to a URL: at once, or through a proxy."""

from __future__ import annotations

import base64
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import attrs

from lightfast._auth import HeaderText, Secret
from lightfast._config import ConnectionConfig, check_proxy
from lightfast._validate import is_loopback


@attrs.frozen(kw_only=True)
class Route:
    """The way to a URL.

    Args:
        host: The URL's host and port, for messages.
        proxy: The proxy's URL, without user name and password.
        tunnel_headers: For the CONNECT that opens a tunnel through the proxy.
        headers: For the request itself.
    """

    host: str
    proxy: str | None = None
    tunnel_headers: dict[str, str] = attrs.field(factory=dict)
    headers: dict[str, str] = attrs.field(factory=dict)


def route_to(url: str, config: ConnectionConfig) -> Route:
    """The way to a URL; the environment is looked at once, here.

    Raises:
        ConfigurationError: The environment names a proxy that cannot be used.
    """
    parts = urlsplit(url)
    proxy = check_proxy(config.proxy or (_of_environment(url) if config.trust_env else None))
    if proxy is None:
        return Route(host=parts.netloc)
    address, headers = _split(proxy)
    # Without a tunnel, it is the request itself that the proxy reads.
    if parts.scheme == "https":
        return Route(host=parts.netloc, proxy=address, tunnel_headers=headers)
    return Route(host=parts.netloc, proxy=address, headers=headers)


def _of_environment(url: str) -> Secret | None:
    parts = urlsplit(url)
    # A proxy could not reach this machine's loopback, and must not see its traffic.
    if is_loopback(parts.hostname) or proxy_bypass(parts.netloc):
        return None
    proxies = getproxies()
    name = parts.scheme if parts.scheme in proxies else "all"
    if name not in proxies:
        return None
    return Secret(proxies[name] if "://" in proxies[name] else f"http://{proxies[name]}")


def _split(proxy: Secret) -> tuple[str, dict[str, str]]:
    """A proxy's URL, and the header that its user name and password become."""
    parts = urlsplit(proxy.reveal())
    if parts.username is None:
        return proxy.reveal(), {}
    basic = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    value = HeaderText("Basic " + base64.b64encode(basic).decode())
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return bare.geturl(), {"Proxy-Authorization": value}
