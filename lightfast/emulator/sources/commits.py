"""A repository's commits as documents."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lightfast.emulator import timestamps
from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.sources.documents import MAX_FILES, MAX_NAME, Document, mentions, person
from lightfast.emulator.sources.kinds import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightfast.emulator.sources.commit_times import CommitTimes
    from lightfast.emulator.sources.forge import Forge
    from lightfast.emulator.sources.git import Git

__all__ = ["commit_document", "commit_documents", "is_robot"]

MAX_LINE = 1000  # characters of a trailer
MAX_COAUTHORS = 50
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
_COAUTHOR = "co-authored-by:"
_CHORE = re.compile(
    r"merge (?:branch|remote|pull)|(?:version|release) v?\d|v?\d+(?:\.\d+)+\s*$|(?:chore|style|ci|test|build)(?:\([^)]*\))?:|bump|prepare (?:changelog|release)"
    r"|fix(?:ed|es)? (?:a )?typos?|typo|lint|format|tweaks?\s*$|add version|set (?:development )?version"
    r"|update (?:changelog|readme|docs?)|wip\b|cleanup|\S+\s*$",
    re.IGNORECASE,
)
_MERGE = re.compile(
    r"Merge (?:pull request #\d|branch '|branch \"|remote-tracking branch '|pull request #)|Merged in "
)
_NO_SUBJECT = re.compile(
    r"(?:See merge request|Closes|Conflicts|# Conflicts|\* |[\w-]{1,40}-by:)", re.IGNORECASE
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
    names, done = not git.is_treeless(), 0
    while True:
        try:
            for fields, files in git.log(_FIELDS, f"--skip={done}", *revisions, names=names):
                done += 1
                times.see(_seconds(fields[2]), files)
                yield commit_document(fields, files, forge)
        except EmulatorError:
            # A clone that left its trees behind, whatever its configuration says.
            if names and git.is_partial():
                names = False
                continue
            raise
        return


def commit_document(fields: list[str], files: list[str], forge: Forge | None) -> Document:
    """Return a commit as a document.

    Args:
        fields: Its hash, parents, time, author's name and address, and message.
        files: The files that it touched.
        forge: Where its repository is hosted.
    """
    sha, parents, time, name, email, message = fields
    subject, body = _told(message[:MAX_MESSAGE])
    people = [(name[:MAX_NAME], email[:MAX_NAME]), *_coauthors(body)]
    named = mentions(message[:MAX_MESSAGE], forge)
    touched: list[dict[str, Any]] = [{"key": f, "category": "file"} for f in files[:MAX_FILES]]
    return Document(
        id=f"commit_{sha}",
        title=subject.strip() or f"Commit {sha[:10]}",
        body=body,
        source=forge.name if forge else "git",
        type="commit",
        url=forge.commit(sha) if forge else None,
        occurred_at=timestamps.from_seconds(_seconds(time)),
        weight=ROBOT_WEIGHT if is_robot(*people[0]) else 1.0,
        penalty=_penalty(subject, files),
        actors=_actors(people),
        entities=(*_persons(people), *touched, *named.entities),
        references=named.references,
        facts={"latestAction": "merged"} if " " in parents else {},
    )


def _told(message: str) -> tuple[str, str]:
    """Return a message's subject and body; of a merge the subject is what was merged, where it says so."""
    subject, _, body = message.strip().partition("\n")
    body = body.strip()
    first, _, rest = body.partition("\n")
    if _MERGE.match(subject) and first and not _NO_SUBJECT.match(first):
        return first, f"{subject}\n{rest}".strip()
    return subject, body


def _seconds(time: str) -> int:
    return int(time) if len(time) < 20 and time.lstrip("-").isdigit() else 0


def _coauthors(body: str) -> list[tuple[str, str]]:
    # https://docs.github.com/pull-requests/committing-changes-to-your-project/creating-and-editing-commits
    found = []
    if "o-authored-by:" in body:
        for line in body.split("\n"):
            if line[: len(_COAUTHOR)].lower() == _COAUTHOR:
                name, opened, rest = line[len(_COAUTHOR) : MAX_LINE].partition("<")
                email, closed, _ = rest.partition(">")
                if opened and closed and name.strip():
                    found.append((name.strip()[:MAX_NAME], email[:MAX_NAME]))
    return found[:MAX_COAUTHORS]


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
    """Tell whether a program committed under this name."""
    return bool(_ROBOT.search(name) or _ROBOT.search(email))


def _persons(people: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [person(name) for name in dict.fromkeys(name for name, _ in people if name)]


def _actors(people: list[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(alias for who in people for alias in _aliases(*who)))


@lru_cache(maxsize=4096)
def _aliases(name: str, email: str) -> tuple[str, ...]:
    """Return what a person may be called in a filter: name, address, login."""
    login = _NOREPLY.fullmatch(email)
    local = login[1] if login else email.partition("@")[0]
    return tuple(filter(None, (name.lower(), email.lower(), local.lower())))
