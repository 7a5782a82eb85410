"""Results as text for a language model: one short block each, within a budget. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import attrs

from lightfast import SearchResponse, SearchResult

__all__ = ["Page", "joined", "one_line", "plain", "result_text", "results_text", "search_text"]

_PEOPLE = 3
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
# What a terminal or a model's reader could obey, or what hides text: UAX #9 §2, UTS #39 §3.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
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
    results = response.results
    if not results:
        return Page("\n".join(filter(None, ["Nothing found.", note])), ())
    shown = _fitting(results, max_characters, with_ids=with_ids)
    start = response.meta.offset or 0
    last = start + len(shown)
    total = max(response.meta.total, start + len(results))
    head = f"Results {start + 1}-{last} of {total}, best first."
    more = f"For more, search again with offset={last}." if last < total else ""
    left_out = (
        f"{len(results) - len(shown)} results of this page did not fit into max_characters."
        if len(shown) < len(results)
        else ""
    )
    foot = " ".join(filter(None, [left_out, more, note]))
    blocks = [result_text(n, result, with_id=with_ids) for n, result in enumerate(shown, start + 1)]
    return Page("\n\n".join(filter(None, [head, *blocks, foot])), shown)


def _fitting(
    results: Sequence[SearchResult], budget: int, *, with_ids: bool
) -> tuple[SearchResult, ...]:
    shown: list[SearchResult] = []
    for number, result in enumerate(results, 1):
        budget -= len(result_text(number, result, with_id=with_ids)) + 2
        if budget < 0 and shown:
            break
        shown.append(result)
    return tuple(shown)


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
    """Return a text without line breaks and invisible characters."""
    return _SPACE.sub(" ", plain(text)).strip()


def plain(text: str) -> str:
    """Return a text without invisible characters."""
    return _UNSEEN.sub("", text)
