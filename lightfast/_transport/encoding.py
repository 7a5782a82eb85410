"""Content codings undone: bytes as sent to bytes as meant, never more of them than allowed."""

from __future__ import annotations

import zlib
from collections.abc import Generator

ACCEPTED = "gzip, deflate"
"""Content codings that we ask for: those that the standard library can bound."""

_OTHERS = frozenset({"br", "compress", "dcb", "dcz", "x-compress", "zstd"})

# Each of them costs a pass over the body, on the event loop; no honest server sends as many.
_MOST_LAYERS = 4
_MOST_MEMBERS = 100

_STEP = 1024 * 1024  # bytes that come out of one step: some 5 ms

Steps = Generator[None, None, bytes]
"""Work in steps of a few milliseconds; it returns the bytes."""


class EncodingError(Exception):
    """The body is not what its Content-Encoding says."""


class TooLargeError(Exception):
    """The body is longer than allowed, once decompressed."""


def decompress(body: bytes, coding: str, limit: int, *, prefix: bool = False) -> Steps:
    """Undo a body's Content-Encoding: RFC 9110 §8.4.1.

    Args:
        body: The bytes as received.
        coding: The header's value, such as ``gzip``; may be empty.
        limit: How many bytes may come out.
        prefix: Whether the beginning is enough, when more would come out or the end is missing.

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
            body = yield from _inflate(body, zlib.MAX_WBITS | 16, limit, prefix=prefix)
        elif name == "deflate":
            # "deflate" means the zlib format; some servers send the bare one all the same.
            zlib_format = (
                len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
            )
            wbits = zlib.MAX_WBITS if zlib_format else -zlib.MAX_WBITS
            body = yield from _inflate(body, wbits, limit, prefix=prefix)
        else:
            # Named only if it is the name of one: a server may echo anything there.
            named = repr(name) if name in _OTHERS else "of no known name"
            raise EncodingError(f"a Content-Encoding {named} was not asked for")
    return body


def run(steps: Steps) -> bytes:
    """Take all steps at once."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: bytes = done.value
            return result


def _inflate(body: bytes, wbits: int, limit: int, *, prefix: bool) -> Steps:
    pieces: list[bytes] = []
    room = limit + 1
    for _ in range(_MOST_MEMBERS):  # a gzip body may have several, one after another
        if not body:
            return b"".join(pieces)
        member = zlib.decompressobj(wbits)
        while not member.eof:
            try:
                piece = member.decompress(body, min(room, _STEP))
            except zlib.error as error:
                raise EncodingError(f"the compressed body is corrupt ({error})") from None
            body = member.unconsumed_tail
            pieces.append(piece)
            room -= len(piece)
            if room <= 0:
                if prefix:
                    return b"".join(pieces)[:limit]
                raise TooLargeError
            if len(piece) == _STEP:
                yield
            elif not body and not member.eof:
                if prefix:
                    return b"".join(pieces)
                raise EncodingError("the compressed body is cut off")
        body = member.unused_data
    raise EncodingError(f"the compressed body has {_MOST_MEMBERS} parts or more")
