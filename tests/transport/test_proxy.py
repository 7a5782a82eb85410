"""Routes: which proxy a request goes through, and what is said of one that cannot be used."""

from __future__ import annotations

import sys

import pytest

from lightfast import ConfigurationError, NetworkError
from lightfast._config import ConnectionConfig
from lightfast._secrets import Secret
from lightfast._transport.proxy import Route, route_to
from tests.faults.checks import check_error
from tests.faults.conftest import face, stage
from tests.faults.faces import KEY, USUAL
from tests.faults.plays import GOOD, healthy
from tests.faults.server import FaultServer, Wire

__all__ = ["face", "stage"]

ID = GOOD["data"][0]["id"]
PASSWORD = "pAssw0rdThatMustNotBeSeen"
PLAIN = {"base_url": "http://api.example.test/api/v1", "allow_insecure_http": True}
SECURE = {"base_url": "https://api.example.test/api/v1"}


def route(origin: str, proxy: str | None = None, *, trust_env: bool = True) -> Route:
    config = ConnectionConfig(
        proxy=None if proxy is None else Secret(proxy),
        trust_env=trust_env,
        ssl=None,
        max_connections=1,
        max_response_bytes=1,
    )
    return route_to(origin, config)


def test_without_a_proxy_the_route_is_direct():
    found = route("https://api.example.test:8443")
    assert (found.host, found.proxy, found.socks) == ("api.example.test:8443", None, None)


def test_a_password_goes_into_the_header_of_the_tunnel_or_the_request(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "http://me:pass@proxy.example:3128")
    tunnel, plain = route("https://api.example.test"), route("http://api.example.test")
    assert tunnel.proxy == plain.proxy == "http://proxy.example:3128"
    assert tunnel.tunnel_headers == plain.headers == {"Proxy-Authorization": "Basic bWU6cGFzcw=="}
    assert tunnel.headers == plain.tunnel_headers == {}


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize(
    "value", ["ftp://proxy", "'http://proxy:1'", '"socks5://proxy"', "http://[::1", "http://a:x"]
)
def test_a_proxy_of_the_environment_that_cannot_be_used_is_named(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value.replace("//", f"//me:{PASSWORD}@"))
    with pytest.raises(ConfigurationError, match=rf"^{variable} .*trust_env=False") as caught:
        route("https://api.example.test")
    check_error(caught.value, PASSWORD)
    assert route("https://api.example.test", trust_env=False).proxy is None


def test_socks_without_its_extra_names_the_variable_and_the_extra(face, monkeypatch):
    monkeypatch.setitem(sys.modules, "aiohttp_socks", None)
    monkeypatch.delitem(sys.modules, "lightfast._transport.socks", raising=False)
    monkeypatch.setenv("ALL_PROXY", f"socks5h://me:{PASSWORD}@127.0.0.1:7890")
    with face(**USUAL | SECURE) as client:
        with pytest.raises(ConfigurationError, match=r"^ALL_PROXY .*\[socks\]") as caught:
            client.search()
    check_error(caught.value, PASSWORD)


class Socks:
    """SOCKS5 proxy, as a greeting of the server behind it: RFC 1928, RFC 1929.

    Attributes:
        asked: Names and ports that it was asked to connect to.
        logins: User names and passwords that came.
    """

    def __init__(self, reply: int = 0) -> None:
        self._reply = reply
        self.asked: list[tuple[bytes, int]] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def __call__(self, wire: Wire) -> bool:
        _, count = await wire.receive(2)
        methods = await wire.receive(count)
        if 2 in methods:
            await wire.send(b"\x05\x02")
            await wire.receive(1)
            name = await wire.receive((await wire.receive(1))[0])
            self.logins.append((name, await wire.receive((await wire.receive(1))[0])))
            await wire.send(b"\x01\x00")
        else:
            await wire.send(b"\x05\x00")
        _, _, _, kind = await wire.receive(4)
        assert kind == 3, "an address instead of a name"
        name = await wire.receive((await wire.receive(1))[0])
        self.asked.append((name, int.from_bytes(await wire.receive(2))))
        await wire.send(bytes([5, self._reply, 0, 1]) + bytes(6))
        return self._reply == 0


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("given", ["argument", "environment"])
def test_a_socks_proxy_is_used_and_resolves_the_name(face, stage, monkeypatch, scheme, given):
    pytest.importorskip("aiohttp_socks")
    socks = Socks()
    server = FaultServer(healthy, greetings=[socks])
    with stage.serve(server):
        proxy = f"{scheme}://me:{PASSWORD}@127.0.0.1:{server.port}"
        if given == "environment":
            monkeypatch.setenv("ALL_PROXY", proxy)
        options = {"proxy": proxy} if given == "argument" else {}
        with face(**USUAL | PLAIN | options) as client:
            for _ in range(3):
                assert client.search()[0].id == ID
    assert socks.asked == [(b"api.example.test", 80)]
    assert socks.logins == [(b"me", PASSWORD.encode())]
    assert server.connections == 1
    assert {request.credential.decode() for request in server.requests} == {KEY}


def test_a_socks_proxy_that_refuses_or_is_not_there_is_told_apart(
    face, stage, monkeypatch, closed_port
):
    pytest.importorskip("aiohttp_socks")
    server = FaultServer(healthy, greetings=[Socks(reply=2)] * 9)
    with stage.serve(server):
        monkeypatch.setenv("ALL_PROXY", f"socks5://me:{PASSWORD}@127.0.0.1:{server.port}")
        with (
            face(**USUAL | PLAIN) as client,
            pytest.raises(NetworkError, match="by ALL_PROXY, refused") as no,
        ):
            client.search()
    check_error(no.value, PASSWORD)
    assert no.value.attempts == 1
    monkeypatch.setenv("ALL_PROXY", f"socks5://me:{PASSWORD}@127.0.0.1:{closed_port}")
    with (
        face(**USUAL | PLAIN) as client,
        pytest.raises(NetworkError, match="by ALL_PROXY, cannot be reached") as gone,
    ):
        client.search()
    check_error(gone.value, PASSWORD)
    assert gone.value.attempts == 3


def test_a_proxy_that_is_not_there_is_told_by_where_it_was_named(face, monkeypatch, closed_port):
    monkeypatch.setenv("http_proxy", f"http://me:{PASSWORD}@127.0.0.1:{closed_port}")
    with face(**USUAL | PLAIN) as client, pytest.raises(NetworkError, match="by http_proxy,") as no:
        client.search()
    check_error(no.value, PASSWORD)
