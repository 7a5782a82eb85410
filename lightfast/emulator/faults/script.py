"""What users rehearse: trouble on demand, an older or newer wire, and the requests that came.

Everything here is a value or a decision; `server` and `playing` act on it. Callers are on any thread.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs
import orjson

from lightfast.emulator.accounts.keys import mask
from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.faults.faults import Fault, Healthy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

__all__ = ["ApiRevision", "RecordedRequest", "Script", "masked"]

ApiRevision = Literal["2026-04-03", "2026-04-04"]

MAX_RECORDED = 1000
MAX_RECORDED_BYTES = 16 << 20


@attrs.define(kw_only=True, eq=False)
class RecordedRequest:
    """A request that came, without its secret.

    Attributes:
        method: Such as ``POST``.
        path: Such as ``/api/v1/search``.
        headers: Its headers, in any case; keys and cookies are masked.
        at: When it came.
        request_id: The id that the answer carries.
        body: Its bytes, as far as they were read: a stranger's are not.
        status: What was answered; None before that, and when the connection was cut instead.
        trouble: What was scripted for it.
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
        """The body, parsed; None when it is no JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


class Script:
    """The script, the wire and the record of one emulator.

    Args:
        api_revision: The revision of the API to speak at first.
    """

    def __init__(self, api_revision: ApiRevision) -> None:
        self._first_revision = self._api_revision = _check_revision(api_revision)
        self._lock = threading.Lock()
        self._recorded: deque[RecordedRequest] = deque()
        self._bytes = 0
        self._next: deque[Fault] = deque()
        self._some: Sequence[Fault] = ()
        self._rate = 0.0
        self._random = random.Random(0)  # noqa: S311 - no secret is made from it

    @property
    def api_revision(self) -> ApiRevision:
        """The revision of the API that is spoken."""
        return self._api_revision

    @api_revision.setter
    def api_revision(self, api_revision: ApiRevision) -> None:
        self._api_revision = _check_revision(api_revision)

    def clear(self) -> None:
        """Forget the script and the requests; speak the first wire again."""
        self.script([], rate=None, seed=0)
        self._api_revision = self._first_revision
        with self._lock:
            self._recorded.clear()
            self._bytes = 0

    # --- trouble ------------------------------------------------------------------------------

    def script(self, faults: Sequence[Fault], *, rate: float | None, seed: int) -> None:
        """Let these happen: one after another, or now and then."""
        for fault in faults:
            if not isinstance(fault, Fault):
                raise EmulatorError(f"A script is made of `trouble`, not of {fault!r}.")
        if rate is not None and not (faults and 0 < rate <= 1):
            raise EmulatorError(
                "`rate` is a share of the calls, above 0 and up to 1, of some trouble."
            )
        one_by_one = [attrs.evolve(t, times=1) for t in faults for _ in range(t.times)]
        with self._lock:
            self._next = deque(one_by_one if rate is None else ())
            self._some = one_by_one
            self._rate = rate or 0.0
            self._random = random.Random(seed)  # noqa: S311

    def next_fault(self) -> Fault | None:
        """What shall happen to the request that has just come."""
        with self._lock:
            if self._next:
                chosen = self._next.popleft()
            elif self._rate and self._random.random() < self._rate:
                chosen = self._random.choice(self._some)
            else:
                return None
        return None if isinstance(chosen, Healthy) else chosen

    # --- requests -----------------------------------------------------------------------------

    def record(self, request: RecordedRequest) -> None:
        """Keep a request, and forget the oldest when there are too many."""
        with self._lock:
            if len(self._recorded) == MAX_RECORDED:
                self._forget_oldest()
            self._recorded.append(request)

    def record_body(self, request: RecordedRequest, body: bytes) -> None:
        """Keep what the request said, within bounds."""
        request.body = body
        with self._lock:
            self._bytes += len(body)
            while self._bytes > MAX_RECORDED_BYTES and len(self._recorded) > 1:
                self._forget_oldest()

    def _forget_oldest(self) -> None:
        self._bytes -= len(self._recorded.popleft().body)

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests that came, oldest first."""
        with self._lock:
            return list(self._recorded)


def masked(name: str, value: str) -> str:
    """A header's value, without the secret that it may hold."""
    match name.lower():
        case "authorization":
            scheme, _, secret = value.partition(" ")
            return f"{scheme} {mask(secret.strip())}" if secret else "***"
        case "cookie" | "proxy-authorization":
            return "***"
    return value


def _check_revision(api_revision: ApiRevision) -> ApiRevision:
    if api_revision not in get_args(ApiRevision):
        raise EmulatorError(
            f"`api_revision` is one of {', '.join(get_args(ApiRevision))}, not {api_revision!r}."
        )
    return api_revision
