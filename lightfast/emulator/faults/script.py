"""Scripted faults, the revision spoken, and the requests recorded: the state that tests steer.

Everything here is a value or a decision; `middleware` acts on it. Callers are on any thread.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from lightfast.emulator.accounts.keys import mask
from lightfast.emulator.api.revisions import check_behavior, check_revision
from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.faults.faults import Fault, Healthy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lightfast.emulator.api.dialect import ApiRevision, Behavior

__all__ = ["RecordedRequest", "Script", "mask_header"]

MAX_RECORDED = 1000
MAX_RECORDED_BYTES = 16 << 20


@attrs.define(kw_only=True, eq=False)
class RecordedRequest:
    """Request that was received, without its secret.

    Attributes:
        method: Such as ``POST``.
        path: Such as ``/api/v1/search``.
        headers: Its headers, case-insensitive; keys and cookies are masked.
        at: When it was received.
        request_id: The id that the answer carries.
        body: Its body, as far as it was read: that of an unauthenticated request is not.
        status: The status of the answer; None before that, and when the connection was closed instead.
        fault: The fault that was scripted for it.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    at: datetime
    request_id: str
    body: bytes = b""
    status: int | None = None
    fault: Fault | None = None

    @property
    def json(self) -> Any:
        """The parsed body; None when it is not JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


class Script:
    """Scripted faults, revision and recorded requests of one emulator, as `Emulator.faults`.

    Args:
        api_revision: The revision of the API to speak at first.
        behavior: Whether to speak it as documented or as observed, at first.
    """

    def __init__(
        self, api_revision: ApiRevision = "2026-04-03", behavior: Behavior = "documented"
    ) -> None:
        self._first_revision = self._api_revision = check_revision(api_revision)
        self._first_behavior = self._behavior = check_behavior(behavior)
        self._lock = threading.Lock()
        self._recorded: deque[RecordedRequest] = deque()
        self._bytes = 0
        self._next: deque[Fault] = deque()
        self._choices: Sequence[Fault] = ()
        self._rate = 0.0
        self._random = random.Random(0)  # noqa: S311 - no secret is made from it

    @property
    def api_revision(self) -> ApiRevision:
        """The revision of the API that is spoken; set it to test your code against the other one.

        Raises:
            EmulatorError: It is set to an unknown one.
        """
        return self._api_revision

    @api_revision.setter
    def api_revision(self, api_revision: ApiRevision) -> None:
        self._api_revision = check_revision(api_revision)

    @property
    def behavior(self) -> Behavior:
        """The behavior in revision 2026-04-03, ``documented`` or ``observed``; set it to switch.

        Raises:
            EmulatorError: It is set to an unknown one.
        """
        return self._behavior

    @behavior.setter
    def behavior(self, behavior: Behavior) -> None:
        self._behavior = check_behavior(behavior)

    def clear(self) -> None:
        """Forget the script and the recorded requests, and speak as at first again."""
        self.script()
        self._api_revision = self._first_revision
        self._behavior = self._first_behavior
        with self._lock:
            self._recorded.clear()
            self._bytes = 0

    # --- faults -------------------------------------------------------------------------------

    def script(self, *faults: Fault, rate: float | None = None, seed: int = 0) -> None:
        """Let the next requests meet these faults, one after another; later requests are answered normally.

        This replaces what was scripted before; without arguments nothing is scripted.

        Args:
            faults: From `lightfast.emulator.faults`: ``faults.rate_limited(), faults.internal_error() * 2``.
            rate: Instead, the share of all requests that meet one of the faults, until `clear`.
            seed: The same seed selects the same requests.

        Raises:
            EmulatorError: An argument is not a fault, or the rate is not above 0 and at most 1.
        """
        for fault in faults:
            if not isinstance(fault, Fault):
                raise EmulatorError(f"A script consists of `faults`, not of {fault!r}.")
        if rate is not None and not (faults and 0 < rate <= 1):
            raise EmulatorError(
                "`rate` must be above 0 and at most 1, and needs at least one fault."
            )
        one_by_one = [attrs.evolve(fault, times=1) for fault in faults for _ in range(fault.times)]
        with self._lock:
            self._next = deque(one_by_one if rate is None else ())
            self._choices = one_by_one
            self._rate = rate or 0.0
            self._random = random.Random(seed)  # noqa: S311

    def next_fault(self) -> Fault | None:
        """Take the fault of the request that has just been received; None for a normal answer."""
        with self._lock:
            if self._next:
                fault = self._next.popleft()
            elif self._rate and self._random.random() < self._rate:
                fault = self._random.choice(self._choices)
            else:
                return None
        return None if isinstance(fault, Healthy) else fault

    # --- requests -----------------------------------------------------------------------------

    def record(self, request: RecordedRequest) -> None:
        """Keep a request, and forget the oldest when there are too many."""
        with self._lock:
            if len(self._recorded) == MAX_RECORDED:
                self._forget_oldest()
            self._recorded.append(request)

    def record_body(self, request: RecordedRequest, body: bytes) -> None:
        """Keep the body of a request, within bounds."""
        request.body = body
        with self._lock:
            self._bytes += len(body)
            while self._bytes > MAX_RECORDED_BYTES and len(self._recorded) > 1:
                self._forget_oldest()

    def _forget_oldest(self) -> None:
        self._bytes -= len(self._recorded.popleft().body)

    @property
    def requests(self) -> list[RecordedRequest]:
        """The API's last 1,000 requests, oldest first: ``emulator.requests[-1].json["query"]``."""
        with self._lock:
            return list(self._recorded)


def mask_header(name: str, value: str) -> str:
    """Return a header's value without the secret that it may hold."""
    match name.lower():
        case "authorization":
            scheme, _, secret = value.partition(" ")
            return f"{scheme} {mask(secret.strip())}" if secret else "***"
        case "cookie" | "proxy-authorization":
            return "***"
    return value
