"""The stage that all fault servers share, and certificates."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest
import trustme

from tests.faults.faces import Awaiting, Blocking, Face, Traced
from tests.faults.server import Stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Run a thread for servers."""
    with Stage() as stage:
        yield stage


@pytest.fixture(
    params=[Awaiting, Blocking, pytest.param(Traced, marks=pytest.mark.slow)],
    ids=lambda face: face.__name__,
)
def face(request: pytest.FixtureRequest) -> Face:
    """Each face in turn."""
    each: Face = request.param
    return each


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Make a certificate authority that nobody trusts by default."""
    return trustme.CA()


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """Make a client's context that trusts it."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context
