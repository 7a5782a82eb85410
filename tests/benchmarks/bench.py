"""Equipment of a measure: the server and races, shortened when the whole run is."""

from collections.abc import Sequence

import attrs

from tests.benchmarks import race
from tests.benchmarks.race import Plan, Race


@attrs.frozen
class Bench:
    """One run of the suite.

    Args:
        origin: Where the loopback server is.
        quick: Whether fewer rounds are enough.
    """

    origin: str
    quick: bool = False

    def race(self, base: str, others: Sequence[str], plan: Plan) -> Race:
        """Race the others against `base` and its control."""
        if self.quick:
            plan = attrs.evolve(
                plan,
                rounds=max(3, plan.rounds // 4),
                casts=1,
                seconds=plan.seconds / 2,
                patience=plan.patience / 3,
            )
        return race.run(self.origin, base, others, plan)

    def fewer(self, count: int) -> int:
        """Return that many, or a fifth when the run is a quick one."""
        return count // 5 if self.quick else count
