"""The benchmark suite: ``python -m tests.benchmarks``, or ``nox -s bench``."""
