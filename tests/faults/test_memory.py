"""A server can make us hold no more than the cap, whatever it sends."""

from __future__ import annotations

import gc
import gzip
import tracemalloc

import pytest

from lightfast import LightfastError
from tests.faults.faces import USUAL
from tests.faults.plays import flood, head, message, raw
from tests.faults.server import FaultServer

pytestmark = pytest.mark.slow

MB = 1_000_000
CAP = MB
BOMB = gzip.compress(bytes(100 * MB))
CODED = [("Content-Encoding", "gzip")]
CHUNKED = [("Transfer-Encoding", "chunked")]

PLAYS = {
    "a bomb": raw(message(BOMB, 200, CODED)),
    "a bomb in a bomb": raw(message(gzip.compress(BOMB), 200, [("Content-Encoding", "gzip, gzip")])),
    "a bomb behind an error": raw(message(BOMB, 400, CODED)),
    "a body without end": flood(head(), b"x" * MB, 100),
    "chunks without end": flood(head(200, CHUNKED), b"186a0\r\n" + b"x" * 100_000 + b"\r\n", 1_000),
    "an error without end": flood(head(400), b"x" * MB, 100),
    "a redirect without end": flood(head(302), b"x" * MB, 100),
    "a header without end": flood(b"HTTP/1.1 200 OK\r\nX-A: ", b"x" * 100_000, 300),
    "headers without end": flood(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 10_000, 300),
    "1xx without end": flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000, 20),
}  # fmt: skip


@pytest.mark.parametrize("what", PLAYS)
def test_memory_is_bounded(face, stage, what):
    """With a cap of 1 MB, no answer makes the process hold more than a few of them."""
    with stage.serve(FaultServer(PLAYS[what])) as server:
        options = USUAL | {"base_url": server.base_url, "retries": 0}
        with face(**options, max_response_bytes=CAP) as client:
            gc.collect()
            tracemalloc.start()
            try:
                with pytest.raises(LightfastError):
                    client.search()
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
    assert peak < 20 * MB  # of 30 to 100; the server of the test counts, too
