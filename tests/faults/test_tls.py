"""TLS: whom we trust, and what is said when we do not."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from typing import Any

import pytest
import trustme

from lightfast import (
    AsyncLightfast,
    ConfigurationError,
    LightfastError,
    NetworkError,
    SearchResponse,
    _portal,
)
from tests.faults.checks import check_error
from tests.faults.faces import KEY, USUAL, Face
from tests.faults.plays import GOOD_BODY, close, hang, head, healthy, message, raw, reset
from tests.faults.server import FaultServer, Stage, Wire

ID = "obs_01HV8Z3K"


def context_of(cert: trustme.LeafCert) -> ssl.SSLContext:
    """Return a server's context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(context)
    return context


@pytest.fixture(autouse=True)
def _asyncios_own_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the same event loop everywhere.

    On uvloop, a socket whose peer resets it within aiohttp's connect is closed by the garbage
    collector only, with a ResourceWarning: theirs to mend, not ours.
    """
    monkeypatch.setattr(_portal, "new_loop", asyncio.new_event_loop)


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """Return a good server's context."""
    return context_of(authority.issue_cert("127.0.0.1"))


def search(
    face: Face, stage: Stage, server: FaultServer, **options: Any
) -> SearchResponse | LightfastError:
    """One call, which has to end well or with an error that is checked; and who was reached."""
    with stage.serve(server), face(**USUAL | {"base_url": server.base_url} | options) as client:
        try:
            return client.search()
        except LightfastError as error:
            check_error(error)
            return error


def test_a_private_authority_is_trusted_through_ssl(face, stage, tls, trusting):
    """`ssl=` takes a context, and the call is answered."""
    assert search(face, stage, FaultServer(healthy, context=tls), ssl=trusting)[0].id == ID


def test_an_unknown_authority_is_refused_once_and_told_how_to_trust(face, stage, tls):
    """Nothing is sent to a server that nobody vouches for, and it is not asked again."""
    server = FaultServer(healthy, context=tls)
    error = search(face, stage, server)
    assert type(error) is NetworkError
    assert "cannot be verified" in str(error)
    assert "cafile" in str(error)
    assert (server.requests, error.attempts) == ([], 1)


CERTIFICATES = {
    "another host": lambda ca: ca.issue_cert("other.example"),
    "another address": lambda ca: ca.issue_cert("127.0.0.2"),
    "expired": lambda ca: ca.issue_cert(
        "127.0.0.1",
        not_after=dt.datetime.now(dt.UTC) - dt.timedelta(days=1),
        not_before=dt.datetime.now(dt.UTC) - dt.timedelta(days=9),
    ),
    "signed by a stranger": lambda _: trustme.CA().issue_cert("127.0.0.1"),
    "another host, with the key's like in its name": lambda ca: ca.issue_cert("sk-lf-x.example"),
}


@pytest.mark.parametrize("which", CERTIFICATES)
def test_a_wrong_certificate_is_refused(face, stage, authority, trusting, which):
    """Not this host, not any more, or not from whom we trust: refused, nothing sent."""
    server = FaultServer(healthy, context=context_of(CERTIFICATES[which](authority)))
    error = search(face, stage, server, ssl=trusting)
    assert type(error) is NetworkError
    assert "cannot be verified" in str(error)
    assert (server.requests, error.attempts) == ([], 1)


def test_plain_http_on_the_https_port(face, stage, trusting):
    """Https to a server that speaks http is told apart from a broken network."""
    server = FaultServer(
        raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), greetings=[raw(b"HTTP/1.1 400 Bad\r\n\r\n")] * 9
    )
    with stage.serve(server):
        url = server.base_url.replace("http:", "https:")
        with face(**USUAL | {"base_url": url, "ssl": trusting}) as client:
            with pytest.raises(NetworkError, match="No TLS connection") as caught:
                client.search()
    check_error(caught.value)


def test_https_on_the_http_port(face, stage, tls):
    """Http to a server that speaks TLS is an error, and the key was never readable by TLS."""
    server = FaultServer(healthy, context=tls)
    with stage.serve(server):
        url = server.base_url.replace("https:", "http:")
        with face(**USUAL | {"base_url": url}) as client:
            with pytest.raises(LightfastError) as caught:
                client.search()
    check_error(caught.value)
    assert type(caught.value).__name__ in {"NetworkError", "ResponseError"}
    assert server.requests == []


GREETINGS = {
    "closes": (close, NetworkError),
    "resets": (reset, NetworkError),
    "garbage": (raw(b"garbage" * 100), NetworkError),
    "an alert": (raw(b"\x15\x03\x03\x00\x02\x02\x28"), NetworkError),
    "half a record": (raw(b"\x16\x03\x03\x40\x00\x02"), NetworkError),
    "a record that is too large": (raw(b"\x16\x03\x03\xff\xff" + bytes(70_000)), NetworkError),
    "another protocol's banner": (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), NetworkError),
}


@pytest.mark.parametrize("what", GREETINGS)
def test_a_handshake_that_fails(face, stage, trusting, what):
    """Whatever comes in place of a handshake, the error is ours and names the host."""
    play, cls = GREETINGS[what]
    server = FaultServer(healthy, greetings=[play] * 9)
    with stage.serve(server):
        url = server.base_url.replace("http:", "https:")
        with face(**USUAL | {"base_url": url, "ssl": trusting}) as client:
            with pytest.raises(cls, match=r"127\.0\.0\.1") as caught:
                client.search()
    check_error(caught.value)
    assert server.requests == []


def test_a_handshake_that_hangs_keeps_the_deadline(face, stage, trusting):
    """A server that accepts and never shakes hands costs an attempt, not the caller's evening."""
    server = FaultServer(healthy, greetings=[hang] * 9)
    with stage.serve(server):
        url = server.base_url.replace("http:", "https:")
        options = USUAL | {"base_url": url, "ssl": trusting, "timeout": 0.6, "attempt_timeout": 0.4}
        with face(**options) as client, pytest.raises(TimeoutError) as caught:
            client.search()
    check_error(caught.value)


def test_a_protocol_that_is_too_old(face, stage, authority, trusting):
    """No common version of TLS is an error that is ours."""
    modern = ssl.create_default_context()
    authority.configure_trust(modern)
    modern.minimum_version = ssl.TLSVersion.TLSv1_3
    old = context_of(authority.issue_cert("127.0.0.1"))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    error = search(face, stage, FaultServer(healthy, context=old), ssl=modern)
    assert type(error) is NetworkError


def test_a_server_that_wants_a_certificate_of_ours(face, stage, authority, trusting):
    """A client certificate that was asked for and not given is an error that is ours."""
    strict = context_of(authority.issue_cert("127.0.0.1"))
    authority.configure_trust(strict)
    strict.verify_mode = ssl.CERT_REQUIRED
    error = search(face, stage, FaultServer(healthy, context=strict), ssl=trusting)
    assert type(error) is NetworkError


def test_a_client_certificate_is_presented(face, stage, authority, trusting):
    """With one in the context that `ssl=` takes, the call is answered."""
    strict = context_of(authority.issue_cert("127.0.0.1"))
    authority.configure_trust(strict)
    strict.verify_mode = ssl.CERT_REQUIRED
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    authority.issue_cert("client.example").configure_cert(ours)
    assert search(face, stage, FaultServer(healthy, context=strict), ssl=ours)[0].id == ID


PLAYS = {
    "closed before headers": (close, NetworkError, 3),
    "reset before headers": (reset, NetworkError, 3),
    "closed in the body": (raw(message()[:-50]), NetworkError, 3),
    "no length, cut off": (raw(head() + GOOD_BODY[:-50]), "ResponseError", 1),
}


@pytest.mark.parametrize("what", PLAYS)
def test_a_connection_that_breaks_inside_tls(face, stage, tls, trusting, what):
    """Behind the handshake, the same faults end in the same errors."""
    play, cls, requests = PLAYS[what]
    server = FaultServer(play, context=tls)
    error = search(face, stage, server, ssl=trusting)
    assert type(error).__name__ == (cls if isinstance(cls, str) else cls.__name__)
    assert len(server.requests) == requests


def test_a_kept_connection_in_tls_is_used_again(face, stage, tls, trusting):
    """Tickets that arrive after the handshake are no reason to throw a connection away."""
    server = FaultServer(healthy, context=tls)
    with stage.serve(server):
        with face(**USUAL | {"base_url": server.base_url, "ssl": trusting}) as client:
            for _ in range(5):
                assert client.search()[0].id == ID
    assert server.connections == 1


def test_what_is_said_unasked_inside_tls_is_no_answer(face, stage, tls, trusting):
    """A second reply on an idle TLS connection does not answer the next request."""

    async def twice(wire: Wire) -> bool:
        await wire.send(message())
        await wire.send(message({"data": [], "meta": {"total": 0}}))
        return True

    server = FaultServer(healthy, [twice], context=tls)
    with stage.serve(server):
        with face(**USUAL | {"base_url": server.base_url, "ssl": trusting}) as client:
            client.search()
            client.idle(0.1)
            assert client.search()[0].id == ID


@pytest.mark.parametrize("value", [False, True, "ca.pem", 5])
def test_verification_cannot_be_switched_off_by_a_slip(value):
    """`ssl=` takes a context and nothing else; the error says what to do."""
    with pytest.raises(ConfigurationError, match="cafile") as caught:
        AsyncLightfast(KEY, ssl=value)
    check_error(caught.value)
