"""Foreign errors to ours: what aiohttp, asyncio and the system raise, most specific first."""

from __future__ import annotations

import errno
import os
import ssl
from types import TracebackType

import aiohttp
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError, PayloadEncodingError

from lightfast._text import printable
from lightfast._threads import ThreadLimitError
from lightfast._transport.connector import BrokenBodyError
from lightfast._transport.trust import knows_no_authority
from lightfast.exceptions import ConfigurationError, LightfastError, NetworkError, ResponseError

LOST = (aiohttp.ServerDisconnectedError, OSError)
"""What a request meets whose connection was closed before it arrived."""

_NOT_HTTP = (
    aiohttp.ClientResponseError,
    aiohttp.ClientPayloadError,
    HttpProcessingError,
    BrokenBodyError,
)


def translate(
    error: Exception, host: str, context: ssl.SSLContext | bool = True, proxy: str = "`proxy`"
) -> LightfastError:
    """Return our error for a foreign one. It holds no foreign text but an errno's.

    The foreign error does not hang on it as a cause, because aiohttp's may print the key. One
    that was raised by other code (a mock, a tracer) does.

    Args:
        error: The foreign error.
        host: Host and port of the server.
        context: What its certificate was checked with.
        proxy: Where the proxy on the way was named.
    """
    if type(error).__module__.startswith(("aiohttp_socks", "python_socks")):
        return _socks(error, host, proxy)
    return (
        _not_connected(error, host, context, proxy)
        or _not_answered(error, host, proxy)
        or _unknown(error, host)
    )


def _not_connected(
    error: Exception, host: str, context: ssl.SSLContext | bool, proxy: str
) -> NetworkError | None:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return _untrusted(error.certificate_error, host, context)
        case ssl.SSLCertVerificationError():  # behind a SOCKS proxy
            return _untrusted(error, host, context)
        case aiohttp.ClientSSLError():
            return NetworkError(
                f"No TLS connection to {host}: {_errno(error.os_error)}. Does it speak https "
                "on this port?",
                retryable=False,
            )
        case aiohttp.ClientProxyConnectionError():
            return NetworkError(
                f"The proxy on the way to {host}, named by {proxy}, cannot be reached."
            )
        case aiohttp.ClientHttpProxyError():
            return NetworkError(
                f"The proxy on the way to {host}, named by {proxy}, answered {error.status}.",
                retryable=error.status >= 500,
            )
        case aiohttp.ClientConnectorDNSError():
            return NetworkError(f"The name {host} cannot be resolved.")
        case aiohttp.ClientConnectorError():
            return NetworkError(f"Cannot connect to {host}: {_errno(error.os_error)}.")
    return None


def _not_answered(error: Exception, host: str, proxy: str) -> LightfastError | None:
    match error:
        case aiohttp.ServerDisconnectedError():
            return NetworkError(f"{host} closed the connection without an answer.")
        case aiohttp.ClientPayloadError() if _breaks_off(error):
            return NetworkError(f"{host} broke off in the middle of its answer.")
        case _ if isinstance(error, _NOT_HTTP):
            return ResponseError(f"{host} answered something that is not HTTP.")
        case aiohttp.InvalidURL():
            return ConfigurationError(f"`base_url` is not a valid address: {host}.")
        case ThreadLimitError():
            return NetworkError(f"The request to {host} needs a thread. {error}")
        # From aiohttp-socks only: aiohttp's connector wraps its own, above.
        case OSError() if error.errno == errno.ECONNREFUSED:
            return _socks(error, host, proxy)
        case OSError():
            return NetworkError(f"The connection to {host} was lost: {_errno(error)}.")
    return None


def _socks(error: Exception, host: str, proxy: str) -> NetworkError:
    """Return our error for one of aiohttp-socks's, which is imported only where it is used."""
    way = f"The SOCKS proxy on the way to {host}, named by {proxy},"
    if type(error).__name__ == "ProxyError":
        return NetworkError(f"{way} refused the connection.", retryable=False)
    return NetworkError(f"{way} cannot be reached.")


def _untrusted(error: Exception, host: str, context: ssl.SSLContext | bool) -> NetworkError:
    if isinstance(context, ssl.SSLContext) and knows_no_authority(context):
        return NetworkError(
            f"The certificate of {host} cannot be verified: no certificate authorities are installed "
            "here. Install them (the package ca-certificates; on macOS, run 'Install "
            "Certificates.command'), or set SSL_CERT_FILE.",
            retryable=False,
        )
    reason = getattr(error, "verify_message", "") or "not trusted"
    return NetworkError(
        f"The certificate of {host} cannot be verified: {printable(reason, 200)}. To trust a private "
        "authority, pass `ssl=ssl.create_default_context(cafile=…)`.",
        retryable=False,
    )


def _unknown(error: Exception, host: str) -> NetworkError:
    name = type(error).__name__
    if _raised_here(error.__traceback__):
        return NetworkError(f"The request to {host} failed with {name}.")
    problem = NetworkError(
        f"The request to {host} was not made: {name} was raised by code that wraps aiohttp, such "
        "as a mock or a tracer.",
        retryable=False,
    )
    problem.__cause__ = error
    return problem


_LIBRARIES = {"aiohttp", "asyncio", "lightfast", "multidict", "ssl", "uvloop", "yarl", "encodings"}


def _raised_here(traceback: TracebackType | None) -> bool:
    """Tell whether an error was raised by this package or one that it is built on."""
    module = ""
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__", "")
        traceback = traceback.tb_next
    return module.partition(".")[0] in _LIBRARIES


def _breaks_off(error: aiohttp.ClientPayloadError) -> bool:
    """Tell whether a body is cut short, rather than nonsense."""
    cause = error.__cause__
    return not isinstance(cause, BadHttpMessage) or isinstance(cause, PayloadEncodingError)


def _errno(error: OSError) -> str:
    """Return what the operating system calls it."""
    words = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    # asyncio's own has neither, and aiohttp's has words of its own.
    if not error.errno and isinstance(error, ConnectionError | aiohttp.ClientOSError):
        return "connection reset"
    return printable(words or type(error).__name__, 200).lower()
