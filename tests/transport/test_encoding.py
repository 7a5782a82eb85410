"""Content codings: undone within bounds, or refused in words."""

from __future__ import annotations

import zlib
from functools import partial
from gzip import compress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightfast._transport.encoding import EncodingError, TooLargeError, decompress, run

TEXT = b"retry " * 100
gzipped = partial(compress, mtime=0)  # the same bytes at any time


def bare_deflate(data: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzipped(TEXT), "gzip"),
        (gzipped(TEXT), " X-GZIP "),
        (gzipped(TEXT[:300]) + gzipped(TEXT[300:]), "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (bare_deflate(TEXT), "deflate"),
        (gzipped(zlib.compress(TEXT)), "deflate, gzip"),
    ],
)
def test_what_was_asked_for_is_undone(body, coding):
    assert run(decompress(body, coding, 10_000)) == TEXT


@pytest.mark.parametrize(
    ("body", "coding", "says"),
    [
        (TEXT, "gzip", "corrupt"),
        (gzipped(TEXT)[:-9], "gzip", "cut off"),
        (gzipped(TEXT) + b"tail", "gzip", "corrupt"),
        (TEXT, "br", "'br' was not asked for"),
    ],
)
def test_what_is_not_what_it_says_is_refused(body, coding, says):
    with pytest.raises(EncodingError, match=says):
        run(decompress(body, coding, 10_000))


def test_a_bomb_is_stopped_at_the_limit():
    bomb = gzipped(gzipped(bytes(50_000_000)))
    with pytest.raises(TooLargeError):
        run(decompress(bomb, "gzip, gzip", 1_000_000))
    assert run(decompress(gzipped(bytes(1000)), "gzip", 1000)) == bytes(1000)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "gzip, deflate"]))
def test_any_bytes_give_bytes_or_our_error(body, coding):
    try:
        run(decompress(body, coding, 1000))
    except (EncodingError, TooLargeError):
        return
