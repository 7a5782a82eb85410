"""Content codings: undone within bounds, or refused in words."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightfast._encoding import EncodingError, TooLargeError, decompress

TEXT = b"retry " * 100


def bare_deflate(data):
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzip.compress(TEXT, mtime=0), "gzip"),
        (gzip.compress(TEXT, mtime=0), " X-GZIP "),
        (gzip.compress(TEXT[:300], mtime=0) + gzip.compress(TEXT[300:], mtime=0), "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (bare_deflate(TEXT), "deflate"),
        (gzip.compress(zlib.compress(TEXT), mtime=0), "deflate, gzip"),
    ],
)
def test_what_was_asked_for_is_undone(body, coding):
    assert decompress(body, coding, 10_000) == TEXT


@pytest.mark.parametrize(
    ("body", "coding", "says"),
    [
        (TEXT, "gzip", "corrupt"),
        (gzip.compress(TEXT, mtime=0)[:-9], "gzip", "cut off"),
        (gzip.compress(TEXT, mtime=0) + b"tail", "gzip", "corrupt"),
        (TEXT, "br", "'br' was not asked for"),
    ],
)
def test_what_is_not_what_it_says_is_refused(body, coding, says):
    with pytest.raises(EncodingError, match=says):
        decompress(body, coding, 10_000)


def test_a_bomb_is_stopped_at_the_limit():
    bomb = gzip.compress(gzip.compress(bytes(50_000_000)))
    with pytest.raises(TooLargeError):
        decompress(bomb, "gzip, gzip", 1_000_000)
    assert decompress(gzip.compress(bytes(1000)), "gzip", 1000) == bytes(1000)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "gzip, deflate"]))
def test_any_bytes_give_bytes_or_our_error(body, coding):
    try:
        decompress(body, coding, 1000)
    except (EncodingError, TooLargeError):
        return
