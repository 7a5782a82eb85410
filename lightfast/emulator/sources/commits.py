"""A repository's commits as documents."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lightfast.emulator import timestamps
from lightfast.emulator.sources.documents import MAX_FILES, Document, mentions, person
from lightfast.emulator.sources.kinds import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightfast.emulator.sources.files import CommitTimes
    from lightfast.emulator.sources.forge import Forge
    from lightfast.emulator.sources.git import Git

__all__ = ["commit_documents", "is_robot"]

MAX_MESSAGE = 100_000  # characters; squashed branches can carry whole logs
ROBOT_WEIGHT = 0.3  # they wrote a third of some histories, and are seldom what somebody looks for

SAYS_NOTHING = 0.2
SAYS_LITTLE = 0.15

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
_CHORE = re.compile(
    r"merge (?:branch|remote|pull)|(?:version|release) v?\d|v?\d+(?:\.\d+)+\s*$|(?:chore|style|ci|test|build)(?:\([^)]*\))?:|bump|prepare (?:changelog|release)"
    r"|fix(?:ed|es)? (?:a )?typos?|typo|lint|format|tweaks?\s*$|add version|set (?:development )?version"
    r"|update (?:changelog|readme|docs?)|wip\b|cleanup|\S+\s*$",
    re.IGNORECASE,
)
_NOREPLY = re.compile(r"(?:\d+\+)?([^@+]+)@users\.noreply\.[\w.-]+", re.IGNORECASE)


def commit_documents(
    git: Git, forge: Forge | None, *revisions: str, times: CommitTimes
) -> Iterator[Document]:
    """Return the commits that `git log` finds, newest first.

    Args:
        git: The repository.
        forge: Where it is hosted.
        revisions: Further arguments for `git log`.
        times: Told when which files were committed.
    """
    for fields, files in git.log(_FIELDS, *revisions):
        times.see(int(fields[2]), files)
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
        penalty=_penalty(subject, files),
        actors=_actors(people),
        entities=(*_persons(people), *touched, *named.entities),
        references=named.references,
        facts={"latestAction": "merged"} if " " in parents else {},
    )


def _penalty(subject: str, files: list[str]) -> float:
    """Return what is taken off a commit that says little: a chore, or one that touches no code."""
    if _CHORE.match(subject[:200]) or (files and all(map(_is_prose, files))):
        return SAYS_NOTHING
    return SAYS_LITTLE if files and all(map(_is_aside, files)) else 0.0


@lru_cache(maxsize=16384)
def _is_prose(path: str) -> bool:
    kind = kind_of(path)
    return kind is not None and kind.family != "code"


@lru_cache(maxsize=16384)
def _is_aside(path: str) -> bool:
    # Tests, fixtures and settings have no kind.
    kind = kind_of(path)
    return kind is None or kind.family != "code"


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
