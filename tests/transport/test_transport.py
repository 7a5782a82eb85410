"""One call: its deadline, its attempts and its waits, against a real server."""

from __future__ import annotations

import asyncio
import gc
import logging
import ssl
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from lightfast import (
    AsyncLightfast,
    AuthenticationError,
    NetworkError,
    RateLimitError,
    RequestTimeoutError,
    ResponseError,
    RetryBudget,
    ServerError,
    SessionAuth,
    UsageError,
)
from lightfast._transport import call
from tests.conftest import KEY, QUICK
from tests.servers import Server, answer, contract, delayed, error, page
from tests.waiting import PATIENCE, eventually


def connect(server: Server, **options: Any) -> AsyncLightfast:
    return AsyncLightfast(**({"api_key": KEY, "base_url": server.base_url, "retries": QUICK} | options))  # fmt: skip


async def test_a_request_carries_the_key_and_nothing_that_was_not_agreed(client, server):
    await client.search("q")
    headers, _ = server.requests[0]
    assert headers.pop("Host").startswith("127.0.0.1")
    assert headers.pop("User-Agent").startswith("lightfast/")
    assert headers.pop("Content-Length")
    assert headers == {
        "Authorization": f"Bearer {KEY}",
        "Content-Type": "application/json",
        "Accept": "application/json, */*;q=0.5",
        "Accept-Encoding": "gzip, deflate",
    }


async def test_a_session_is_sent_without_a_bearer_token(server):
    async with connect(server, api_key=None, auth=SessionAuth("tok", org_id="org_1")) as client:
        await client.search("q")
    headers, _ = server.requests[0]
    assert (headers["Cookie"], headers["X-Org-ID"]) == ("__session=tok", "org_1")
    assert "Authorization" not in headers


async def test_a_cookie_that_the_server_sets_is_never_sent_back(serve):
    server = serve(answer(contract("response_minimal.json"), Set_Cookie="a=b"))
    async with connect(server) as client:
        await client.search("q")
        await client.search("q")
    assert all("Cookie" not in headers for headers, _ in server.requests)


async def test_a_failure_that_heals_is_an_answer_and_says_how_many_attempts(serve, caplog):
    server = serve(error(503, "BUSY"), error(500, "INTERNAL_ERROR"), page("1"))
    async with connect(server) as client:
        with caplog.at_level(logging.DEBUG, "lightfast"):
            response = await client.search("q")
    assert response.http.attempts == 3
    assert response.http.elapsed > 0
    warnings = [
        record.getMessage()
        for record in caplog.records
        if record.levelname == "WARNING" and record.name == "lightfast"
    ]
    assert len(warnings) == 2
    assert "503 BUSY" in warnings[0]
    assert "req_e" in warnings[0]
    (told,) = [record.getMessage() for record in caplog.records if record.levelname == "DEBUG"]
    assert "200 in" in told
    assert "attempts: 3 (request id: req_empty)" in told
    assert KEY not in caplog.text


async def test_a_failure_that_stays_tells_what_each_attempt_met(serve):
    server = serve(error(503, "BUSY"), error(500, "INTERNAL_ERROR"), error(502, "BAD"))
    async with connect(server) as client:
        with pytest.raises(ServerError) as caught:
            await client.search("q")
    outcomes = [attempt.outcome for attempt in caught.value.history]
    assert outcomes == ["503 BUSY", "500 INTERNAL_ERROR", "502 BAD"]
    assert [attempt.status for attempt in caught.value.history] == [503, 500, 502]
    assert caught.value.attempts == 3
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "VALIDATION_ERROR"), (401, "UNAUTHORIZED"), (403, "FORBIDDEN"), (500, "CONFIG_ERROR")],
)
async def test_what_cannot_pass_later_is_asked_once(serve, status, code):
    server = serve(error(status, code))
    async with connect(server) as client:
        with pytest.raises(Exception, match=code.lower()):
            await client.search("q")
    assert len(server.requests) == 1


async def test_a_provider_is_asked_again_once_after_a_401(serve):
    server = serve(error(401, "UNAUTHORIZED"), page("1"), error(401, "UNAUTHORIZED"))
    keys = iter(["sk-lf-old", "sk-lf-new", "sk-lf-newer"])
    async with connect(server, api_key=lambda: next(keys)) as client:
        assert (await client.search("q")).http.attempts == 2
        with pytest.raises(AuthenticationError) as caught:
            await client.search("q")
    sent = [headers["Authorization"] for headers, _ in server.requests]
    assert sent == [f"Bearer sk-lf-{age}" for age in ("old", "new", "new", "newer")]
    assert caught.value.attempts == 2


async def test_retry_after_in_seconds_is_obeyed(serve):
    server = serve(error(429, "RATE_LIMITED", Retry_After="0.2"), page("1"))
    async with connect(server) as client:
        assert (await client.search("q")).http.elapsed >= 0.2


async def test_retry_after_as_a_date_is_obeyed(serve):
    async def refuse(request):
        soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        return await error(429, "RATE_LIMITED", Retry_After=soon)(request)

    server = serve(refuse, page("1"))
    async with connect(server) as client:
        assert (await client.search("q")).http.elapsed >= 0.5


async def test_a_wait_that_does_not_fit_fails_at_once_and_says_how_long(serve):
    server = serve(error(429, "RATE_LIMITED", Retry_After="60"))
    async with connect(server, timeout=50) as client:
        async with asyncio.timeout(40):
            with pytest.raises(RateLimitError) as caught:
                await client.search("q")
    assert caught.value.retry_after == 60.0
    assert caught.value.attempts == 1
    assert "does not fit" in caught.value.__notes__[0]


async def test_a_stalled_attempt_leaves_room_for_the_next(serve):
    server = serve(delayed(30, page("1")), page("2"))
    async with connect(server, attempt_timeout=2) as client:
        response = await client.search("q")
    assert (response[0].id, response.http.attempts) == ("2", 2)


async def test_timeout_bounds_the_whole_call(serve):
    server = serve(delayed(30, page("1")))
    async with connect(server, attempt_timeout=0.2) as client:
        with pytest.raises(RequestTimeoutError, match=r"0\.3 s of `timeout`") as caught:
            await client.search("q", timeout=0.3)
    assert 1 <= caught.value.attempts <= 2
    assert isinstance(caught.value, TimeoutError)


async def test_attempt_timeout_is_named_when_all_attempts_stall(serve):
    server = serve(delayed(30, page("1")))
    async with connect(server, attempt_timeout=0.05) as client:
        with pytest.raises(RequestTimeoutError, match="`attempt_timeout`") as caught:
            await client.search("q")
    assert caught.value.attempts == 3


async def test_none_is_no_limit_and_not_given_is_the_clients(serve):
    server = serve(delayed(0.3, page("1")), delayed(30, page("2")))
    async with connect(server, timeout=0.1, attempt_timeout=None) as client:
        assert await client.search("q", timeout=None)
        with pytest.raises(RequestTimeoutError):
            await client.search("q")


async def test_a_provider_that_hangs_is_bounded_by_the_timeout_too(server):
    async def provider():
        await asyncio.sleep(30)

    async with connect(server, api_key=provider) as client:
        with pytest.raises(RequestTimeoutError):
            await client.search("q", timeout=0.1)


async def test_an_outage_does_not_multiply_the_load(serve):
    server = serve(error(503, "BUSY"))
    budget = RetryBudget(ratio=0, reserve=3, per_second=0)
    async with connect(server, retry_budget=budget) as client:
        for _ in range(5):
            with pytest.raises(ServerError):
                await client.search("q")
    assert len(server.requests) == 5 + 3


async def test_a_redirect_is_never_followed(serve):
    server = serve(answer("", 307, Location="https://evil.example/"))
    async with connect(server) as client:
        with pytest.raises(ResponseError, match="never followed") as caught:
            await client.search("q")
    assert caught.value.status == 307
    assert len(server.requests) == 1


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_answer_larger_than_allowed_is_refused(serve, chunked):
    async def large(request):
        response = web.StreamResponse()
        if chunked:
            response.enable_chunked_encoding()
        else:
            response.content_length = 1_000_000
        await response.prepare(request)
        for _ in range(10):
            await response.write(bytes(100_000))
        return response

    server = serve(large)
    async with connect(server, max_response_bytes=200_000) as client:
        with pytest.raises(ResponseError, match="larger than 200,000 bytes"):
            await client.search("q")
    assert len(server.requests) == 1


async def test_a_compressed_answer_is_read_and_a_bomb_is_not(serve):
    async def compressed(request):
        response = web.json_response(contract("response_documented.json"))
        response.enable_compression()
        return response

    async def bomb(request):
        response = web.Response(body=bytes(50_000_000))
        response.enable_compression()
        return response

    server = serve(compressed, bomb)
    async with connect(server, max_response_bytes=100_000) as client:
        assert len(await client.search("q")) == 2
        with pytest.raises(ResponseError, match="larger than"):
            await client.search("q")


async def test_no_server_is_a_network_error_without_foreign_company(closed_port):
    client = AsyncLightfast(KEY, base_url=f"http://127.0.0.1:{closed_port}", retries=QUICK)
    async with client:
        with pytest.raises(NetworkError, match="connection refused") as caught:
            await client.search("q")
    assert caught.value.attempts == 3
    assert caught.value.__cause__ is caught.value.__context__ is None


async def test_calls_beyond_max_connections_wait_without_losing_their_time(serve):
    async def respond(request):
        await eventually(lambda: server.most_in_flight == 2)
        return await delayed(0.3, page("1"))(request)

    server = serve(respond)
    async with connect(server, max_connections=2, attempt_timeout=2.5) as client:
        await asyncio.gather(*(client.search("q") for _ in range(20)))
    assert server.most_in_flight == 2
    assert len(server.requests) == 20


async def test_a_call_that_waits_for_a_connection_keeps_its_deadline(serve):
    server = serve(delayed(30, page("1")))
    async with connect(server, max_connections=1, attempt_timeout=None) as client:
        stuck = asyncio.create_task(client.search("q"))
        await eventually(lambda: server.requests)
        with pytest.raises(RequestTimeoutError):
            await client.search("q", timeout=0.1)
        stuck.cancel()


async def test_a_large_answer_is_decoded_on_another_thread(serve, monkeypatch):
    """The event loop goes on, and so does a small answer; where there is no thread, it has to do it itself."""
    threads = []
    reading = call.Call._decode

    def watched(self, response, read):
        threads.append(threading.current_thread())
        return reading(self, response, read)

    monkeypatch.setattr(call.Call, "_decode", watched)
    large = contract("response_minimal.json") | {"more": "x" * call.LARGE_BODY}
    server = serve(answer(large), page("1"), answer(large))
    async with connect(server) as client:
        assert (await client.search("q")).request_id == "req_empty"
        assert (await client.search("q")).request_id
        monkeypatch.setattr(threading.Thread, "start", refuse)
        assert (await client.search("q")).request_id == "req_empty"
    own = threading.current_thread()
    assert [thread is own for thread in threads] == [False, True, True]


def refuse(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


async def test_the_deadline_holds_while_a_large_answer_is_decoded(serve, monkeypatch):
    """The call ends without it, and the client goes on."""
    over = threading.Event()
    reading = call.Call._decode

    def slow(self, response, read):
        if len(response.body) >= call.LARGE_BODY:
            over.wait(PATIENCE)
        return reading(self, response, read)

    monkeypatch.setattr(call.Call, "_decode", slow)
    large = contract("response_minimal.json") | {"more": "x" * call.LARGE_BODY}
    async with connect(serve(answer(large), page("1"))) as client:
        with pytest.raises(RequestTimeoutError, match="`timeout`"):
            await client.search("q", timeout=0.5, retries=0)
        over.set()
        assert await client.search("q")


async def test_cancelling_leaves_the_client_usable(serve):
    server = serve(delayed(30, page("1")), page("2"))
    async with connect(server, max_connections=1) as client:
        task = asyncio.create_task(client.search("q"))
        await eventually(lambda: server.requests)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await client.search("q"))[0].id == "2"


async def test_closing_ends_calls_under_way_and_refuses_new_ones(serve):
    server = serve(delayed(30, page("1")))
    client = connect(server)
    task = asyncio.create_task(client.search("q"))
    await eventually(lambda: server.requests)
    await client.aclose()
    with pytest.raises(UsageError, match="closed while a call was under way"):
        await task
    with pytest.raises(UsageError, match="This client is closed"):
        await client.search("q")
    await client.aclose()


def test_one_client_serves_event_loops_one_after_another(server):
    client = connect(server)

    async def ask():
        return await client.search("q")

    for _ in range(3):
        assert asyncio.run(ask())
    asyncio.run(client.aclose())


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # asyncio's own, of its sockets
def test_a_loop_that_was_closed_rudely_is_let_go_of_by_the_next(server, caplog):
    client = connect(server)
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(client.search("q"))
    loop.close()  # without shutdown_asyncgens()

    async def ask_and_close():
        async with client:
            return await client.search("q")

    assert asyncio.run(ask_and_close())
    gc.collect()
    assert caplog.text == ""


async def test_one_client_serves_event_loops_at_once(client, server):
    def elsewhere():
        return asyncio.run(client.search("q"))

    answers = await asyncio.gather(client.search("q"), *(asyncio.to_thread(elsewhere) for _ in range(4)))  # fmt: skip
    assert len(answers) == 5


async def test_requests_go_through_the_proxy_of_the_environment(serve, monkeypatch):
    proxy = serve()
    monkeypatch.setenv("HTTP_PROXY", proxy.base_url.replace("//", "//me:pass@").removesuffix("/api/v1"))  # fmt: skip
    target = {"base_url": "http://api.example/v1", "allow_insecure_http": True}
    async with connect(proxy, **target) as client:
        assert await client.search("q")
    headers, _ = proxy.requests[0]
    assert headers["Host"] == "api.example"
    assert headers["Proxy-Authorization"] == "Basic bWU6cGFzcw=="
    monkeypatch.setenv("NO_PROXY", "api.example")
    async with connect(proxy, **target, retries=0) as client:
        with pytest.raises(NetworkError, match=r"api\.example cannot be resolved"):
            await client.search("q")
    async with connect(proxy, **target, retries=0, trust_env=False) as client:
        with pytest.raises(NetworkError):
            await client.search("q")


async def test_loopback_is_never_asked_through_a_proxy_of_the_environment(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with connect(server) as client:
        assert await client.search("q")


async def test_plain_http_on_an_https_port_is_told_apart(server):
    url = server.base_url.replace("http:", "https:")
    context = ssl.create_default_context()
    async with AsyncLightfast(KEY, base_url=url, ssl=context, retries=QUICK) as client:
        with pytest.raises(NetworkError, match="TLS") as caught:
            await client.search("q")
    assert caught.value.attempts == 1


async def test_a_short_sequence_without_a_server(scripted):
    url = "https://lightfast.ai/api/v1/search"
    scripted.post(url, status=503, payload={"error": "BUSY", "message": "busy"})
    scripted.post(url, payload=contract("response_documented.json"))
    async with AsyncLightfast(KEY, retries=QUICK) as client:
        response = await client.search("q")
    assert response.http.attempts == 2
