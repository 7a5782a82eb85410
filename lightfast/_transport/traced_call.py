"""Traced call: a span for the call, one for each attempt, and metrics. Imported when they are collected.

Names are those of OpenTelemetry's semantic conventions for HTTP clients, and ``lightfast.…`` for what these do
not know: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import urlsplit

import attrs
import orjson
from opentelemetry import metrics, trace
from opentelemetry.trace import Span, SpanKind

from lightfast._auth import Credential
from lightfast._retry import OnRetry
from lightfast._transport.call import Call
from lightfast._version import __version__
from lightfast._wire.requests import HttpRequest
from lightfast._wire.responses import Read
from lightfast.exceptions import LightfastError

__all__ = ["TracedCall"]

_T = TypeVar("_T")
_Facts = dict[str, Any]
_Record = Callable[[Span, _Facts, _Facts, float], None]

QUERIES_VARIABLE = "LIGHTFAST_TRACE_QUERIES"  # what people look for may be private
_RESENT = "http.request.resend_count"
# What metrics are split by: nothing that has a new value for each call.
_LABELS = (
    "http.request.method",
    "http.response.status_code",
    "server.address",
    "server.port",
    "error.type",
    "lightfast.mode",
)


class TracedCall(Call):
    """One call under way, with a CLIENT span; its attempts are spans below that."""

    __slots__ = ()

    async def run(self, read: Read[_T], on_retry: OnRetry | None) -> _T:
        """Return the answer, after one attempt or several."""
        facts = _request_facts(self._request) | _search_facts(self._request)
        name = f"lightfast {urlsplit(self._request.url).path.rpartition('/')[2]}"
        with _observed(name, SpanKind.CLIENT, facts, self._record_call) as outcome:
            answer = await super().run(read, on_retry)
            outcome |= _answer_facts(answer)
            return answer

    async def _once(self, credential: Credential, read: Read[_T]) -> _T:
        facts = _request_facts(self._request)
        if self.history:
            facts[_RESENT] = len(self.history)
        name = facts["http.request.method"]
        with _observed(name, SpanKind.INTERNAL, facts, _record_attempt) as outcome:
            answer = await super()._once(credential, read)
            outcome |= _answer_facts(answer)
            return answer

    def _record_call(self, span: Span, facts: _Facts, outcome: _Facts, seconds: float) -> None:
        resent = max(len(self.history) - ("error.type" in outcome), 0)
        instruments, labels = _instruments(), _labels(facts | outcome)
        instruments.calls.record(seconds, labels)
        instruments.retries.add(resent, labels)
        instruments.drift.add(outcome.get("lightfast.drift_count", 0), labels)
        span.set_attributes(outcome | ({_RESENT: resent} if resent else {}))


def _record_attempt(span: Span, facts: _Facts, outcome: _Facts, seconds: float) -> None:
    _instruments().attempts.record(seconds, _labels(facts | outcome))
    span.set_attributes(outcome)


@contextmanager
def _observed(name: str, kind: SpanKind, facts: _Facts, record: _Record) -> Iterator[_Facts]:
    """Open a span, yield the outcome to be filled in, and record both when the block ends.

    Args:
        name: The span's name.
        kind: Its kind.
        facts: Facts about the request.
        record: Adds the outcome, and the seconds that it took, to the span and to the metrics.
    """
    with _tracer().start_as_current_span(name, kind=kind, attributes=facts) as span:
        started, outcome = perf_counter(), _Facts()
        try:
            yield outcome
        except LightfastError as error:
            outcome |= _error_facts(error)
            raise
        finally:
            record(span, facts, outcome, perf_counter() - started)


# --- facts about requests, answers and errors -----------------------------------------------------


def _request_facts(request: HttpRequest) -> _Facts:
    url = urlsplit(request.url)
    return {
        "http.request.method": request.method,
        "url.full": request.url,
        "server.address": url.hostname or "",
        "server.port": url.port or (443 if url.scheme == "https" else 80),
    }


def _search_facts(request: HttpRequest) -> _Facts:
    """Return the mode of a search, and what is looked for only if that is asked for."""
    try:
        body = orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(body, dict):
        return {}
    facts = {"lightfast.mode": body.get("mode")}
    if os.environ.get(QUERIES_VARIABLE, "").lower() in {"1", "true", "yes"}:
        facts["lightfast.query"] = body.get("query")
    return {name: fact for name, fact in facts.items() if isinstance(fact, str)}


def _answer_facts(answer: Any) -> _Facts:
    facts: _Facts = {
        "http.response.status_code": answer.http.status if answer.http else None,
        "lightfast.request_id": answer.request_id,
        "lightfast.result_count": len(answer) if hasattr(answer, "results") else None,
        "lightfast.drift_count": len(getattr(answer, "drift", ())) or None,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


def _error_facts(error: LightfastError) -> _Facts:
    status = getattr(error, "status", None)
    facts: _Facts = {
        "http.response.status_code": status,
        "lightfast.request_id": error.request_id,
        "lightfast.error_code": getattr(error, "code", None),
        # The convention: the status where there is one, else the kind of failure.
        "error.type": str(status) if status else type(error).__name__,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


def _labels(facts: _Facts) -> _Facts:
    return {name: facts[name] for name in _LABELS if name in facts}


# --- tracer and instruments -----------------------------------------------------------------------


@attrs.frozen
class _Instruments:
    """Metrics of one provider."""

    calls: metrics.Histogram
    attempts: metrics.Histogram
    retries: metrics.Counter
    drift: metrics.Counter


def _tracer() -> trace.Tracer:
    return trace.get_tracer("lightfast", __version__)


def _instruments() -> _Instruments:
    return _instruments_of(metrics.get_meter_provider())


@lru_cache(maxsize=4)
def _instruments_of(provider: metrics.MeterProvider) -> _Instruments:
    meter = provider.get_meter("lightfast", __version__)
    return _Instruments(
        meter.create_histogram("lightfast.client.duration", "s", "Duration of calls, with waits."),
        meter.create_histogram("http.client.request.duration", "s", "Duration of HTTP requests."),
        meter.create_counter("lightfast.client.retries", "{request}", "Requests sent again."),
        meter.create_counter("lightfast.client.drift", "{deviation}", "Deviations of answers."),
    )
