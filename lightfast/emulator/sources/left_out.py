"""Files and records left out of an index: told, so that an incomplete index is not taken for a complete one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["LeftOut", "Tally", "TallyState", "added_up", "left_out", "passed_over", "summary"]

MAX_EXAMPLES = 5
TallyState = dict[str, list[str | int]]


@attrs.frozen
class LeftOut:
    """Files that were passed over for one reason.

    Args:
        reason: Why, such as ``larger than 1 MiB``; or a suffix that is not read, such as ``.pdf``.
        count: How many.
        examples: The names of the first few.
    """

    reason: str
    count: int
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it as part of a sentence: ``2 larger than 1 MiB (a.md, b.md)``."""
        more = ", …" if self.count > len(self.examples) else ""
        named = f" ({', '.join(self.examples)}{more})" if self.examples else ""
        return f"{self.count:,} {self.reason}{'' if self.reason[0] == '.' else named}"


class Tally:
    """Count, by reason, of what is passed over."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, reason: str, name: str) -> None:
        """Count a file.

        Args:
            reason: Why it is passed over.
            name: What it is called.
        """
        self._counts[reason] = self._counts.get(reason, 0) + 1
        examples = self._found.setdefault(reason, [])
        if len(examples) < MAX_EXAMPLES:
            examples.append(name)

    def state(self) -> TallyState:
        """Return everything as JSON: for each reason how many, and the first few names."""
        return {reason: [self._counts[reason], *names] for reason, names in self._found.items()}


def passed_over(state: Mapping[str, Any]) -> TallyState:
    """Return what the state of a corpus says was passed over: while files were looked for, and when they were read.

    Args:
        state: The state; anything else passes over nothing.
    """
    tally = Tally()
    found, spoiled = state.get("left_out"), state.get("spoiled")
    for name, reason in sorted(spoiled.items()) if isinstance(spoiled, dict) else ():
        tally.add(str(reason), str(name))
    return {**(found if isinstance(found, dict) else {}), **tally.state()}


def left_out(state: TallyState) -> tuple[LeftOut, ...]:
    """Return what a tally counted.

    Args:
        state: What `Tally.state` gave.
    """
    return added_up(
        LeftOut(reason, int(count), tuple(map(str, names)))
        for reason, (count, *names) in state.items()
    )


def added_up(parts: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    """Return one part for each reason, most first.

    Args:
        parts: What was passed over in several places.
    """
    found: dict[str, LeftOut] = {}
    for part in parts:
        known = found.get(part.reason, LeftOut(part.reason, 0))
        examples = (*known.examples, *part.examples)[:MAX_EXAMPLES]
        found[part.reason] = LeftOut(part.reason, known.count + part.count, examples)
    return tuple(sorted(found.values(), key=lambda part: -part.count))


def summary(parts: Iterable[LeftOut]) -> str:
    """Return one line about what was passed over; empty for nothing."""
    listed = ", ".join(map(str, parts))
    return f"left out: {listed}" if listed else ""
