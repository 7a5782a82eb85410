"""What users of an emulator rehearse: trouble, a break of the wire, and what their code sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightfast.emulator.rehearsal import RecordedRequest, Rehearsal, Wire
    from lightfast.emulator.trouble import Trouble

__all__ = ["Rehearsing"]


class Rehearsing:
    """The part of an emulator that misbehaves when it is told to, and remembers what came."""

    _rehearsal: Rehearsal

    def script(self, *troubles: Trouble, rate: float | None = None, seed: int = 0) -> None:
        """Let these happen to the next requests, one after another; then all is well again.

        It takes the place of what was scripted before; without arguments nothing is.

        Args:
            troubles: From `lightfast.emulator.trouble`: ``trouble.rate_limited(), trouble.internal_error() * 2``.
            rate: Instead, the share of all requests that one of them happens to, until `clear`.
            seed: The same seed gives the same requests.

        Raises:
            EmulatorError: Something is no trouble, or the rate no share.
        """
        self._rehearsal.script(troubles, rate=rate, seed=seed)

    @property
    def requests(self) -> list[RecordedRequest]:
        """The API's last 1,000 requests, oldest first: ``emulator.requests[-1].json["query"]``."""
        return self._rehearsal.requests

    @property
    def wire(self) -> Wire:
        """The revision of the API that is spoken; set it to rehearse a break.

        Raises:
            EmulatorError: Set to one that is not known.
        """
        return self._rehearsal.wire

    @wire.setter
    def wire(self, wire: Wire) -> None:
        self._rehearsal.wire = wire

    def clear(self) -> None:
        """Forget the script and the recorded requests; speak the first wire again."""
        self._rehearsal.clear()
