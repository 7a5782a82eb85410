"""A repository's commits, and its tags and notes, as corpora."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator import timestamps
from lightfast.emulator.sources.checkout import forge_of_origin, head, shallow, source_of
from lightfast.emulator.sources.commits import commit_documents
from lightfast.emulator.sources.corpus import FORMAT, Changes
from lightfast.emulator.sources.documents import Document, mentions, person
from lightfast.emulator.sources.names import printable
from lightfast.emulator.sources.pulls import group_of_pull, pulls_of_commits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightfast.emulator.sources.commit_times import CommitTimes
    from lightfast.emulator.sources.corpus import State
    from lightfast.emulator.sources.forge import Forge
    from lightfast.emulator.sources.git import Git

__all__ = ["Commits", "Tags"]

MAX_TAGS = 10_000
MAX_NOTES = 1000  # the newest
_TAG = "%(objecttype)%00%(refname:strip=2)%00%(objectname)%00%(taggerdate:unix)%00%(taggername)%00%(contents)%00"  # fmt: skip
_NOTES = "refs/notes/commits"


class Commits:
    """Commits that a repository's HEAD leads to; below the top, those that touch the directory."""

    kind = "commits"

    def __init__(self, git: Git, times: CommitTimes) -> None:
        self._git = git
        self._times = times
        self.location = printable(git.directory)

    def changes(self, last: State | None) -> Changes | None:
        """Return what was committed; everything when history was rewritten or the clone deepened."""
        forge = forge_of_origin(self._git)
        treeless = (
            ["the files of commits: the clone has no trees"] if self._git.is_treeless() else []
        )
        state: State = {
            "format": FORMAT,
            "left_out": {reason: [1] for reason in treeless},
            "head": head(self._git),
            "remote": forge.base if forge else None,
            "shallow": shallow(self._git),
        }
        if state == last:
            return None
        wanted = self._since(last, state)
        commits = self._documents(forge, wanted) if state["head"] else iter(())
        return Changes(
            state=state,
            total=self._count(wanted) if state["head"] else 0,
            items=([document] for document in commits),
            rebuild=len(wanted) == len(self._all(state)),
        )

    def _documents(self, forge: Forge | None, wanted: list[str]) -> Iterator[Document]:
        pulls = pulls_of_commits(self._git, wanted)
        place = forge.base if forge else self.location
        for document in commit_documents(self._git, forge, *wanted, times=self._times):
            number = pulls.get(document.id.removeprefix("commit_"))
            yield attrs.evolve(document, group=group_of_pull(place, number)) if number else document

    def _since(self, last: State | None, state: State) -> list[str]:
        everything = self._all(state)
        if last is None or {**last, "head": 0} != {**state, "head": 0}:
            return everything
        if not (last["head"] and state["head"]):
            return everything
        # No ancestor, or no longer there at all: history was rewritten.
        if self._git.try_ask("merge-base", "--is-ancestor", last["head"], state["head"]) is None:
            return everything
        return [f"^{last['head']}", *everything]

    def _all(self, state: State) -> list[str]:
        limits = ["."] if self._git.prefix else []
        return [str(state["head"]), "--", *limits]

    def _count(self, wanted: list[str]) -> int:
        return int(self._git.ask("rev-list", "--count", *wanted))


class Tags:
    """Messages of a repository's annotated tags, and the notes on its commits.

    Args:
        git: The repository.
    """

    kind = "tags"

    def __init__(self, git: Git) -> None:
        self._git = git
        self.location = printable(git.directory)

    def changes(self, last: State | None) -> Changes | None:
        """Return all of them, when one was added or changed; None where there never was one."""
        form = "--format=%(objecttype) %(objectname) %(refname)"
        refs = self._git.try_ask("for-each-ref", form, "refs/tags", _NOTES) or ""
        known = [ref for ref in refs.splitlines() if ref.startswith("tag ") or ref.endswith(_NOTES)]
        if not known and last is None:
            return None
        forge = forge_of_origin(self._git)
        digest = hashlib.blake2b("\n".join(known).encode("utf-8", "replace"), digest_size=16)
        state: State = {
            "format": FORMAT,
            "remote": forge.base if forge else None,
            "refs": digest.hexdigest(),
        }
        if state == last:
            return None
        documents = [*self._tags(forge), *self._notes(forge)] if known else []
        items = ([document] for document in documents)
        return Changes(state=state, total=len(documents), items=items, rebuild=True)

    def _tags(self, forge: Forge | None) -> Iterator[Document]:
        pieces = self._git.stream("for-each-ref", f"--format={_TAG}", "refs/tags")
        fields = zip(*[pieces] * 6, strict=False)
        for kind, name, sha, seconds, tagger, message in islice(fields, MAX_TAGS):
            if kind.strip() != "tag" or not message.strip():
                continue
            subject, _, body = message.strip().partition("\n")
            named = mentions(message, forge)
            yield Document(
                id=f"tag_{sha}",
                title=subject if name in subject else f"{name}: {subject}",
                body=body.partition("-----BEGIN PGP SIGNATURE")[0].strip(),
                source=source_of(forge),
                type="tag",
                url=forge.tag(name) if forge else None,
                occurred_at=timestamps.from_seconds(int(seconds)) if seconds.isdigit() else None,
                actors=(tagger.lower(),) if tagger else (),
                entities=((person(tagger),) if tagger else ()) + named.entities,
                references=named.references,
            )

    def _notes(self, forge: Forge | None) -> Iterator[Document]:
        listed = self._git.try_ask("notes", "--ref", _NOTES, "list") or ""
        commits = [line.partition(" ")[2] for line in listed.splitlines()[:MAX_NOTES]]
        if not commits:
            return
        form = "--format=format:%H%x00%s%x00%ct%x00%N%x00"
        options = ("--no-walk=sorted", f"--notes={_NOTES}", "--no-color", "--encoding=UTF-8", form)
        pieces = self._git.stream("log", *options, *commits, "--")
        for sha, subject, seconds, note in zip(*[pieces] * 4, strict=False):
            sha = sha.strip()
            yield Document(
                id=f"note_{sha}",
                title=f"Note on {subject}",
                body=note.strip(),
                source=source_of(forge),
                type="note",
                url=forge.commit(sha) if forge else None,
                occurred_at=timestamps.from_seconds(int(seconds)) if seconds.isdigit() else None,
                references=mentions(f"{sha}\n{note}", forge).references,
            )
