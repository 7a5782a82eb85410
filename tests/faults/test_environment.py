"""The environment: proxies, netrc, cookies. What is obeyed, and what never is."""

from __future__ import annotations

import base64
import ssl

import pytest

from lightfast import ConfigurationError, LightfastError, NetworkError
from tests.faults.checks import check_error, shows_secret
from tests.faults.faces import KEY, USUAL
from tests.faults.plays import GOOD, close, hang, healthy, message, raw, reply, reset
from tests.faults.server import FaultServer, Play, Wire
from tests.faults.test_tls import context_of

ID = GOOD["data"][0]["id"]
PASSWORD = "pAssw0rdThatNobodyMaySee"
PLAIN = {"base_url": "http://api.example.test/api/v1", "allow_insecure_http": True}
SECURE = {"base_url": "https://api.example.test/api/v1"}
OK = b"HTTP/1.1 200 Connection established\r\n\r\n"


def address(server: FaultServer, user: str = "") -> str:
    return f"http://{user}127.0.0.1:{server.port}"


def tunnel(context: ssl.SSLContext, then: Play = healthy) -> Play:
    """Start a proxy that goes on as the server behind it, in TLS."""

    async def play(wire: Wire) -> None:
        await wire.send(OK)
        await wire.start_tls(context)
        while await wire.read_request():
            if not await then(wire):
                return

    return play


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_is_used_for_http(face, stage, monkeypatch, variable):
    """Plain http to another machine goes through the proxy, as a whole URL."""
    server = FaultServer(healthy)
    with stage.serve(server):
        monkeypatch.setenv(variable, address(server))
        with face(**USUAL | PLAIN) as client:
            assert client.search()[0].id == ID
    assert server.requests[0].line.startswith("POST http://api.example.test/api/v1/search ")


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("user", ["", f"me:{PASSWORD}@", "me%40home:p%3Aw@", "me@"])
def test_https_goes_through_a_tunnel(face, stage, monkeypatch, authority, trusting, variable, user):
    """The proxy sees a CONNECT with its own password, and never the key or the query."""
    context = context_of(authority.issue_cert("api.example.test"))
    server = FaultServer(tunnel(context))
    with stage.serve(server):
        monkeypatch.setenv(variable, address(server, user))
        with face(**USUAL | SECURE, ssl=trusting) as client:
            assert client.search("secret query")[0].id == ID
    connect, post = server.requests
    assert connect.line == "CONNECT api.example.test:443 HTTP/1.1"
    assert not shows_secret(connect.head.decode())
    assert connect.body == b""
    given = connect.headers.get("proxy-authorization", "")
    expected = {"": "", "me%40home:p%3Aw@": "me@home:p:w", "me@": "me:"}.get(user, user[:-1])
    assert base64.b64decode(given.removeprefix("Basic ")).decode() == expected
    assert "proxy-authorization" not in post.headers
    assert post.credential.decode() == KEY


def test_a_proxy_that_is_an_argument_wins(face, stage, monkeypatch):
    """`proxy=` beats the environment."""
    server = FaultServer(healthy)
    with stage.serve(server):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        with face(**USUAL | PLAIN, proxy=address(server)) as client:
            assert client.search()[0].id == ID


@pytest.mark.parametrize("no", ["api.example.test", ".example.test", "*", "other,example.test"])
def test_no_proxy_is_obeyed(face, stage, monkeypatch, no):
    """A host that NO_PROXY names is asked directly (and does not exist here)."""
    server = FaultServer(healthy)
    with stage.serve(server):
        monkeypatch.setenv("HTTP_PROXY", address(server))
        monkeypatch.setenv("NO_PROXY", no)
        with face(**USUAL | PLAIN | {"retries": 0}) as client:
            with pytest.raises(NetworkError, match="cannot be resolved"):
                client.search()
    assert server.connections == 0


def test_trust_env_false_is_obeyed(face, stage, monkeypatch):
    """Without trust in the environment, its proxy is not used."""
    server = FaultServer(healthy)
    with stage.serve(server):
        monkeypatch.setenv("HTTP_PROXY", address(server))
        with face(**USUAL | PLAIN | {"retries": 0}, trust_env=False) as client:
            with pytest.raises(NetworkError):
                client.search()
    assert server.connections == 0


def test_loopback_is_asked_directly(face, stage, monkeypatch):
    """The environment's proxy never sees what stays on this machine."""
    server = FaultServer(healthy)
    with stage.serve(server):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        with face(**USUAL | {"base_url": server.base_url}) as client:
            assert client.search()[0].id == ID


FAULTS = {
    "407": (reply(b"", 407), NetworkError, 1),
    "403": (reply(b"no", 403), NetworkError, 1),
    "502": (reply(b"", 502), NetworkError, 3),
    "503 and the password": (reply(b"", 503, [("X-You", PASSWORD)], reason=PASSWORD), NetworkError, 3),
    "a redirect": (reply(b"", 302, [("Location", "http://127.0.0.1:1/")]), NetworkError, 1),
    "garbage": (raw(b"garbage\r\n\r\n"), LightfastError, None),
    "closed": (close, NetworkError, 3),
    "reset": (reset, NetworkError, 3),
    "a tunnel to nowhere": (raw(OK), NetworkError, None),
    "a tunnel to plain http": (raw(OK + message()), NetworkError, None),
    "hangs": (hang, TimeoutError, None),
    "a tunnel that hangs": (None, TimeoutError, None),
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_a_proxy_that_fails(face, stage, monkeypatch, trusting, what):
    """Whatever a proxy does, the error is ours, and tells neither the key nor the password."""

    async def silent_tunnel(wire: Wire) -> None:
        await wire.send(OK)
        await wire.hang()

    play, cls, requests = FAULTS[what]
    server = FaultServer(play or silent_tunnel)
    options = {"timeout": 0.8, "attempt_timeout": 0.5} if cls is TimeoutError else {}
    with stage.serve(server):
        monkeypatch.setenv("HTTPS_PROXY", address(server, f"me:{PASSWORD}@"))
        with face(**USUAL | SECURE | options, ssl=trusting) as client:
            with pytest.raises(cls) as caught:
                client.search()
    check_error(caught.value)
    check_error(caught.value, PASSWORD)
    if requests is not None:
        assert len(server.requests) == requests
    for request in server.requests:
        assert not shows_secret(request.head.decode())


def test_a_proxy_that_is_not_there(face, monkeypatch, closed_port, trusting):
    """A proxy that refuses connections is named as the culprit, without its password."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{PASSWORD}@127.0.0.1:{closed_port}")
    with face(**USUAL | SECURE, ssl=trusting) as client:
        with pytest.raises(NetworkError, match="proxy") as caught:
            client.search()
    check_error(caught.value, PASSWORD)


@pytest.mark.parametrize(
    "proxy", [f"ftp://me:{PASSWORD}@127.0.0.1:1", f"me:{PASSWORD}", f"http://me:{PASSWORD}@[::1", f"http://me:{PASSWORD}@127.0.0.1:x"]
)  # fmt: skip
@pytest.mark.parametrize("given", ["argument", "environment"])
def test_a_proxy_that_is_none_is_refused_without_its_password(face, monkeypatch, proxy, given):
    """A proxy that cannot be used is a ConfigurationError that does not quote it."""
    options = {"proxy": proxy} if given == "argument" else {}
    if given == "environment":
        monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(LightfastError) as caught:
        with face(**USUAL | SECURE | options | {"timeout": 3.0}) as client:
            client.search()
    check_error(caught.value)
    check_error(caught.value, PASSWORD)
    if given == "argument":
        assert type(caught.value) is ConfigurationError


def test_netrc_is_ignored(face, stage, monkeypatch, tmp_path):
    """A login in ~/.netrc for the API's host is not sent in place of the key."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = FaultServer(healthy)
    with stage.serve(server), face(**USUAL | {"base_url": server.base_url}) as client:
        client.search()
    assert server.requests[0].credential.decode() == KEY


def test_a_cookie_is_never_replayed(face, stage):
    """A server does not get back the cookies that it sets: not after success, error or redirect."""
    cookie = [("Set-Cookie", "session=1; Path=/"), ("Set-Cookie", "b=2")]
    script = [reply(headers=cookie), reply(b"", 503, cookie), reply(b"", 302, cookie)]
    server = FaultServer(healthy, script)
    with stage.serve(server), face(**USUAL | {"base_url": server.base_url}) as client:
        client.search()
        with pytest.raises(LightfastError):
            client.search()
        client.search()
    assert len(server.requests) == 4
    assert all("cookie" not in request.headers for request in server.requests)


def test_no_request_says_more_than_was_agreed(face, stage):
    """The headers of a request are these and no others."""
    server = FaultServer(healthy)
    with stage.serve(server), face(**USUAL | {"base_url": server.base_url}) as client:
        client.search()
    assert sorted(server.requests[0].headers) == [
        "accept", "accept-encoding", "authorization", "content-length", "content-type", "host", "user-agent",
    ]  # fmt: skip


def test_a_redirect_reaches_nobody_else(face, stage):
    """Neither key nor query arrive where a redirect points to, whatever its status."""
    other = FaultServer(healthy)
    with stage.serve(other):
        for status in (301, 302, 303, 307, 308):
            server = FaultServer(reply(b"", status, [("Location", other.base_url + "/search")]))
            with stage.serve(server), face(**USUAL | {"base_url": server.base_url}) as client:
                with pytest.raises(LightfastError, match="never followed"):
                    client.search()
    assert other.connections == 0


def test_plain_http_to_a_stranger_is_refused_before_anything_is_sent(face):
    """A key goes over http to loopback only, unless somebody insists."""
    with pytest.raises(ConfigurationError, match="plain http") as caught:
        face(**USUAL | {"base_url": "http://api.example.test"})
    check_error(caught.value)
