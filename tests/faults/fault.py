"""A fault, and what has to become of it: one row of a table."""

from __future__ import annotations

import math
from typing import Any, Protocol

import attrs

from lightfast import LightfastError
from tests.faults.server import Play

VALUE = "value"


def _outcome(value: type[LightfastError] | str) -> str:
    return value if isinstance(value, str) else value.__name__


@attrs.frozen(kw_only=True, repr=False)
class Fault:
    """One fault: what a server does, how often, and what the caller gets.

    Args:
        family: The table that it stands in.
        name: What happens, in words.
        play: What is done to each request.
        greet: What is done to each connection, before any request is read.
        times: How often, until the server is healthy; None is for ever.
        outcome: ``value``, or the class of the error.
        requests: How many requests reach the server; None is any number that the policy allows.
        says: What the error's message has to contain.
        options: Arguments for the client, beside the usual ones.
        value: What the first result's id has to be.
        facts: What the error's attributes have to be.
        attempts: How many attempts the error tells of; None is one for each request.
    """

    family: str
    name: str
    play: Play | None = None
    greet: Play | None = None
    times: int | None = None
    outcome: str = attrs.field(converter=_outcome)
    requests: int | None = 1
    says: str = ""
    options: dict[str, Any] = attrs.field(factory=dict)
    value: str = "obs_01HV8Z3K"
    facts: dict[str, Any] = attrs.field(factory=dict)
    attempts: int | None = None

    @property
    def id(self) -> str:
        return f"{self.family}: {self.name}"

    @property
    def seconds(self) -> float:
        """The caller's deadline."""
        timeout: float | None = self.options.get("timeout", 50.0)
        return math.inf if timeout is None else timeout


class Build(Protocol):
    """Builds a fault of one family."""

    def __call__(
        self,
        what: str,
        play: Play | None,
        outcome: type[LightfastError] | str,
        requests: int | None = 1,
        **options: Any,
    ) -> Fault: ...


def family(name: str) -> Build:
    """Return a function that builds faults of one family: ``fault(name, play, outcome, requests, …)``."""

    def build(
        what: str,
        play: Play | None,
        outcome: type[LightfastError] | str,
        requests: int | None = 1,
        **options: Any,
    ) -> Fault:
        return Fault(
            family=name, name=what, play=play, outcome=outcome, requests=requests, **options
        )

    return build
