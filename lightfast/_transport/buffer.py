"""What has arrived of an answer so far, and the answer that it is."""

from __future__ import annotations

from lightfast._auth import Secret
from lightfast._transport.encoding import EncodingError, TooLargeError, decompress
from lightfast._wire.responses import HttpResponse
from lightfast.exceptions import Attempt, LightfastError, ResponseError


class ResponseBuffer:
    """What has arrived of an answer so far.

    Attributes:
        kept: Whether the connection had been used before.
        status: The HTTP status; 0 before it is there.
        headers: As received.
        coding: What the body is compressed with.
        chunks: The body, as far as it has come.
    """

    __slots__ = ("chunks", "coding", "headers", "kept", "status")

    def __init__(self) -> None:
        self.kept = False
        self.status = 0
        self.headers: tuple[tuple[bytes, bytes], ...] = ()
        self.coding: str | None = None
        self.chunks: list[bytes] = []

    def response(
        self, limit: int, secret: Secret, history: tuple[Attempt, ...], elapsed: float
    ) -> HttpResponse:
        """The answer, decompressed.

        Raises:
            ResponseError: It is longer than `limit` bytes, or not what it says it is.
        """
        body = self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)
        if self.coding:
            body = self._decompressed(body, limit)
        return HttpResponse(
            status=self.status,
            headers=self.headers,
            body=body,
            secret=secret,
            history=history,
            elapsed=elapsed,
        )

    def _decompressed(self, body: bytes, limit: int) -> bytes:
        problem: LightfastError
        try:
            return decompress(body, self.coding or "", limit)
        except TooLargeError:
            problem = too_large(self.status, limit)
        except EncodingError as error:
            problem = ResponseError(
                f"The server's answer cannot be read: {error}.", status=self.status
            )
        if self.status >= 300:  # the status says more than a body that cannot be read
            return b""
        raise problem


def too_large(status: int, limit: int) -> ResponseError:
    return ResponseError(
        f"The answer is larger than {limit:,} bytes; ask for fewer results, or raise "
        "`max_response_bytes`.",
        status=status,
    )
