"""Hosts that can only be this machine."""

from __future__ import annotations

import pytest

from lightfast._loopback import is_loopback


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("localhost.", True),
        ("app.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("notlocalhost", False),
        ("0.0.0.0", False),
        ("", False),
        (None, False),
    ],
)
def test_only_this_machine_is_loopback(host, loopback):
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("host", "loopback"), [("localhost", True), ("app.localhost", False), ("::1", True)]
)
def test_names_below_localhost_can_be_left_out(host, loopback):
    """A resolver may send them anywhere."""
    assert is_loopback(host, subdomains=False) is loopback
