"""Speed of indexing a long real history: ``taskset -c 0 python -m tests.quality.history CHANGELOG``.

GNU projects ship their git history as a ``ChangeLog``: authors, dates, messages and the files touched. It is turned
back into a git repository, whose files hold next to nothing. Emacs has the longest, 22,800 commits in `ChangeLog.3`::

    apt-get source emacs     # or any archive of its source
    taskset -c 0 python -m tests.quality.history emacs-28.2+1/ChangeLog.3

The index is made by words alone, which is what a search has to wait for; the files are in the page cache by then. A
figure means something on a quiet machine only; ``taskset`` keeps git and the index on one core.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from lightfast import Lightfast
from lightfast.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

NEW = 100  # commits that come later
TARGET = 10.0  # seconds for 20,000 commits

_HEADER = re.compile(r"^(\d{4}-\d\d-\d\d) +(.+?) +<(.*?)>.*$", re.MULTILINE)
_FILES = re.compile(r"^\* ([^(:\n]+)", re.MULTILINE)
_PATH = re.compile(r"(?!\.)[\w.+@-]+(?:/(?!\.)[\w.+@-]+)*")


# --- a change log becomes a repository ------------------------------------------------------


@attrs.frozen
class Change:
    date: str
    name: str
    email: str
    message: str
    files: list[str]


def changes(text: str) -> list[Change]:
    """Yield the entries of a ``ChangeLog``, oldest first."""
    headers = list(_HEADER.finditer(text))
    ends = [header.start() for header in headers[1:]] + [len(text)]
    told = []
    for header, end in zip(headers, ends, strict=True):
        lines = text[header.end() : end].splitlines()
        # What is not indented is no message: further authors, the licence at the end.
        message = "\n".join(x[1:] for x in lines if not x or x.startswith("\t")).strip()
        told.append(Change(header[1], header[2], header[3], message, _files(message)))
    return told[::-1]


def _files(message: str) -> list[str]:
    named = (path.strip() for group in _FILES.findall(message) for path in group.split(","))
    return list(dict.fromkeys(path for path in named if _PATH.fullmatch(path)))


def import_changes(repository: Path, told: list[Change], first: int = 0) -> None:
    """Commit them on top of what is there; each file holds the number of the commit that touched it last."""
    onto = "reset refs/heads/main\nfrom refs/heads/main^0\n\n" if first else ""
    commits = (_commit(number, change) for number, change in enumerate(told, first))
    git(repository, "fast-import", "--quiet", stream=(onto + "".join(commits)).encode())
    git(repository, "repack", "-adq")


def _commit(number: int, change: Change) -> str:
    # Only days are told; seconds keep the order.
    day = datetime.fromisoformat(change.date).replace(tzinfo=UTC)
    who = f"{change.name} <{change.email}> {int(day.timestamp()) + number % 86_400} +0000"
    head = f"commit refs/heads/main\nauthor {who}\ncommitter {who}\n{_data(change.message)}"
    return head + "".join(f"M 100644 inline {f}\n{_data(str(number))}" for f in change.files)


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def git(repository: Path, *arguments: str, stream: bytes = b"") -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, input=stream, capture_output=True, check=True).stdout.decode()


# --- figures --------------------------------------------------------------------------------


@contextmanager
def timed(what: str, target: float | None = None) -> Iterator[None]:
    before = time.perf_counter()
    yield
    seconds = time.perf_counter() - before
    print(f"{what:48}{seconds:8.3f} s" + (f"  (target {target:g})" if target else ""), flush=True)


def measure(repository: Path, told: list[Change], database: Path) -> None:
    """Index all but the latest changes, search, and index the latest."""
    with timed("git alone, the same log"):
        git(repository, "log", "--format=%H %P %ct %aN %aE %B", "--name-only", "--no-renames")
    with timed(f"indexed {len(told) - NEW:,} commits", TARGET):
        emulator = Emulator([repository], database=database, embedder=None)
        emulator.refresh()
    assert emulator.documents == len(told) - NEW
    with (
        emulator,
        Lightfast(emulator.create_api_key(), base_url=emulator.base_url) as client,
    ):
        for what, change in (("the first commit", told[0]), ("the last one", told[-NEW - 1])):
            with timed(f"found {what}"):
                find(client, change)
        with timed("refreshed, nothing new"):
            assert emulator.refresh() == 0
        import_changes(repository, told[-NEW:], len(told) - NEW)
        with timed(f"refreshed, {NEW} new commits"):
            assert emulator.refresh() == NEW
        with timed("found the newest"):
            find(client, told[-1])


def find(client: Lightfast, change: Change) -> None:
    subject = change.message.partition("\n")[0]
    assert subject in [result.title for result in client.search(change.message[:200])]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.quality.history")
    parser.add_argument("changelog", type=Path, help="a ChangeLog that was made from git")
    told = changes(parser.parse_args().changelog.read_text("utf-8", "replace"))
    with tempfile.TemporaryDirectory() as place:
        repository = Path(place, "repository")
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", repository], check=True)
        import_changes(repository, told[:-NEW])
        cores, (load, *_) = len(os.sched_getaffinity(0)), os.getloadavg()
        print(f"load {load:.1f}, {cores} core(s), {len(told):,} commits, {changed(told):,} files")
        measure(repository, told, Path(place, "index.sqlite3"))


def changed(told: list[Change]) -> int:
    return len({path for change in told for path in change.files})


if __name__ == "__main__":
    main()
