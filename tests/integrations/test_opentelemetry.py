"""Spans and metrics, as OpenTelemetry's own SDK collects them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from lightfast import (
    AsyncLightfast,
    AuthenticationError,
    Lightfast,
    RequestTimeoutError,
    RetryPolicy,
    ServerError,
)
from lightfast.emulator import Emulator, faults
from tests import ROOT
from tests.integrations.conftest import forget_providers

SPANS = InMemorySpanExporter()
METRICS = InMemoryMetricReader()
RETRIES = RetryPolicy(retries=2, base_delay=0)


@pytest.fixture(scope="module", autouse=True)
def _instrumented(emulator: Emulator) -> Iterator[None]:
    forget_providers()
    # The first call comes before: it must not matter.
    with Lightfast(emulator.create_api_key(), base_url=emulator.base_url) as early:
        early.search("q")
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(SPANS))
        trace.set_tracer_provider(provider)
        metrics.set_meter_provider(MeterProvider([METRICS]))
        early.search("q")
    assert [span.name for span in SPANS.get_finished_spans()] == ["POST", "lightfast search"]
    yield
    forget_providers()


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Lightfast]:
    SPANS.clear()
    emulator.clear()
    with Lightfast(emulator.create_api_key(), base_url=emulator.base_url, retries=RETRIES) as made:
        yield made


def spans() -> tuple[ReadableSpan, list[ReadableSpan]]:
    """Return the call's span, and those of its attempts in order."""
    finished = SPANS.get_finished_spans()
    (call,) = [span for span in finished if span.kind is SpanKind.CLIENT]
    attempts = [span for span in finished if span is not call]
    for attempt in attempts:
        assert attempt.parent.span_id == call.context.span_id
    return call, attempts


def test_a_call_is_a_client_span_with_its_attempt_below(client, emulator):
    response = client.search("login bug", mode="fast", limit=2)
    call, (attempt,) = spans()
    port = int(emulator.base_url.split(":")[2].split("/")[0])
    common = {
        "http.request.method": "POST",
        "url.full": f"{emulator.base_url}/search",
        "server.address": "127.0.0.1",
        "server.port": port,
        "http.response.status_code": 200,
        "lightfast.request_id": response.request_id,
        "lightfast.result_count": 2,
    }
    assert dict(call.attributes) == common | {"lightfast.mode": "fast"}
    assert dict(attempt.attributes) == common
    assert call.status.status_code is StatusCode.UNSET


def test_a_retried_call_tells_each_attempt(client, emulator):
    emulator.script(faults.internal_error(), faults.rate_limited(retry_after=0))
    client.search("login bug")
    call, attempts = spans()
    assert call.attributes["http.request.resend_count"] == 2
    assert call.attributes["http.response.status_code"] == 200
    assert [a.attributes.get("http.request.resend_count") for a in attempts] == [None, 1, 2]
    assert [a.attributes.get("error.type") for a in attempts] == ["500", "429", None]
    assert [a.status.status_code.name for a in attempts] == ["ERROR", "ERROR", "UNSET"]


def test_a_call_that_fails_says_why_and_shows_no_key(client, emulator):
    emulator.script(faults.unauthorized())
    with pytest.raises(AuthenticationError):
        client.search("login bug")
    call, _ = spans()
    assert call.attributes["error.type"] == "401"
    assert call.attributes["lightfast.error_code"] == "UNAUTHORIZED"
    assert "http.request.resend_count" not in call.attributes
    assert call.status.status_code is StatusCode.ERROR
    assert "sk-lf" not in "".join(span.to_json() for span in SPANS.get_finished_spans())


def test_a_failure_without_an_answer_is_told_by_its_kind(client, emulator):
    emulator.script(faults.delay(5))
    with pytest.raises(RequestTimeoutError):
        client.search("login bug", timeout=0.05)
    call, _ = spans()
    assert call.attributes["error.type"] == "RequestTimeoutError"


@pytest.mark.parametrize(("asked", "told"), [("", None), ("1", "login bug")])
def test_what_is_looked_for_is_told_only_when_asked_for(client, monkeypatch, asked, told):
    monkeypatch.setenv("LIGHTFAST_TRACE_QUERIES", asked)
    client.search("login bug")
    assert spans()[0].attributes.get("lightfast.query") == told
    assert ("login bug" in SPANS.get_finished_spans()[1].to_json()) == bool(told)


def test_a_blocking_call_is_below_the_callers_span(client):
    with trace.get_tracer("test").start_as_current_span("outer") as outer:
        client.search("login bug")
    (call,) = [s for s in SPANS.get_finished_spans() if s.name == "lightfast search"]
    assert call.parent.span_id == outer.get_span_context().span_id


async def test_an_awaited_call_is_below_the_callers_span(client, emulator):
    async with AsyncLightfast(emulator.create_api_key(), base_url=emulator.base_url) as awaited:
        with trace.get_tracer("test").start_as_current_span("outer") as outer:
            await awaited.search("login bug")
    (call,) = [s for s in SPANS.get_finished_spans() if s.name == "lightfast search"]
    assert call.parent.span_id == outer.get_span_context().span_id


def test_metrics_count_calls_attempts_and_retries(client, emulator):
    METRICS.get_metrics_data()
    before = _values()
    emulator.script(faults.internal_error())
    client.search("login bug")
    emulator.script(*[faults.internal_error()] * 3)
    with pytest.raises(ServerError):
        client.search("login bug")
    after = _values()
    added = {name: after[name] - before.get(name, 0) for name in after}
    assert added == {
        "lightfast.client.duration": 2,
        "http.client.request.duration": 5,
        "lightfast.client.retries": 3,
        "lightfast.client.drift": 0,
    }


def _values() -> dict[str, float]:
    """Return how often each histogram was recorded, and the sum of each counter."""
    data = METRICS.get_metrics_data()
    found: dict[str, float] = {}
    for metric in data.resource_metrics[0].scope_metrics[0].metrics:
        points = metric.data.data_points
        found[metric.name] = sum(getattr(p, "count", None) or getattr(p, "value", 0) for p in points)  # fmt: skip
    return found


def test_without_a_provider_nothing_of_opentelemetry_is_loaded():
    code = (
        "import sys; from lightfast import Lightfast; from lightfast.emulator import Emulator\n"
        f"with Emulator([{str(ROOT / 'README.md')!r}], embedder=None) as e, Lightfast(e.create_api_key(), base_url=e.base_url) as c:\n"
        "    c.search('q')\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=180).returncode == 0
