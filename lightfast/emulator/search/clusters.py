"""Clusters: what the results on a page have in common, told by counting; nothing is guessed.

A cluster is a directory or a label that several results share. Its keywords are the words that most of their
titles share. There are no clusters where results have too little in common, and none in mode ``fast``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from lightfast.emulator.search.text import STOP_WORDS, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["clusters"]

FEWEST = 3  # results that make a cluster
MOST = 3  # clusters
_KEYWORDS = 5


def clusters(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the clusters of a page, largest first, as on the wire."""
    members: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for result in results:
        for topic in dict.fromkeys(_topics(result)):
            members[topic].append(result)
    # What all results have in common divides nothing, unless it is all there is to say.
    found = sorted(members.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        _cluster(topic, group, len(results))
        for topic, group in found[:MOST]
        if len(group) >= FEWEST
    ]


def _topics(result: dict[str, Any]) -> Iterator[str]:
    for entity in result.get("entities", ()):
        if entity["category"] == "file" and "/" in entity["key"]:
            yield entity["key"].partition("/")[0] + "/"
        elif entity["category"] == "label":
            yield entity["key"]


def _cluster(topic: str, group: list[dict[str, Any]], of: int) -> dict[str, Any]:
    words = Counter(
        word
        for result in group
        for word in set(words_of(result["title"]))
        if word not in STOP_WORDS and len(word) > 2 and not word.isdigit()
    )
    shared = sorted((-count, word) for word, count in words.items() if count > 1)
    return {
        "topic": topic,
        "summary": f"{len(group)} of the {of} results on this page",
        "keywords": [word for _, word in shared[:_KEYWORDS]],
    }
