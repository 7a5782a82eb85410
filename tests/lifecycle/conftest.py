"""Fault servers, and fresh processes that talk to them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import face, stage
from tests.faults.faces import KEY
from tests.faults.plays import healthy
from tests.faults.server import FaultServer, Stage
from tests.waiting import PATIENCE

__all__ = ["face", "stage"]

ROOT = Path(__file__).parents[2]
PREAMBLE = """
import asyncio, atexit, gc, os, pickle, signal, sys, threading, time, warnings
from lightfast import AsyncLightfast, Lightfast, LightfastError, RetryPolicy
warnings.simplefilter("error")
URL = os.environ["LIGHTFAST_BASE_URL"]
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server(stage: Stage) -> Iterator[FaultServer]:
    """Start a healthy server."""
    with stage.serve(FaultServer(healthy)) as server:
        yield server


@pytest.fixture
def run() -> Run:
    """Run a program in a fresh interpreter: it has to end well, promptly, and silently."""

    def run(
        program: str, base_url: str, *, silent: bool = True, **options: object
    ) -> subprocess.CompletedProcess[str]:
        environ = os.environ | {
            "LIGHTFAST_API_KEY": KEY,
            "LIGHTFAST_BASE_URL": base_url,
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            [sys.executable, "-c", PREAMBLE + textwrap.dedent(program)],
            capture_output=True, text=True, timeout=2 * PATIENCE, env=environ, cwd=ROOT,
        )  # fmt: skip
        assert done.returncode == options.get("code", 0), done.stderr
        if silent:
            assert done.stderr == ""
        return done

    return run
