"""`lightfast doctor` against real servers: both revisions, and each way in which a search can fail."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from click.testing import Result

from lightfast.cli import network_checks
from lightfast.cli.network_checks import check_clock
from lightfast.emulator import SAMPLE, Emulator, faults
from tests.conftest import KEY
from tests.servers import Server, answer, contract
from tests.waiting import PATIENCE

Run = Callable[..., Result]

UNAUTHORIZED = {"error": "UNAUTHORIZED", "message": "Invalid API key", "requestId": "req_1"}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator([SAMPLE], embedder=None) as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def _as_first(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_checks, "TIMEOUT", PATIENCE)
    emulator.clear()


def examined(run: Run, base_url: str, key: str = KEY, **environment: str) -> dict[str, Any]:
    """Run doctor, and return its document with the checks by name."""
    options = ("--json", f"--timeout={PATIENCE}", "--base-url", base_url)
    result = run("doctor", *options, LIGHTFAST_API_KEY=key, **environment)
    assert key not in result.output
    document: dict[str, Any] = json.loads(result.stdout)
    assert document["exit_code"] == result.exit_code
    assert document["ok"] is (result.exit_code == 0)
    by_name: dict[str, list[dict[str, str]]] = {}
    for check in document["checks"]:
        by_name.setdefault(check["name"], []).append(check)
    return document | {"by_name": by_name}


def only(document: dict[str, Any], name: str) -> dict[str, str]:
    (check,) = document["by_name"][name]
    return dict(check)


def test_everything_is_fine_with_an_emulator_of_the_pinned_revision(
    run: Run, emulator: Emulator
) -> None:
    """6: revision 2026-04-03."""
    key = emulator.create_api_key()
    document = examined(run, emulator.base_url, key)
    assert document["ok"]
    assert {check["status"] for check in document["checks"]} == {"ok"}
    assert "pins revision 2026-04-03" in only(document, "lightfast")["detail"]
    assert only(document, "key")["detail"] == f"sk-lf-...{key[-4:]} from the environment"
    assert only(document, "address")["detail"] == f"{emulator.base_url} from --base-url"
    assert only(document, "search")["detail"].startswith("200, ")
    assert "1 attempt, revision 2026-04-03" in only(document, "search")["detail"]
    assert only(document, "drift")["detail"] == "none"
    assert only(document, "clock")["detail"] == "agrees with the server's"


def test_the_second_revision_is_told(run: Run, emulator: Emulator) -> None:
    """6.3: revision 2026-04-04 works, with a warning."""
    emulator.api_revision = "2026-04-04"
    document = examined(run, emulator.base_url, emulator.create_api_key())
    assert document["ok"]
    assert only(document, "search")["status"] == "warn"
    assert "revision 2026-04-04" in only(document, "search")["detail"]
    assert document["by_name"]["drift"][0]["detail"].startswith("revision $: ")


def test_lines_say_ok_warn_or_fail_and_what_to_do(run: Run, emulator: Emulator) -> None:
    result = run("doctor", "--base-url", emulator.base_url, LIGHTFAST_API_KEY=KEY)
    assert result.exit_code == 3
    lines = result.stdout.splitlines()
    assert lines[0].startswith("ok    lightfast ")
    assert any(line.startswith("fail  search    Invalid API key") for line in lines)
    assert lines[-1].strip().startswith("→ Make a new key")


def test_attempts_are_counted(run: Run, emulator: Emulator) -> None:
    emulator.script(faults.internal_error())
    document = examined(run, emulator.base_url, emulator.create_api_key())
    assert "2 attempts" in only(document, "search")["detail"]


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (f'"{KEY}"', "The API key from the environment stands in quotes"),
        ("secret", "does not start with 'sk-lf-', 'ak_' or 'lf_'"),
        (f"Bearer {KEY}", "starts with 'Bearer '"),
    ],
)
def test_a_malformed_key_is_told_before_anything_is_sent(
    run: Run, emulator: Emulator, key: str, says: str
) -> None:
    document = examined(run, emulator.base_url, key)
    assert document["exit_code"] == 2
    assert (only(document, "key")["status"], "address" in document["by_name"]) == ("fail", False)
    assert says in only(document, "key")["detail"]
    assert key[-4:] not in json.dumps(document)
    assert "search" not in document["by_name"]
    assert emulator.requests == []


def test_no_key_at_all(run: Run) -> None:
    result = run("doctor")
    assert result.exit_code == 2
    assert "fail  key       No API key" in result.stdout


def test_a_key_from_a_file_is_read_by_the_command_line_only(
    run: Run, emulator: Emulator, tmp_path: Path
) -> None:
    key = emulator.create_api_key()
    (tmp_path / "here" / ".env.local").write_text(
        f"LIGHTFAST_API_KEY={key}\nLIGHTFAST_BASE_URL={emulator.base_url}\n"
    )
    result = run("doctor")
    assert result.exit_code == 0, result.output
    assert f"warn  key       sk-lf-...{key[-4:]} from .env.local" in result.stdout
    assert "Only the command line reads .env.local" in result.stdout
    with_both = run("doctor", LIGHTFAST_API_KEY=key, LIGHTFAST_BASE_URL=emulator.base_url)
    assert ".env.local is here, but the key comes from the environment" in with_both.stdout


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "fail  address   --base-url is empty"),
        ("lightfast.ai", "must look like 'https://lightfast.ai/api/v1', not 'lightfast.ai'"),
        ("https://me:pass-word@lightfast.ai", "must not hold a user name or password"),
    ],
)
def test_a_bad_address_is_a_failure_and_its_password_not_shown(
    run: Run, url: str, says: str
) -> None:
    result = run("doctor", "--base-url", url, LIGHTFAST_API_KEY=KEY)
    assert result.exit_code == 2
    assert says in result.stdout
    assert "pass-word" not in result.stdout
    assert "ok    address" not in result.stdout


@pytest.mark.parametrize("path", ["", "/api", "/v2"])
def test_an_address_without_the_path_is_told_the_path(
    path: str, run: Run, emulator: Emulator
) -> None:
    origin = emulator.base_url.removesuffix("/api/v1")
    document = examined(run, f"{origin}{path}", emulator.create_api_key())
    assert document["exit_code"] == 4
    assert (
        only(document, "elsewhere")["advice"] == f"Use it: LIGHTFAST_BASE_URL={emulator.base_url}"
    )


def test_drift_of_an_error_is_told(run: Run, emulator: Emulator) -> None:
    """6.2: the form of the error shows the revision of the server that refused the key."""
    emulator.api_revision = "2026-04-04"
    document = examined(run, emulator.base_url)
    assert document["exit_code"] == 3
    assert "form of revision 2026-04-04" in only(document, "drift")["detail"]


# --- the way ----------------------------------------------------------------------------------


def test_no_network_no_name(run: Run) -> None:
    document = examined(run, "https://lightfast.invalid/api/v1")
    assert document["exit_code"] == 7
    assert "lightfast.invalid has no address" in only(document, "dns")["detail"]
    assert not {"tcp", "tls", "search"} & document["by_name"].keys()


def test_no_network_no_listener(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    document = examined(run, f"http://127.0.0.1:{port}/api/v1")
    assert document["exit_code"] == 7
    assert f"no connection to 127.0.0.1:{port}" in only(document, "tcp")["detail"]
    assert "search" not in document["by_name"]


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start a TLS server with a certificate; return its address. SSL_CERT_FILE names its authority."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    listeners: list[socket.socket] = []

    def start(**certificate: Any) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", **certificate).configure_cert(context)
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        body = json.dumps(contract("response_documented.json")).encode()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                    with context.wrap_socket(connection, server_side=True) as secured:
                        if secured.recv(65536):
                            secured.sendall(
                                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                b"Connection: close\r\nContent-Length: %d\r\n\r\n%b"
                                % (len(body), body)
                            )
                except OSError:
                    if listener.fileno() == -1:
                        return

        threading.Thread(target=serve, daemon=True).start()
        return f"https://127.0.0.1:{listener.getsockname()[1]}/api/v1"

    yield start
    for listener in listeners:
        listener.close()


def test_a_good_certificate_with_its_issuer_and_expiry(
    run: Run, secure: Callable[..., str], tmp_path: Path
) -> None:
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=40, hours=1)
    document = examined(run, secure(not_after=soon), SSL_CERT_FILE=str(tmp_path / "ca.pem"))
    assert document["ok"], document["checks"]
    check = only(document, "tls")
    assert check["status"] == "ok"
    assert "issued by trustme" in check["detail"]
    assert f"expires {soon:%Y-%m-%d} (in 40 days)" in check["detail"]


def test_a_certificate_that_expires_soon_is_a_warning(
    run: Run, secure: Callable[..., str], tmp_path: Path
) -> None:
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    document = examined(run, secure(not_after=soon), SSL_CERT_FILE=str(tmp_path / "ca.pem"))
    assert document["ok"], document["checks"]
    assert only(document, "tls")["status"] == "warn"


def test_an_expired_certificate(run: Run, secure: Callable[..., str], tmp_path: Path) -> None:
    past = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    began = past - dt.timedelta(days=30)
    url = secure(not_before=began, not_after=past)
    document = examined(run, url, SSL_CERT_FILE=str(tmp_path / "ca.pem"))
    assert document["exit_code"] == 7
    check = only(document, "tls")
    assert check["detail"] == "certificate has expired"
    assert "has to be renewed" in check["advice"]
    assert "search" not in document["by_name"]


def test_an_unknown_authority(run: Run, secure: Callable[..., str]) -> None:
    document = examined(run, secure())
    assert document["exit_code"] == 7
    assert "SSL_CERT_FILE" in only(document, "tls")["advice"]


def test_a_proxy_that_refuses(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def refuse() -> None:
            connection, _ = proxy.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

        threading.Thread(target=refuse, daemon=True).start()
        place = f"127.0.0.1:{proxy.getsockname()[1]}"
        document = examined(
            run, "https://lightfast.invalid/api/v1", HTTPS_PROXY=f"http://me:pass-word@{place}"
        )
    assert document["exit_code"] == 7
    assert only(document, "proxy")["detail"] == f"{place}, named by HTTPS_PROXY"
    assert "407 Proxy Authentication Required" in only(document, "tunnel")["detail"]
    assert "NO_PROXY" in only(document, "tunnel")["advice"]
    assert "pass-word" not in json.dumps(document)


class HttpProxy(socketserver.StreamRequestHandler):
    """Proxy that opens tunnels for one user only."""

    def handle(self) -> None:
        target = self.rfile.readline().split()[1].decode()
        head = b"".join(iter(self.rfile.readline, b"\r\n"))
        if b"Basic " + base64.b64encode(b"me:pass word") not in head:
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        host, _, port = target.partition(":")
        with socket.create_connection((host, int(port)), 10) as onward:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=copy, args=(onward, self.connection), daemon=True)
            back.start()
            copy(self.connection, onward)
            back.join(10)


def copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def test_a_proxy_that_wants_to_know_who_asks_is_told(
    run: Run, secure: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doctor goes the way that a search goes."""
    monkeypatch.setattr(network_checks, "is_loopback", lambda _: False)
    monkeypatch.setattr("lightfast._transport.proxy.is_loopback", lambda _: False)
    trust = {"SSL_CERT_FILE": str(tmp_path / "ca.pem"), "NO_PROXY": ""}
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), HttpProxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        place = f"127.0.0.1:{proxy.server_address[1]}"
        known = examined(run, secure(), HTTPS_PROXY=f"http://me:pass%20word@{place}", **trust)
        stranger = examined(run, secure(), HTTPS_PROXY=f"http://{place}", **trust)
        proxy.shutdown()
    assert known["ok"], known["checks"]
    assert [only(known, name)["status"] for name in ("proxy", "tunnel", "tls")] == ["ok"] * 3
    assert "407" in only(stranger, "tunnel")["detail"]


@pytest.mark.parametrize("given", ["nonsense://proxy", "http://a:b:c", "http://[", "http://:80"])
def test_what_is_no_proxy_is_told_by_the_variable(run: Run, given: str) -> None:
    document = examined(run, "https://lightfast.invalid/api/v1", HTTPS_PROXY=given)
    assert document["exit_code"] == 7
    assert only(document, "proxy")["detail"] == "HTTPS_PROXY does not hold the URL of a proxy"


def test_a_socks_proxy_is_left_to_the_search(run: Run) -> None:
    """It speaks no HTTP, so that no tunnel can be asked for."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        url, proxy = "https://lightfast.invalid/api/v1", f"socks5h://127.0.0.1:{port}"
        threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True).start()
        document = examined(run, url, HTTPS_PROXY=proxy)
    assert only(document, "proxy")["detail"] == f"127.0.0.1:{port}, named by HTTPS_PROXY"
    assert "tunnel" not in document["by_name"]
    assert only(document, "search")["status"] == "fail"


def test_the_clock_is_compared_with_the_server_s() -> None:
    now = dt.datetime(2026, 4, 3, 12, 5, tzinfo=dt.UTC)
    ahead = check_clock("Fri, 03 Apr 2026 12:00:00 GMT", now)
    assert ahead is not None
    assert (ahead.status, ahead.detail) == ("warn", "300 s ahead of the server's")
    fine = check_clock("Fri, 03 Apr 2026 12:04:50 GMT", now)
    assert fine is not None
    assert fine.status == "ok"
    assert check_clock("yesterday", now) is None


# --- 6b: where the service went ---------------------------------------------------------------


def gone(**served: Any) -> Callable[[web.Request], Any]:
    """Serve paths with documents; answer everything else 404 with an empty body."""

    async def respond(request: web.Request) -> web.StreamResponse:
        found = served.get(request.path.strip("/").replace("/", "_"))
        if found is None:
            return web.Response(status=404)
        return web.json_response(found)

    return respond


def test_search_has_moved_to_the_other_path(run: Run) -> None:
    """6b: 2026-04-05: 404 at /api/v1; at /v1 it works."""
    with Server(gone(v1_search=contract("response_2026_04_04.json"))) as server:
        document = examined(run, server.base_url)
    assert document["exit_code"] == 4
    elsewhere = server.base_url.replace("/api/v1", "/v1")
    check = only(document, "elsewhere")
    assert check["detail"] == f"{elsewhere} answers, 2026-04-04"
    assert check["advice"] == f"Use it: LIGHTFAST_BASE_URL={elsewhere}"


def test_search_is_gone(run: Run) -> None:
    """6b: 2026-05-07: 404 everywhere."""
    with Server(gone()) as server:
        document = examined(run, server.base_url)
    assert document["exit_code"] == 4
    assert "2026-05-07" in only(document, "search")["detail"]
    assert only(document, "elsewhere")["status"] == "fail"
    assert "service" not in document["by_name"]


def test_only_health_is_there(run: Run) -> None:
    """6b: 2026-05-11: /api/v1 has only GET /system/health."""
    with Server(gone(api_v1_system_health={"status": "ok"})) as server:
        document = examined(run, server.base_url)
    assert only(document, "service")["detail"] == "there is a service, without search"
    assert "--local" in only(document, "service")["advice"]


@pytest.mark.parametrize("key", [KEY, "ak_" + "x" * 43], ids=["6b: sk-lf- stops", "6b: ak_"])
def test_keys_of_another_time(run: Run, key: str) -> None:
    """6b: 2026-05-15 and 05-27: 401, with the kind of key that is taken."""
    with Server(answer(UNAUTHORIZED, 401)) as server:
        document = examined(run, server.base_url, key)
    assert document["exit_code"] == 3
    assert "'lf_' from 2026-05-27" in only(document, "search")["detail"]


def test_errors_of_another_form(run: Run) -> None:
    """6b: 2026-06-17: `auth_required`, no request id."""
    body = {"error": "auth_required", "message": "Sign in first", "diagnostics": {}}
    with Server(answer(body, 401)) as server:
        document = examined(run, server.base_url)
    assert only(document, "search")["detail"].startswith("Sign in first")
    assert "auth_required" in only(document, "search")["detail"]


def test_unknown_paths_that_answer_500_to_json_clients(run: Run) -> None:
    """6b: 2026-06-17: with our Accept header, it is the 404."""

    async def respond(request: web.Request) -> web.StreamResponse:
        if "*/*" in request.headers.get("Accept", ""):
            return web.Response(status=404)
        return web.json_response({"error": "Only HTML requests are supported here"}, status=500)

    with Server(respond) as server:
        assert examined(run, server.base_url)["exit_code"] == 4
