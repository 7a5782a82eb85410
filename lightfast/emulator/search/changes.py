"""Changes that a question about the past asks for: something came, went, was replaced or mended, or was taken back.

What adds a thing and what removes it have nearly all words in common, and mean nearly the same; the word for the change
tells them apart. It counts in the line that says most of what was asked, since a changelog's next line is about
something else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightfast.emulator.search.question import SCANNED
from lightfast.emulator.search.text import stems_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from lightfast.emulator.search.question import Form

__all__ = ["Change", "asked_changes", "told_changes"]

Change = frozenset[str]  # stems of words that tell it

_PAST = frozenset({"history", "release", "person"})
# How questions ask for a change, and how commits and changelogs call it.
_CHANGES = {
    r"\b(?:drop|remov|delet|discontinu|abandon)\w{0,10}|\b(?:gave|give|given) up\b|\bno longer\b|\bany ?more\b"
    r"|\b(?:took|takes?|taken|threw|throw|thrown) (?:\w{1,40} )?(?:out|away)\b|\bg[eo]t rid\b|\bstop(?:ped|s)?\b"
    r"|\bbecame of\b|\bdisappear\w{0,5}|\bgone\b|\baway from\b|\b(?:leaves?|left)\b": "drop remove delete farewell rid discontinue stop longer",
    r"\b(?:add(?:ed|s)?|introduc\w{0,4}|(?:came|comes?) in|bec[ao]me possible|learn\w{0,5}|contribut\w{0,5}|wrote|implement\w{0,5}"
    r"|made|let|recogni[sz]ed)\b": "add introduce support implement allow",
    r"\b(?:replac\w{0,6}|switch\w{0,3}|moved?|migrat\w{0,4}|turn(?:ed)? into)\b": "replace switch move migrate",
    r"\b(?:fix|repair|solv|resolv|prevent|mitigat)\w{0,4}|\bclosed\b|\bdone against\b": "fix prevent mitigate resolve",
    r"\b(?:deprecated?|obsolete|outdated)\b": "deprecate",
    r"\b(?:put|g[eo]|gone|went|brought|bring|takes?|taken|took|switch\w{0,3}|chang\w{0,3}|mov\w{0,3}|turn\w{0,3}) (?:\w{1,40} )?(?:back|out again)\b"
    r"|\b(?:undone|undo|restored?|revert\w{0,3}|again)\b|\bback(?:ed)? out\b|\bback (?:to|from)\b": "revert restore undo back",
}
_LINE_END = re.compile(
    r"\n[ \t\r]{0,20}\n|\n(?=[ \t]{0,20}(?:[*+\u2022-]|\d{1,3}[.)]) )|(?<=[.!?]) "
)


def asked_changes(query: str, form: Form) -> list[Change]:
    """Return the changes that a question asks for; none where it does not ask for the past."""
    if form not in _PAST:
        return []
    said = query[:SCANNED].lower()
    told = (words for pattern, words in _CHANGES.items() if re.search(pattern, said))
    return [frozenset(stems_of(words)) for words in told]


def told_changes(
    changes: Collection[Change], title: str, body: str, wanted: Collection[str]
) -> int:
    """Return how many of the changes are told in the line that says most of what was asked.

    Args:
        changes: What was asked for.
        title: A line that stands for the whole; empty where there is none.
        body: The other lines.
        wanted: The stems of the question.
    """
    lines = [set(stems_of(line)) for line in (title, *_LINE_END.split(body))]
    said = max(lines, key=lambda line: len(line.intersection(wanted)))
    return sum(bool(change & said) for change in changes)
