"""All faults that the parametrized suite plays."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.table import (
    connection,
    encoding,
    framing,
    json_bodies,
    redirects,
    retry_after,
    secrets,
    size,
    slowness,
    statuses,
)

FAULTS: list[Fault] = [
    *connection.FAULTS,
    *slowness.FAULTS,
    *framing.FAULTS,
    *encoding.FAULTS,
    *size.FAULTS,
    *json_bodies.FAULTS,
    *redirects.FAULTS,
    *statuses.FAULTS,
    *retry_after.FAULTS,
    *secrets.FAULTS,
]
