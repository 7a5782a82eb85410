"""What users of an emulator rehearse: trouble, a break of the wire, and what their code sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightfast.emulator.faults.faults import Fault
    from lightfast.emulator.faults.script import ApiRevision, RecordedRequest, Script

__all__ = ["Rehearsing"]


class Rehearsing:
    """The part of an emulator that misbehaves when it is told to, and remembers what came."""

    _script: Script

    def script(self, *faults: Fault, rate: float | None = None, seed: int = 0) -> None:
        """Let these happen to the next requests, one after another; then all is well again.

        It takes the place of what was scripted before; without arguments nothing is.

        Args:
            faults: From `lightfast.emulator.faults.faults`: ``faults.rate_limited(), faults.internal_error() * 2``.
            rate: Instead, the share of all requests that one of them happens to, until `clear`.
            seed: The same seed gives the same requests.

        Raises:
            EmulatorError: Something is no trouble, or the rate no share.
        """
        self._script.script(faults, rate=rate, seed=seed)

    @property
    def requests(self) -> list[RecordedRequest]:
        """The API's last 1,000 requests, oldest first: ``emulator.requests[-1].json["query"]``."""
        return self._script.requests

    @property
    def api_revision(self) -> ApiRevision:
        """The revision of the API that is spoken; set it to rehearse a break.

        Raises:
            EmulatorError: Set to one that is not known.
        """
        return self._script.api_revision

    @api_revision.setter
    def api_revision(self, api_revision: ApiRevision) -> None:
        self._script.api_revision = api_revision

    def clear(self) -> None:
        """Forget the script and the recorded requests; speak the first wire again."""
        self._script.clear()
