"""The benchmark suite: ``python -m tests.benchmarks``, or ``nox -s bench``.

How a figure comes about, and why it can be believed:

- `server` is a loopback server in a process of its own that only writes bytes rendered before.
- Every contender runs in a process of its own (`worker`), called as its documentation says.
- Contenders take turns (`race`): A B C, A B C. A figure is the median, over all rounds, of a
  contender's CPU time ÷ the base's in the same round; wall time stands beside it.
- A duplicate of the base runs along. When it does not read 1.00 ± 0.05, there is no verdict.
- Client and server sit on one core, the allocator is brought to a known state, proxies are
  ignored and the hash seed is fixed (`system`); the garbage collector runs as users have it.
- Every race is run by two casts of fresh processes, because two processes with the same code
  differ for as long as they live.

A new measure is one function, entered in `measures.MEASURES`.
"""
