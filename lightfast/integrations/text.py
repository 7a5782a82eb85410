"""Results as text for a language model: one short block each, within a budget. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import attrs

from lightfast import SearchResponse, SearchResult

__all__ = [
    "Page",
    "clip",
    "joined",
    "one_line",
    "plain",
    "plain_values",
    "result_text",
    "results_text",
    "search_text",
]

_PEOPLE = 3
_LINE = 2000  # characters of a title, a passage or a place
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
# What a terminal or a model would obey without anyone seeing it: controls, and Default_Ignorable_Code_Point (UAX #44).
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SPACE = re.compile(r"\s+")


@attrs.frozen
class Page:
    """As many results as fit into a budget, and their text.

    Args:
        text: The text.
        results: The results that the text holds.
    """

    text: str
    results: tuple[SearchResult, ...]


def search_text(
    response: SearchResponse, *, max_characters: int, with_ids: bool = False, note: str = ""
) -> Page:
    """Return a search's results as text.

    Args:
        response: The results.
        max_characters: The budget. A result that does not fit is left out, never cut; the first is always shown.
        with_ids: Whether to show the IDs that other tools take.
        note: A line to add, such as the state of the index.
    """
    results, start = response.results, response.meta.offset or 0
    if not results:
        nothing = f"Nothing after the first {start} results." if start else "Nothing found."
        return Page("\n".join(filter(None, [nothing, note])), ())
    blocks = [
        result_text(n, result, with_id=with_ids) for n, result in enumerate(results, start + 1)
    ]
    text = ""
    for count in range(len(results), 0, -1):
        head, foot = _frame(response, count, note)
        text = "\n\n".join(filter(None, [head, *blocks[:count], foot]))
        if len(text) <= max_characters:
            return Page(text, results[:count])
    return Page(text, results[:1])


def _frame(response: SearchResponse, count: int, note: str) -> tuple[str, str]:
    """Return what stands before and after so many results."""
    given, start = len(response), response.meta.offset or 0
    last, total = start + count, max(response.meta.total, start + given)
    left_out = (
        f"{given - count} results of this page did not fit into max_characters."
        if count < given
        else ""
    )
    more = f"For more, search again with offset={last}." if last < total else ""
    foot = " ".join(filter(None, [left_out, more, note]))
    return f"Results {start + 1}-{last} of {total}, best first.", foot


def result_text(number: int, result: SearchResult, *, with_id: bool) -> str:
    """Return one result: title, place, time, people, and the passage that matched."""
    people = [entity.key for entity in result.entities if entity.category == "person"]
    facts = [
        _place(result),
        f"{result.source} {result.type}",
        f"{result.occurred_at:%Y-%m-%d}" if result.occurred_at else "",
        ", ".join(people[:_PEOPLE]),
        f"id {result.id}" if with_id else "",
    ]
    title, snippet = one_line(result.title), one_line(result.snippet)
    lines = [f"{number}. {title}", f"   {joined(facts)}"]
    if snippet and snippet != title:  # a commit without a body has nothing else to show
        lines.append(f"   {snippet}")
    return "\n".join(lines)


def results_text(results: Iterable[SearchResult], title: str) -> str:
    """Return the results of another question than a search, under a title."""
    blocks = [result_text(n, result, with_id=True) for n, result in enumerate(results, 1)]
    return "\n\n".join([f"{title}:", *blocks]) if blocks else f"{title}: nothing found."


def _place(result: SearchResult) -> str:
    """Return where to look: a file and its line, a commit's short hash, or an address."""
    path, line = result.extra.get("path"), result.extra.get("line")
    if isinstance(path, str) and path:
        return f"{one_line(path)}:{line}" if isinstance(line, int) and line else one_line(path)
    if result.type == "commit" and (match := _COMMIT.search(result.id)):
        return joined([match.group()[:10], result.url or ""])
    return result.url or ""


def joined(facts: Iterable[str]) -> str:
    """Return facts in one line, without the empty ones."""
    return " · ".join(one_line(fact) for fact in facts if fact)


def one_line(text: str) -> str:
    """Return a text without line breaks and invisible characters, cut where it is very long."""
    line = _SPACE.sub(" ", plain(text)).strip()
    return line if len(line) <= _LINE else f"{clip(line, _LINE)} …"


def clip(text: str, most: int) -> str:
    """Return the first words of a text, in so many characters at most."""
    if len(text) <= most:
        return text
    words = text[: most + 1].rsplit(maxsplit=1)
    return words[0][:most] if words else ""


def plain(text: str) -> str:
    """Return a text without invisible characters."""
    return _UNSEEN.sub("", text)


def plain_values(value: Any) -> Any:
    """Return a JSON value without invisible characters in its strings."""
    match value:
        case str():
            return plain(value)
        case list():
            return [plain_values(each) for each in value]
        case dict():
            return {name: plain_values(each) for name, each in value.items()}
    return value
