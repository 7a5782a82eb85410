"""100,000 calls with 5 % faults: ``python -W error -m tests.soak [CALLS] [SEED]``."""

from __future__ import annotations

import sys

from tests.soak.running import Server, soak


def main(calls: int, seed: int) -> int:
    """Half of the calls through each face; how many problems there were."""
    unraisable: list[str] = []
    sys.unraisablehook = lambda what: unraisable.append(f"unraisable: {what.exc_value!r}")
    half = calls // 2
    with Server(seed) as server:
        # Everything is imported and every pool filled before the first figure is taken.
        for face in ("async", "sync"):
            soak(face, server, seed, range(calls, calls + 500))
        reports = [
            soak("async", server, seed, range(half)),
            soak("sync", server, seed, range(half, calls)),
        ]
    problems = unraisable + [f"{r.face}: {problem}" for r in reports for problem in r.problems()]
    print(f"{calls:,} calls, seed {seed}")
    for report in reports:
        print(*report.lines(), sep="\n")
    print(*problems, "as planned" if not problems else f"{len(problems)} problems", sep="\n")
    return len(problems)


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    sys.exit(bool(main(*(arguments + [100_000, 20_260_403][len(arguments) :]))))
