"""Coverage-guided: ``python -m tests.fuzz.reader -max_total_time=60 [CORPUS]``, any option of libFuzzer.

It ends with 0 when nothing was found, and otherwise writes the input to ``crash-…``.
"""

from __future__ import annotations

import builtins
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["lightfast"]):
    from lightfast._wire import structure

    def _exec(source: str, scope: dict[str, Any]) -> None:
        """Run as exec does; the functions that it generates count as coverage, too."""
        builtins.exec(source, scope)
        for name in {"fill", "read"} & scope.keys():  # an array of strings is read without `fill`
            scope[name] = atheris.instrument_func(scope[name])

    structure.exec = _exec  # type: ignore[attr-defined]
    from tests.fuzz.mutation import mutated, seeds
    from tests.fuzz.target import check


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Return an input that was mutated: as JSON in two of three cases, as bytes in the third."""
    draw = random.Random(seed)
    if draw.random() < 0.67:
        return mutated(data, draw)[:max_size]
    found: bytes = atheris.Mutate(data, min(max_size, len(data) + 8))
    return found


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="lightfast-fuzz-") as corpus:
        for number, seed in enumerate(seeds()):
            Path(corpus, f"seed-{number}").write_bytes(seed)
        arguments = [sys.argv[0], "-max_len=8192", *sys.argv[1:], corpus]
        atheris.Setup(arguments, check, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
