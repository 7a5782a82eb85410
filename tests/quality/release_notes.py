"""The query set of a public history: PostgreSQL's release notes name, beside each change, the commits that made it.

The notes are a file of its source, ``doc/src/sgml/release-15.sgml`` or any other major version's; Debian's source package
``postgresql-15`` brings it. What a note says asks for the commits, of which the file has the first line.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from tests.quality.sets import Query, QuerySet

if TYPE_CHECKING:
    from pathlib import Path

# Only a major version's notes have the commits' first lines; those of minor ones have hashes alone.
_NOTE = re.compile(r"<!--\n(Author: .*?)-->\s*<listitem>\s*<para>(.*?)</para>", re.DOTALL)
_COMMIT = re.compile(r"^\d{4}-\d\d-\d\d \[(\w+)\] (.+)$", re.MULTILINE)
_MARKS = re.compile(r"<ulink.*?</ulink>|<[^>]*>|\([A-Z][^()]*\)\s*$|&[a-z]+_baseurl;", re.DOTALL)


def release_notes(name: str, file: Path) -> QuerySet:
    """Return what the notes say of each change, and the commits behind all of them."""
    subjects: dict[str, str] = {}
    queries = []
    for comment, paragraph in _NOTE.findall(file.read_text("utf-8")):
        if commits := dict(_COMMIT.findall(comment)):
            subjects |= commits
            queries.append(Query(_text(paragraph), frozenset(commits)))
    documents = [{"id": sha, "title": subject, "text": ""} for sha, subject in subjects.items()]
    return QuerySet(name, "commits", documents, queries)


def _text(paragraph: str) -> str:
    """Return a paragraph without marks, links to commits, and the names of those who made the change."""
    bare = _MARKS.sub("", _MARKS.sub("", paragraph).strip())
    return " ".join(html.unescape(bare).split())
