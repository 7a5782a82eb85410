"""A repository's commits as documents."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lightfast.emulator import timestamps
from lightfast.emulator.sources.documents import MAX_FILES, Document, mentions, person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightfast.emulator.sources.forge import Forge
    from lightfast.emulator.sources.git import Git

__all__ = ["commit_documents", "is_robot"]

MAX_MESSAGE = 100_000  # characters; squashed branches can carry whole logs
ROBOT_WEIGHT = 0.3  # they wrote a third of some histories, and are seldom what somebody looks for

_FIELDS = "%H %P %ct %aN %aE %B"
_ROBOT = re.compile(
    r"\[bot\]|\b(?:dependabot|renovate|greenkeeper|github-actions?|pre-commit-ci|snyk-bot|mergify|pyup-bot"
    r"|allcontributors|imgbot|codecov|semantic-release-bot|deepsource-autofix|lgtm-migrator|web-flow"
    r"|bors|homu|k8s-ci-robot|copybara|autofix-ci|weblate)\b|\b\w+[-_]bot\b(?!@)",
    re.IGNORECASE,
)
_COAUTHOR = re.compile(
    r"^co-authored-by:[ \t]*([^<\n]+?)[ \t]*<([^>\n]*)>", re.IGNORECASE | re.MULTILINE
)
_NOREPLY = re.compile(r"(?:\d+\+)?([^@+]+)@users\.noreply\.[\w.-]+", re.IGNORECASE)


def commit_documents(git: Git, forge: Forge | None, *revisions: str) -> Iterator[Document]:
    """The commits that `git log` finds, newest first.

    Args:
        git: The repository.
        forge: Where it is hosted.
        revisions: Further arguments for `git log`.
    """
    for fields, files in git.log(_FIELDS, *revisions):
        yield _document(fields, files, forge)


def _document(fields: list[str], files: list[str], forge: Forge | None) -> Document:
    sha, parents, time, name, email, message = fields
    subject, _, body = message[:MAX_MESSAGE].strip().partition("\n")
    people = [(name, email)]
    if "o-authored-by:" in body:
        people += _COAUTHOR.findall(body)
    named = mentions(message[:MAX_MESSAGE], forge)
    touched: list[dict[str, Any]] = [{"key": f, "category": "file"} for f in files[:MAX_FILES]]
    return Document(
        id=f"commit_{sha}",
        title=subject.strip() or f"Commit {sha[:10]}",
        body=body.strip(),
        # The contract's examples know commits under one source; another forge is named when it is known.
        source=forge.name if forge else "github",
        type="commit",
        url=forge.commit(sha) if forge else None,
        occurred_at=timestamps.from_seconds(int(time)),
        weight=ROBOT_WEIGHT if is_robot(name, email) else 1.0,
        actors=_actors(people),
        entities=(*_persons(people), *touched, *named.entities),
        references=named.references,
        facts={"latestAction": "merged"} if " " in parents else {},
    )


@lru_cache(maxsize=4096)
def is_robot(name: str, email: str) -> bool:
    """Whether a program committed under this name."""
    return bool(_ROBOT.search(name) or _ROBOT.search(email))


def _persons(people: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [person(name) for name in dict.fromkeys(name for name, _ in people if name)]


def _actors(people: list[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(alias for who in people for alias in _aliases(*who)))


@lru_cache(maxsize=4096)
def _aliases(name: str, email: str) -> tuple[str, ...]:
    """What a person may be called in a filter: name, address, login."""
    login = _NOREPLY.fullmatch(email)
    local = login[1] if login else email.partition("@")[0]
    return tuple(filter(None, (name.lower(), email.lower(), local.lower())))
