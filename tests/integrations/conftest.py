"""A service to ask: an emulator with a small memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry import metrics, trace
from opentelemetry.util._once import Once

from lightfast import Lightfast
from lightfast.emulator import Emulator
from tests import ROOT


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator([ROOT / "docs" / "memory.jsonl"], embedder=None) as serving:
        yield serving


@pytest.fixture
def client(emulator: Emulator) -> Iterator[Lightfast]:
    with Lightfast(emulator.create_api_key(), base_url=emulator.base_url) as made:
        yield made


@pytest.fixture
def _service(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address and a key in the environment."""
    monkeypatch.setenv("LIGHTFAST_BASE_URL", emulator.base_url)
    monkeypatch.setenv("LIGHTFAST_API_KEY", emulator.create_api_key())


def forget_providers() -> None:
    """Let OpenTelemetry's providers be set up again; its API allows it once in a process."""
    trace._TRACER_PROVIDER_SET_ONCE = Once()
    trace._TRACER_PROVIDER = None
    metrics._internal._METER_PROVIDER_SET_ONCE = Once()
    metrics._internal._METER_PROVIDER = None
