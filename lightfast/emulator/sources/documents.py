"""A document, and what its text mentions: people, files, issues, commits."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightfast.emulator.sources.forge import Forge

__all__ = ["Document", "Family", "Mentions", "find_tracker_keys", "mentions", "person"]

Family: TypeAlias = Literal["documentation", "changelog", "code", "history"]

MAX_FILES = 20
MAX_REFERENCES = 20
MAX_ITEMS = 100  # entities, references or names of one document
MAX_TITLE = 500  # characters, as all of these
MAX_BODY = 100_000
MAX_NAME = 200
MAX_URL = 2000
MAX_NUMBER = 2**53

# GitHub's words for "this ends that issue":
# https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
_NUMBER = re.compile(
    r"(?:\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+)?(?<![\w&/#])(?:GH-|#)(\d{1,9})\b",
    re.IGNORECASE,
)
_MERGE_REQUEST = re.compile(r"(?<=[\w\s(])!(\d{1,9})\b")
_TRACKER_KEY = re.compile(r"\b([A-Z][A-Z0-9]{1,9})-(\d{1,7})\b")
# Standards and ciphers look like a tracker's keys.
_STANDARDS = (
    "AES ARM BASE BCP CP CRC CVE CWE ECMA EC ES FIPS GB GH GHSA GPT HTTP HS IEEE IPV ISO KOI LATIN MD MIT NIST P"
    " PEP PKCS PY RFC RIPEMD RS RSA SHA SSE STD TLS UCS UTC UTF V WINDOWS X"
)
_NO_TRACKER = frozenset(_STANDARDS.split())
_HASH = re.compile(r"\b(?:(reverts) commit )?([0-9a-f]{7,40})\b", re.IGNORECASE)


def _encodable(text: str) -> str:
    """Return a text that UTF-8 can encode: JSON's escapes can hold half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text


def _short_title(text: str) -> str:
    return _encodable(text[:MAX_TITLE])


def _short_body(text: str) -> str:
    return _encodable(text[:MAX_BODY])


def _short_name(text: str) -> str:
    return _encodable(text[:MAX_NAME])


def _short_url(url: str | None) -> str | None:
    # A link that is cut leads somewhere else.
    return _encodable(url) if url and len(url) <= MAX_URL else None


def _short_names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(_short_name, islice(names, MAX_ITEMS)))


def _short_items(items: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            name: _short_title(value) if isinstance(value, str) else value
            for name, value in item.items()
        }
        for item in islice(items, MAX_ITEMS)
    )


def _short_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts that JSON can hold everywhere: numbers no larger than a float counts exactly, and finite."""
    return {
        name: _short_title(value) if isinstance(value, str) else value
        for name, value in facts.items()
        if isinstance(value, str) or abs(value) <= MAX_NUMBER
    }


@attrs.frozen(kw_only=True)
class Document:
    """One thing that can be found. What comes from anybody is cut to size here, and made fit to be stored.

    Args:
        id: Its id, unique in the organization.
        key: What people call it in texts, such as ``#12``; empty for nothing.
        part: The part of its corpus that it comes from: indexed again, it replaces what came from there before.
        title: Its title.
        body: Its text.
        source: Where it comes from, such as ``github``.
        type: What it is, such as ``commit``.
        family: What kind of text it is; words are weighed within a family, never between two.
        path: The file that it stands in, relative to its repository or directory; empty for none.
        line: The line of `path` that it begins at, from 1; 0 where there is none.
        names: Names and words inside that it is found by, though they are not shown.
        penalty: What is taken off its score because it says little, such as a chore's one-word subject.
        group: What else belongs to the same change, such as a pull request: of a group's documents only the best
            one is shown; empty for none.
        url: Where a person can read it.
        occurred_at: When it happened, in microseconds since 1970.
        weight: What its score is multiplied by; less than one for what robots wrote.
        actors: Names, in lower case, that ``filters.actorNames`` compares.
        entities: Who and what it mentions, as on the wire.
        references: What it links to, as on the wire.
        facts: Further fields of the result, under their wire names.
    """

    id: str = attrs.field(converter=_short_title)
    title: str = attrs.field(converter=_short_title)
    body: str = attrs.field(converter=_short_body)
    source: str = attrs.field(converter=_short_name)
    type: str = attrs.field(converter=_short_name)
    key: str = attrs.field(default="", converter=_short_name)
    part: str = attrs.field(default="", converter=_encodable)
    family: Family = "history"
    path: str = attrs.field(default="", converter=_encodable)
    line: int = 0
    names: str = attrs.field(default="", converter=_short_body)
    penalty: float = 0.0
    group: str = attrs.field(default="", converter=_encodable)
    url: str | None = attrs.field(default=None, converter=_short_url)
    occurred_at: int | None = None
    weight: float = 1.0
    actors: tuple[str, ...] = attrs.field(default=(), converter=_short_names)
    entities: tuple[dict[str, Any], ...] = attrs.field(default=(), converter=_short_items)
    references: tuple[dict[str, Any], ...] = attrs.field(default=(), converter=_short_items)
    facts: dict[str, Any] = attrs.field(factory=dict, converter=_short_facts)


@attrs.frozen
class Mentions:
    """Entities and references that a text mentions, as on the wire."""

    entities: tuple[dict[str, Any], ...]
    references: tuple[dict[str, Any], ...]


def mentions(text: str, forge: Forge | None) -> Mentions:
    """Return the issues and commits that a text names, linked when the forge is known."""
    keys = find_tracker_keys(text)
    references = [
        *_numbers(text, forge),
        *_merge_requests(text, forge),
        *({"type": "issue", "id": key} for key in keys),
        *_hashes(text, forge),
    ]
    return Mentions(
        tuple({"key": key, "category": "issue"} for key in keys), tuple(references[:MAX_REFERENCES])
    )


def person(name: str) -> dict[str, Any]:
    """Return a person as an entity on the wire."""
    return {"key": name, "category": "person"}


def find_tracker_keys(text: str) -> list[str]:
    """Return the keys of issues in trackers that a text names, such as ``LIN-204``."""
    if "-" not in text:
        return []
    found = (m.group() for m in _TRACKER_KEY.finditer(text) if m[1] not in _NO_TRACKER)
    return list(dict.fromkeys(found))[:MAX_REFERENCES]


def _numbers(text: str, forge: Forge | None) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    if "#" not in text and "GH-" not in text:
        return []
    for match in _NUMBER.finditer(text):
        number = f"#{match[2]}"
        reference = found.setdefault(number, {"type": "issue", "id": number})
        if forge:
            reference["url"] = forge.issue(match[2])
        if match[1]:
            reference["label"] = match[1].lower()
    return list(found.values())


def _merge_requests(text: str, forge: Forge | None) -> list[dict[str, Any]]:
    # https://docs.gitlab.com/user/markdown/#gitlab-specific-references
    if forge is None or forge.name != "gitlab" or "!" not in text:
        return []
    numbers = dict.fromkeys(match[1] for match in _MERGE_REQUEST.finditer(text))
    return [{"type": "pull_request", "id": f"!{n}", "url": forge.pull(n)} for n in numbers]


def _hashes(text: str, forge: Forge | None) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for match in _HASH.finditer(text):
        sha = match[2]
        # "deface" and "20240101" are hexadecimal too; a hash nearly always has both kinds of digit.
        if sha.isdigit() or sha.isalpha() or not sha.islower():
            continue
        reference = found.setdefault(sha, {"type": "commit", "id": sha})
        if forge:
            reference["url"] = forge.commit(sha)
        if match[1]:
            reference["label"] = "reverts"
    return list(found.values())
