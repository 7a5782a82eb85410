"""Intent of a question, told from its form, and the weight of each family of documents for it.

"How do I …" wants a page, "why …" and "when …" want a commit, a pull request or a changelog, "where …" wants a place
in the code; what somebody sees go wrong is explained by a page, or by the release that mended it. What has none of these
forms, such as a few keywords, is most likely looked for in a page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from lightfast.emulator.search.text import STOP_WORDS, words_of

if TYPE_CHECKING:
    from lightfast.emulator.sources.documents import Family

__all__ = ["FAMILIES", "PRIORS", "SCANNED", "Form", "form_of", "without_form", "without_name"]

Form: TypeAlias = Literal[
    "docs", "workings", "history", "release", "person", "code", "symptom", "open"
]

# Their places in this tuple are what the index keeps.
FAMILIES: tuple[Family, ...] = ("documentation", "changelog", "code", "history")

# What is added to a score of which the best match by words has 1. Tuned by `tests.quality`.
PRIORS: dict[Form, dict[Family, float]] = {
    "docs": {"documentation": 0.5, "code": -0.4},
    "workings": {"documentation": 0.3, "code": 0.3},
    "history": {"changelog": 0.5, "history": 0.2, "code": -0.4},
    "release": {"changelog": 0.6, "code": -0.4},
    "person": {"history": 0.25, "code": -0.4},
    "code": {"code": 0.8},
    "symptom": {"documentation": 0.3, "changelog": 0.3, "history": 0.1},
    "open": {"documentation": 0.4, "code": -0.4},
}

SCANNED = 400  # characters: a question says at its beginning what it wants

_CODE = re.compile(
    r"^\W*(?:in )?(?:where|(?:which|what)(?: (?:c(?:\+\+)?|python|go|rust|java(?:script)?|internal|private|helper|source))?"
    r" (?:file|module|package|code|class|function|method|source|struct|script|line)s?)\b"
    r"|^\W*(?:the )?(?:file|module|class|function|method|code|source|struct|type) (?:that|which|for|to|where)\b"
    r"|^\W*(?:(?!(?:an?|my|our|your|how|what|which|call|execute|run|use|write)\b)\S{1,30} ){0,3}"
    r"(?:check|code|function|helper|loop|method|routine|script) (?:that|which)\b"
    r"|\b(?:implemented|defined in|source code|code path)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"^\W*(?:when|who|why|(?:was|were) (?:it|that|the|there|this)|since (?:when|which)|(?:the )?reason (?:for|that|the|why)"
    r"|(?:in )?(?:which|what) (?:\S{1,30} ){0,2}(?:release|version|commit|pr|pull request)\b"
    r"(?! (?:of \S{1,30} )?(?:is|are) (?:needed|recommended|required|supported))"
    r"|what (?:broke|changed|breaks|changes|happened|became|was|were|is new)|is there a reason)\b"
    r"|^\W*(?:which|what) .{1,80} (?:was|were|has been|have been) .{1,80} (?:in|since|with|by) (?:version |release |v)\d"
    r"|\bwho (?:introduced|added|wrote|removed|changed|integrated|fixed|made|did)\b"
    r"|(?:,| and) (?:who|when)\b",
    re.IGNORECASE,
)
# "Why does my …" and "when I …" tell what somebody sees, not what happened to the project; so does "why does it …", unless
# that is about what it did before.
_MINE = re.compile(
    r"^\W*my\b|^\W*when (?:i|it|the|my|a|an)\b(?! \w+ (?:was|were|is|added|removed|introduced|dropped|changed))"
    r"|\bwhy (?:is|are|does|do|did|am|was|doesn't|don't|isn't) (?:my|i|(?:it|this)(?!.{1,200}\b(?:any ?more|no longer|its own)))\b",
    re.IGNORECASE,
)
_RELEASE = re.compile(
    r"\bwhat(?:'s| is| was)?\s*(?:broke|breaks|changed|changes|new|different)\b"
    r"|^(?!\W*how (?:can|do|to)\b).{0,200}\b(?:release notes?|changelog)\b|^\W*(?:(?:how|what)\b.{1,80}\b)?upgrad(?:e|es|ed|ing)\b",
    re.IGNORECASE,
)
# "How does it decide …" and "what writes the log" are about how it works inside; "how do I …" is about its use.
_WORKINGS = re.compile(
    r"^\W*how (?:does|is|are|did)\b(?! (?:one|i|we|you)\b)"
    r"|^\W*(?:what|which) (?!(?:is|was|does|has|this|happens|changes|causes|means)\b)\w{3,20}s"
    r" (?:(?:the|an?|its|their|to|from|in)\b|\S{0,60}\w[._/]\w)",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"^\W*(?:how|can|could|may|is|are|does|do|should|what|which)\b|\bhow(?: (?:do|can|to)\b|\W*$)",
    re.IGNORECASE,
)
_FAILING = re.compile(
    r"\b(?:fail(?:s|ed|ing)?|crash(?:es|ed)?|hangs?|stuck|refus(?:es|ed)|complains?|disappears?|panics?|never|nothing"
    r"|(?:do|does|did|is|are|was|were|wo|could|should)(?:n't| not)|can(?:'t| ?not)|stops?|stopped)\b"
    r"|\b\w{3,40}(?:Error|Exception)\b|^\S{1,40}: (?:no|not|invalid|unknown|bad|cannot|could)\b",
    re.IGNORECASE,
)
# In a few keywords these are a topic: "error handling".
_TROUBLE = re.compile(
    r"\b(?:errors?|exceptions?|tracebacks?|warnings?|broken|wrong|lost|los(?:es|ing)|missing|slow|leaks?"
    r"|no \w{1,40} at all|although|though|suddenly|as soon as|again and again)\b"
    r"|^\W?[\"'`“]\w+ \w|\b(?:logs?|prints?|reads?|message):? [\"'`“]\w",
    re.IGNORECASE,
)
_KEYWORDS = 3  # words, at most
_TELLING = 2  # words that a question has to have left
# A statement tells what is seen, unlike an order ("keep the last value"): its first verb is not its first word, and does not
# follow a word that begins another clause ("the value that is kept").
_VERBS = (
    "aborts|am|answers|are|became|becomes?|blocks|blows|breaks|came|comes?|crawls|cuts|did|does|drops|duplicates|ends"
    "|expects|fires|freezes|froze|gave|gets?|gives|goes|got|grew|grows|had|has|hides|ignores|insists|is|keeps|kept"
    "|leaves|loads?|looks|loses|makes|opens|overwrites|picks|prints|puts|raises|reaches|rejects|returns|runs|said"
    "|says|scrolls|seems|sends|showed|shows|skips|starts|stays?|swallows|takes|tells|thinks|threw|throws|took|treats"
    "|truncates|turns|uses|waits?|wants|was|went|were|writes"
)
_CLAUSES = "after|as|because|before|how|if|so|that|unless|until|what|when|where|whether|which|while|who|whose|why|without"
_STATEMENT = re.compile(
    rf"^\S+\s+(?:(?!(?:{_CLAUSES})\b)\S+\s+){{0,14}}?(?:{_VERBS})\b(?!-)", re.IGNORECASE
)
# "X is now Y" announces; it is how a changelog says it.
_ANNOUNCED = re.compile(r"\b(?:now|no longer|deprecated)\b", re.IGNORECASE)
_PURPOSE = re.compile(r"\bso (?:that|a|the|i|my|it|they|we)\b", re.IGNORECASE)

# Words that say where to look, not what for.
_PLACES = frozenset(
    [
        "file",
        "files",
        "module",
        "modules",
        "package",
        "code",
        "class",
        "function",
        "method",
        "source",
        "struct",
        "line",
        "lines",
        "place",
        "implemented",
        "defined",
        "implementation",
        "located",
    ]
)


def without_form(words: list[str], form: Form) -> list[str]:
    """Return a question's words without those that only make its form, unless there are no others."""
    if form != "code":
        return words
    return [word for word in words if word not in _PLACES] or words


def without_name(query: str, name: str) -> str:
    """Return a question without the name of the project that it is asked of, unless little is left.

    Every page of a project is about it; what was asked is the rest.

    Args:
        query: The question.
        name: The project's name; empty where none is known.
    """
    if not name:
        return query
    named = rf"(?<![\w.@/-])(?:{re.escape(name)})(?:['\u2019]s)?(?![\w-]|[./]\w)"
    rest = " ".join(re.sub(named, " ", query, flags=re.IGNORECASE).split())
    told = [word for word in words_of(rest) if word not in STOP_WORDS]
    return rest if len(told) >= _TELLING else query


def form_of(query: str) -> Form:
    """Return the form of a question."""
    text = query[:SCANNED]
    if _CODE.search(text):
        return "code"
    if _PAST.search(text) and not _MINE.search(text):
        if _RELEASE.search(text):
            return "release"
        return "person" if re.search(r"\bwho\b", text, re.IGNORECASE) else "history"
    if _RELEASE.search(text):
        return "release"
    if _ASKING.search(text):
        return "workings" if _WORKINGS.search(text) else "docs"
    return "symptom" if _MINE.search(text) or _is_seen(text) else "open"


def _is_seen(text: str) -> bool:
    """Return whether a text tells what somebody sees, rather than what is to be done or looked for."""
    told = _PURPOSE.split(text, maxsplit=1)[0]
    if _FAILING.search(told):
        return True
    if len(told.split()) <= _KEYWORDS:
        return False
    return bool(_TROUBLE.search(told) or (_STATEMENT.search(told) and not _ANNOUNCED.search(told)))
