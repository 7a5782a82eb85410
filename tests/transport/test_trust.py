"""Trust: read when the first connection needs it, and said to be empty when it is."""

from __future__ import annotations

import ssl

import pytest
import trustme

from lightfast import NetworkError
from lightfast._transport.trust import Trust, knows_no_authority
from tests.faults.conftest import authority, face, stage
from tests.faults.faces import USUAL
from tests.faults.plays import healthy
from tests.faults.server import FaultServer
from tests.faults.test_tls import context_of

__all__ = ["authority", "face", "stage"]


def test_authorities_that_are_set_after_aiohttp_was_imported_count(
    face, stage, authority: trustme.CA, monkeypatch, tmp_path
):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server = FaultServer(healthy, context=context_of(authority.issue_cert("127.0.0.1")))
    with stage.serve(server), face(**USUAL | {"base_url": server.base_url}) as client:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert client.search()
        assert client.search()
    assert server.connections == 1


def test_no_authorities_at_all_is_said_to_be_that(face, stage, authority, monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    server = FaultServer(healthy, context=context_of(authority.issue_cert("127.0.0.1")))
    with stage.serve(server), face(**USUAL | {"base_url": server.base_url}) as client:
        with pytest.raises(NetworkError, match="no certificate authorities are installed") as no:
            client.search()
    assert no.value.attempts == 1


def test_a_context_that_holds_authorities_is_not_empty(authority: trustme.CA):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    assert not knows_no_authority(context)


async def test_the_callers_context_is_taken_and_ours_is_made_once():
    context = ssl.create_default_context()
    assert await Trust(context).context() is context
    ours = Trust(None)
    assert await ours.context() is await ours.context()
