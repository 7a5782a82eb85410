"""Searches from a file into a file: JSON lines or CSV, in constant memory, resumable.

::

    from lightfast import Lightfast
    from lightfast.batch import search_file

    with Lightfast() as client:
        summary = search_file(client, "questions.csv", "answers.jsonl", resume=True)

Each row of the input is one search: its `query`, and what else the search needs. Each row of the
output is what became of it: the results, or the error. A row is written in one piece when its
search has ended; `resume=True` keeps what is there and searches for the rest, also after the
process was killed.
"""

from __future__ import annotations

from lightfast.batch.run import BatchSummary, search_file

__all__ = ["BatchSummary", "search_file"]
