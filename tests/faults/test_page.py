"""The page that tells what can go wrong tells it as the suite plays it."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path

from tests.faults.fault import Fault
from tests.faults.table import FAULTS

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "what-can-go-wrong.md"
_BETWEEN = re.compile(r"(<!-- fault table: begin[^>]*-->\n).*?(\n<!-- fault table: end -->)", re.S)


def rendered() -> str:
    """Every fault that the suite plays, as tables by family."""
    lines = [
        "Every case below is played against both clients, over real sockets, by the project's tests. Requests are",
        "counted with two retries allowed; “any” is as many as fit.",
    ]
    for family, faults in itertools.groupby(FAULTS, key=lambda fault: fault.family):
        lines += ["", f"### {family.capitalize()}", "", "| What happens | What you get | Requests |", "|---|---|---|"]  # fmt: skip
        lines += [_row(fault) for fault in faults]
    return "\n".join(lines)


def _row(fault: Fault) -> str:
    what = fault.name.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")  # fmt: skip
    outcome = (
        "the right value"
        if fault.outcome == "value"
        else f"`{fault.outcome.replace(' or ', '` or `')}`"
    )
    return f"| {what} | {outcome} | {'any' if fault.requests is None else fault.requests} |"


def test_the_page_lists_what_is_played():
    """Set LIGHTFAST_DOCS_UPDATE to write the table anew."""
    page = PAGE.read_text(encoding="utf-8")
    wanted = _BETWEEN.sub(lambda match: f"{match[1]}\n{rendered()}\n{match[2]}", page)
    if os.environ.get("LIGHTFAST_DOCS_UPDATE"):
        PAGE.write_text(wanted, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == wanted
