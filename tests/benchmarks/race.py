"""Contenders against each other: rounds A B C, A B C, and ratios to a base that runs twice."""

import contextlib
from collections.abc import Sequence

import attrs

from tests.benchmarks.processes import ContenderError, Sample, Worker, worker
from tests.benchmarks.stats import Spread, ratio, spread
from tests.benchmarks.system import Place

CONTROL = " (control)"


@attrs.frozen(kw_only=True)
class Plan:
    """Plan of a race: its rounds, and how long each turn takes.

    Args:
        kind: Which of the server's answers: ``ten``, ``hundred``, ``slow``.
        concurrency: Calls at a time.
        rounds: How often every contender has its turn.
        casts: Into how many casts of fresh processes the rounds are split: two processes that
            run the same code differ by 1 or 2 %, for as long as they live.
        seconds: How long one turn should take.
        patience: Seconds after which a slow contender sits out the rest of a cast.
        calls: How many calls a turn has; None lets `seconds` decide.
        place: The contenders' core.
    """

    kind: str = "ten"
    concurrency: int = 1
    rounds: int = 24
    casts: int = 2
    seconds: float = 0.08
    patience: float = 3.0
    calls: int | None = None
    place: Place = "server's"


@attrs.frozen
class Turn:
    """One contender's turn, beside the base's in the same round."""

    own: Sample
    base: Sample


@attrs.frozen
class Row:
    """One contender's result.

    Args:
        name: The contender.
        turns: What it did.
        memory: What its process held at the end.
    """

    name: str
    turns: list[Turn]
    memory: dict[str, int]

    @property
    def cpu(self) -> Spread:
        """CPU microseconds per call."""
        return spread([turn.own.cpu * 1e6 for turn in self.turns])

    @property
    def wall(self) -> Spread:
        """Wall-clock microseconds per call."""
        return spread([turn.own.wall * 1e6 for turn in self.turns])

    @property
    def cpu_ratio(self) -> Spread:
        """CPU time ÷ the base's."""
        return ratio([(turn.own.cpu, turn.base.cpu) for turn in self.turns])

    @property
    def wall_ratio(self) -> Spread:
        """Wall-clock time ÷ the base's."""
        return ratio([(turn.own.wall, turn.base.wall) for turn in self.turns])

    @property
    def speed_ratio(self) -> Spread:
        """Calls per second ÷ the base's."""
        return ratio([(turn.base.wall, turn.own.wall) for turn in self.turns])


@attrs.frozen
class Race:
    """All results of a race, the base's first, and who could not take part, and why."""

    rows: list[Row]
    absent: dict[str, str]

    def row(self, name: str) -> Row | None:
        """One contender's result; None when it took no part."""
        return next((row for row in self.rows if row.name == name), None)

    @property
    def control(self) -> Row:
        """The base's twin.

        Raises:
            ContenderError: It could not start, so there is no race.
        """
        for row in self.rows:
            if row.name.endswith(CONTROL):
                return row
        raise ContenderError("; ".join(self.absent.values()) or "no base took part")


def run(origin: str, base: str, others: Sequence[str], plan: Plan) -> Race:
    """Run base, its control, and the others, interleaved, each in a process of its own."""
    names = [base, base + CONTROL, *others]
    turns: dict[str, list[Turn]] = {name: [] for name in names}
    memory: dict[str, dict[str, int]] = {}
    absent: dict[str, str] = {}
    for cast in range(plan.casts):
        rounds = len(range(cast, plan.rounds, plan.casts))
        with contextlib.ExitStack() as stack:
            field = _field(stack, origin, names, plan, absent)
            _run_cast(field, plan, rounds, turns)
            memory |= {name: one.memory() for name, one in field.items()}
    return Race([Row(name, turns[name], memory[name]) for name in memory], absent)


def _field(
    stack: contextlib.ExitStack,
    origin: str,
    names: Sequence[str],
    plan: Plan,
    absent: dict[str, str],
) -> dict[str, Worker]:
    """Start every contender that can start; the others' reasons go to `absent`."""
    starting = {
        name: stack.enter_context(
            worker(
                name.removesuffix(CONTROL),
                origin,
                kind=plan.kind,
                concurrency=plan.concurrency,
                place=plan.place,
            )
        )
        for name in names
    }
    field: dict[str, Worker] = {}
    for name, one in starting.items():
        try:
            one.wait()
        except ContenderError as error:
            absent[name] = str(error)
        else:
            field[name] = one
    return field


def _run_cast(
    field: dict[str, Worker], plan: Plan, rounds: int, turns: dict[str, list[Turn]]
) -> None:
    """Give everyone a turn, round after round; the base, which is first, opens each."""
    calls = {name: plan.calls or _calibrate(one, plan) for name, one in field.items()}
    left = dict.fromkeys(field, plan.patience)
    for _ in range(rounds):
        base: Sample | None = None
        for name, one in field.items():
            if left[name] < 0:
                continue
            sample = one.run(calls[name], plan.concurrency)
            base = base or sample
            left[name] -= sample.wall * sample.calls
            turns[name].append(Turn(sample, base))


def _calibrate(contender: Worker, plan: Plan) -> int:
    """Return the number of calls that take about `plan.seconds`; warms the contender up, too."""
    few = max(20, plan.concurrency)
    sample = contender.run(few, plan.concurrency)
    if sample.wall * few < 1:  # the first calls open connections and fill caches
        sample = contender.run(2 * few, plan.concurrency)
    waves = round(plan.seconds / (sample.wall * plan.concurrency))
    return plan.concurrency * max(waves, 1 if plan.concurrency > 1 else 20)
