"""Bytes as they were sent → bytes as they were meant, never more of them than allowed."""

from __future__ import annotations

import zlib

ACCEPTED = "gzip, deflate"
"""The content codings that we ask for: what the standard library can bound."""

_OTHERS = frozenset({"br", "compress", "dcb", "dcz", "x-compress", "zstd"})

# Each of them costs a pass over the body, on the event loop: nobody honest sends as many.
_MOST_LAYERS = 4
_MOST_MEMBERS = 100


class EncodingError(Exception):
    """The body is not what its Content-Encoding says."""


class TooLargeError(Exception):
    """The body is longer than allowed, once decompressed."""


def decompress(body: bytes, coding: str, limit: int) -> bytes:
    """A body without its Content-Encoding: RFC 9110 §8.4.1.

    Args:
        body: The bytes as received.
        coding: The header's value, such as ``gzip``; may be empty.
        limit: How many bytes may come out.

    Raises:
        EncodingError: The bytes are corrupt or cut off, or the coding was not asked for.
        TooLargeError: More than `limit` bytes would come out.
    """
    # Applied first to last, so undone last to first.
    names = [part.strip().lower() for part in reversed(coding.split(","))]
    if len(names) > _MOST_LAYERS:
        raise EncodingError(f"more than {_MOST_LAYERS} Content-Encodings lie over each other")
    for name in names:
        if name in {"", "identity"}:
            continue
        if name in {"gzip", "x-gzip"}:
            body = _inflate(body, zlib.MAX_WBITS | 16, limit)
        elif name == "deflate":
            # "deflate" means the zlib format; some servers send the bare one all the same.
            zlib_format = (
                len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
            )
            body = _inflate(body, zlib.MAX_WBITS if zlib_format else -zlib.MAX_WBITS, limit)
        else:
            # Named only if it is the name of one: a server may echo anything there.
            named = repr(name) if name in _OTHERS else "of no known name"
            raise EncodingError(f"a Content-Encoding {named} was not asked for")
    return body


def _inflate(body: bytes, wbits: int, limit: int) -> bytes:
    pieces: list[bytes] = []
    room = limit + 1
    for _ in range(_MOST_MEMBERS):  # a gzip body may have several, one after another
        if not body:
            return b"".join(pieces)
        member = zlib.decompressobj(wbits)
        try:
            piece = member.decompress(body, room)
        except zlib.error as error:
            raise EncodingError(f"the compressed body is corrupt ({error})") from None
        pieces.append(piece)
        room -= len(piece)
        if room <= 0:
            raise TooLargeError
        if not member.eof:
            raise EncodingError("the compressed body is cut off")
        body = member.unused_data
    raise EncodingError(f"the compressed body has {_MOST_MEMBERS} parts or more")
