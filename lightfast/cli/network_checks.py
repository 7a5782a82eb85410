"""Checks of the way to an address, step by step: proxy, name, connection, certificate."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import perf_counter
from typing import Any, Literal
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import attrs

from lightfast._loopback import is_loopback

__all__ = ["Check", "check_clock", "check_way"]

TIMEOUT = 5.0  # seconds for each step
_EXPIRES_SOON = 14  # days
_SKEW = 60  # seconds that a clock may be off: what a session token lives


@attrs.frozen
class Check:
    """Result of one check.

    Args:
        status: Whether it is fine, worth knowing, or keeps searches from working.
        name: What was checked.
        detail: What was found.
        advice: What to do about it.
    """

    status: Literal["ok", "warn", "fail"]
    name: str
    detail: str
    advice: str = ""


def check_way(url: str) -> Iterator[Check]:
    """Yield a check for each step of the way to an address; the first that fails is the last."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    given, source = _proxy_of(parts)
    proxy = _parsed(given)
    if not given:
        yield Check("ok", "proxy", "none")
        names = _check_name(host, port)
        yield names
        if names.status == "fail":
            return
        connection, check = _connect(host, port)
    elif proxy is None:
        advice = "Write it as http://user:password@proxy.example:3128, or unset it."
        yield Check("fail", "proxy", f"{source} does not hold the URL of a proxy", advice)
        return
    else:
        yield Check("ok", "proxy", f"{proxy.host}:{proxy.port}, named by {source}")
        connection, check = _connect(proxy.host, proxy.port)
    yield check
    if connection is None:
        return
    with connection:
        if proxy is not None and proxy.scheme != "http":
            return  # a protocol of its own, which only the search speaks
        if proxy is not None and secure:
            refusal = _open_tunnel(connection, host, port, proxy)
            yield refusal or Check("ok", "tunnel", f"to {host}:{port}")
            if refusal:
                return
        if secure:
            yield _check_certificate(connection, host)


# --- proxy ------------------------------------------------------------------------------------


_PROXY_PORTS = {
    "http": 80, "https": 443, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080
}  # fmt: skip


@attrs.frozen
class _Proxy:
    """Proxy that a search would go through.

    Args:
        scheme: The protocol that it speaks.
        host: Its host.
        port: Its port.
        headers: Headers with its user name and password, for the tunnel.
    """

    scheme: str
    host: str
    port: int
    headers: str = attrs.field(repr=False)


def _proxy_of(address: SplitResult) -> tuple[str, str]:
    """Return the URL of the proxy that a search would use, and where it is named; empty if none."""
    if is_loopback(address.hostname) or proxy_bypass(address.netloc):
        return "", ""
    proxies = getproxies()
    name = address.scheme if address.scheme in proxies else "all"
    if name not in proxies:
        return "", ""
    given = proxies[name]
    variable = f"{name}_proxy"
    if variable not in os.environ:
        variable = variable.upper()
    source = variable if variable in os.environ else "the system's settings"
    return given if "://" in given else f"http://{given}", source


def _parsed(url: str) -> _Proxy | None:
    """Read a proxy's URL; return None if it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PROXY_PORTS[parts.scheme]
    except (KeyError, ValueError):
        return None
    user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    basic = base64.b64encode(user.encode()).decode()
    headers = f"Proxy-Authorization: Basic {basic}\r\n" if parts.username else ""
    return _Proxy(parts.scheme, parts.hostname, port, headers) if parts.hostname else None


def _open_tunnel(connection: socket.socket, host: str, port: int, proxy: _Proxy) -> Check | None:
    """Ask a proxy for a tunnel; return the check that failed, if it did."""
    place = f"{host}:{port}"
    try:
        connection.sendall(
            f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{proxy.headers}\r\n".encode()
        )
        response = http.client.HTTPResponse(connection, method="CONNECT")
        response.begin()
    except (OSError, http.client.HTTPException) as error:
        reason = f"no answer ({_words(error)})"
    else:
        if response.status == 200:
            return None
        reason = f"{response.status} {response.reason}"
    advice = "Check the proxy's address and credentials, or name the host in NO_PROXY."
    return Check("fail", "tunnel", f"the proxy refuses {place}: {reason}", advice)


# --- name, connection, certificate ------------------------------------------------------------


def _check_name(host: str, port: int) -> Check:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        advice = "Check the address for typing errors, and this machine's network and DNS."
        return Check("fail", "dns", f"{host} has no address ({_words(error)})", advice)
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    return Check("ok", "dns", ", ".join(addresses))


def _connect(host: str, port: int) -> tuple[socket.socket | None, Check]:
    began = perf_counter()
    try:
        connection = socket.create_connection((host, port), timeout=TIMEOUT)
    except OSError as error:
        advice = "Check that something listens there, and that no firewall is in between."
        return None, Check(
            "fail", "tcp", f"no connection to {host}:{port} ({_words(error)})", advice
        )
    milliseconds = (perf_counter() - began) * 1000
    return connection, Check("ok", "tcp", f"{host}:{port} in {milliseconds:.0f} ms")


def _check_certificate(connection: socket.socket, host: str) -> Check:
    context = ssl.create_default_context()
    try:
        with context.wrap_socket(connection, server_hostname=host) as secured:
            certificate: dict[str, Any] = secured.getpeercert() or {}
            version = secured.version()
    except ssl.SSLCertVerificationError as error:
        return Check("fail", "tls", error.verify_message.rstrip("."), _certificate_advice(error))
    except OSError as error:
        advice = "Check that the address begins with https:// only where the server speaks TLS."
        return Check("fail", "tls", _words(error), advice)
    issuer = dict(pair for group in certificate.get("issuer", ()) for pair in group)
    name = issuer.get("organizationName") or issuer.get("commonName") or "unknown"
    expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    days = (expires - datetime.now(UTC)).days
    detail = f"{version}, issued by {name}, expires {expires:%Y-%m-%d} (in {days} days)"
    if days < _EXPIRES_SOON:
        return Check("warn", "tls", detail, "The server's certificate has to be renewed soon.")
    return Check("ok", "tls", detail)


def _certificate_advice(error: ssl.SSLCertVerificationError) -> str:
    if "expired" in error.verify_message or "not yet valid" in error.verify_message:
        return "The server's certificate has to be renewed; check this machine's clock, too."
    if "ostname" in error.verify_message or "IP address" in error.verify_message:
        return "The certificate is for another host; check the address."
    return (
        "If a private authority or a TLS-inspecting proxy issued it, name the authority's file in "
        "SSL_CERT_FILE."
    )


def _words(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")


# --- clock ------------------------------------------------------------------------------------


def check_clock(date: str, now: datetime) -> Check | None:
    """Compare this machine's clock with a server's ``Date``; return None if that is unreadable."""
    try:
        seconds = (now - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError, IndexError):
        return None
    detail = f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} the server's"
    if abs(seconds) > _SKEW:
        return Check("warn", "clock", detail, "Set this machine's clock: session tokens need it.")
    return Check("ok", "clock", "agrees with the server's")
