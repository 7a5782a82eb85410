"""Routes: which proxy, if any, a request to an origin goes through."""

from __future__ import annotations

import base64
import os
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import attrs

from lightfast._addresses import check_proxy
from lightfast._config import ConnectionConfig
from lightfast._loopback import is_loopback
from lightfast._secrets import HeaderText, Secret


@attrs.frozen(kw_only=True)
class Route:
    """Route to an origin.

    Args:
        host: The origin's host and port, for messages.
        proxy: URL of an HTTP proxy, without user name and password.
        tunnel_headers: Headers for the CONNECT that opens a tunnel through it.
        headers: Headers for the request itself.
        socks: URL of a SOCKS proxy.
        source: Where the proxy was named, for messages.
    """

    host: str
    proxy: str | None = None
    tunnel_headers: dict[str, str] = attrs.field(factory=dict)
    headers: dict[str, str] = attrs.field(factory=dict)
    socks: Secret | None = None
    source: str = "`proxy`"


def route_to(origin: str, config: ConnectionConfig) -> Route:
    """Return the route to an origin; the environment is read here, once.

    Raises:
        ConfigurationError: The environment names a proxy that cannot be used.
    """
    parts = urlsplit(origin)
    proxy, source = config.proxy, "`proxy`"
    if proxy is None and config.trust_env:
        proxy, source = _of_environment(origin)
        proxy = check_proxy(proxy, source, "Pass trust_env=False to do without it")
    if proxy is None:
        return Route(host=parts.netloc)
    if urlsplit(proxy.reveal()).scheme.startswith("socks"):
        return Route(host=parts.netloc, socks=proxy, source=source)
    address, headers = _split(proxy)
    # Without a tunnel, it is the request itself that the proxy reads.
    if parts.scheme == "https":
        return Route(host=parts.netloc, proxy=address, tunnel_headers=headers, source=source)
    return Route(host=parts.netloc, proxy=address, headers=headers, source=source)


def _of_environment(origin: str) -> tuple[Secret | None, str]:
    """Return the proxy that the environment names for an origin, and which variable does."""
    parts = urlsplit(origin)
    # A proxy could not reach this machine's loopback, and must not see its traffic.
    if is_loopback(parts.hostname) or proxy_bypass(parts.netloc):
        return None, ""
    proxies = getproxies()
    name = parts.scheme if parts.scheme in proxies else "all"
    if name not in proxies:
        return None, ""
    variable = f"{name}_proxy"
    if variable not in os.environ:
        variable = variable.upper()
    source = variable if variable in os.environ else "the system's proxy settings"
    return Secret(proxies[name] if "://" in proxies[name] else f"http://{proxies[name]}"), source


def _split(proxy: Secret) -> tuple[str, dict[str, str]]:
    """Return a proxy's bare URL, and the header that its user name and password become."""
    parts = urlsplit(proxy.reveal())
    if parts.username is None:
        return proxy.reveal(), {}
    basic = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    value = HeaderText("Basic " + base64.b64encode(basic).decode())
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return bare.geturl(), {"Proxy-Authorization": value}
