"""SOCKS proxies: our connector on top of aiohttp-socks (the extra ``socks``)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from aiohttp_socks import ProxyConnector, ProxyType

from lightfast._secrets import HeaderText, Secret
from lightfast._transport.connector import Connector

# Built without a class statement: type checkers do not need to have the extra installed.
_connector: Callable[..., Connector] = type("SocksConnector", (Connector, ProxyConnector), {})


def socks_connector(proxy: Secret) -> Connector:
    """Return a connector that opens its connections through a SOCKS proxy.

    Names are always resolved by the proxy, as ``socks5h`` says: a name that a proxy is to hide
    must not be asked for on the way there.

    Args:
        proxy: Its URL.
    """
    parts = urlsplit(proxy.reveal())
    name = parts.username
    return _connector(
        host=parts.hostname,
        port=parts.port or 1080,
        proxy_type=ProxyType.SOCKS4 if parts.scheme.startswith("socks4") else ProxyType.SOCKS5,
        username=None if name is None else HeaderText(unquote(name)),
        password=None if name is None else HeaderText(unquote(parts.password or "")),
        rdns=True,
        limit=0,
    )
