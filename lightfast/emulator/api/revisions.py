"""Choice of the revision spoken, and for the pinned one, whether as documented or as observed."""

from __future__ import annotations

from typing import get_args

from lightfast.emulator.api.dialect import ApiRevision, Behavior, Dialect
from lightfast.emulator.api.revision_2026_04_03 import DOCUMENTED, OBSERVED
from lightfast.emulator.api.revision_2026_04_04 import DIALECT_2026_04_04
from lightfast.emulator.errors import EmulatorError

__all__ = ["check_behavior", "check_revision", "dialect_of"]


def check_revision(revision: ApiRevision) -> ApiRevision:
    """Return a revision, or raise EmulatorError if it is unknown."""
    if revision not in get_args(ApiRevision):
        raise EmulatorError(f"`api_revision` must be {_listed(ApiRevision)}, not {revision!r}.")
    return revision


def check_behavior(behavior: Behavior) -> Behavior:
    """Return a behavior, or raise EmulatorError if it is unknown."""
    if behavior not in get_args(Behavior):
        raise EmulatorError(f"`behavior` must be {_listed(Behavior)}, not {behavior!r}.")
    return behavior


def _listed(literal: object) -> str:
    return " or ".join(f"'{value}'" for value in get_args(literal))


def dialect_of(revision: ApiRevision, behavior: Behavior) -> Dialect:
    """Return what is spoken; 2026-04-04 has one behavior, because that is documented nowhere."""
    if revision == "2026-04-04":
        return DIALECT_2026_04_04
    return OBSERVED if behavior == "observed" else DOCUMENTED
