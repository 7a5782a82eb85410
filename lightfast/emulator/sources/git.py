"""Asks git, and only git's own files: nothing is fetched, no hook or configured program is run."""

from __future__ import annotations

import codecs
import contextlib
import os
import shutil
import subprocess
import tempfile
from itertools import islice
from typing import IO, TYPE_CHECKING

from lightfast.emulator.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

__all__ = ["Git"]

_Record = tuple[list[str], list[str]]
_CHUNK = 1 << 16
_PIPE = 1 << 20  # git goes on while we think; only Linux listens
# What a user's configuration could change about `git log`.
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-notes", "--diff-merges=off")
_QUIET = {
    "LC_ALL": "C",  # messages are compared
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
}
# Set while a hook runs; they would lead to another repository than the one that was asked for.
_MISLEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")


class Git:
    """The repository that a directory lies in.

    Args:
        directory: The repository's top or a directory below it; what is asked is limited to it.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @classmethod
    def at(cls, directory: Path) -> Git | None:
        """The repository there; None when the directory is in none.

        Raises:
            EmulatorError: There is one, but git is missing or refuses to read it.
        """
        if shutil.which("git") is None:
            if any((place / ".git").exists() for place in (directory, *directory.parents)):
                raise EmulatorError(
                    f"{directory} is a git repository, but there is no `git` to read it with; install git."
                )
            return None
        git = cls(directory)
        code, _, said = git._run("rev-parse", "--git-dir")
        if code == 0:
            return git
        if "not a git repository" in said:
            return None
        raise EmulatorError(f"git cannot read {directory}: {said}")

    def ask(self, *arguments: str) -> str:
        """What git answers.

        Raises:
            EmulatorError: It failed.
        """
        code, answer, said = self._run(*arguments)
        if code:
            raise self._failure(arguments, said)
        return answer

    def try_ask(self, *arguments: str) -> str | None:
        """What git answers; None when it fails."""
        code, answer, _ = self._run(*arguments)
        return None if code else answer

    def beginning(self, size: int, *arguments: str) -> bytes:
        """Return the first bytes of what git answers; none when it fails.

        Args:
            size: The largest number of bytes to read.
            arguments: The command and its arguments.
        """
        with tempfile.TemporaryFile() as complaints, self._start(arguments, complaints) as process:
            answer = process.stdout.read(size) if process.stdout else b""
            process.kill()
        return answer

    def stream(self, *arguments: str) -> Generator[str, None, None]:
        """What git answers, cut at NULs, while it still speaks.

        Raises:
            EmulatorError: It failed, at the start or on the way.
        """
        with tempfile.TemporaryFile() as complaints, self._start(arguments, complaints) as process:
            try:
                yield from _split(process.stdout)
            except GeneratorExit:
                process.kill()
                raise
            if process.wait():
                complaints.seek(0)
                raise self._failure(arguments, complaints.read().decode("utf-8", "replace").strip())

    def log(self, fields: str, *arguments: str) -> Generator[_Record, None, None]:
        """Commits, newest first: the fields asked for, and the files that each one touched.

        Args:
            fields: Git's placeholders, separated by spaces: ``%H %B``.
            arguments: Further arguments: revisions, paths.
        """
        names = fields.split()
        # No field holds a NUL, no path is empty: so an empty piece ends a list of paths, whatever git was told.
        form = "".join(f"%x00{name}" for name in names) + "%x00"
        options = ["-z", "--no-renames", "--name-only", "--no-color", "--encoding=UTF-8"]
        pieces = self.stream("log", f"--format=format:{form}", *options, *_PLAIN, *arguments)
        return _records(pieces, len(names))

    def _start(self, arguments: tuple[str, ...], stderr: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - an argument list, and no shell
            self._command(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            pipesize=_PIPE,
            env=_environment(),
        )

    def _run(self, *arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(  # noqa: S603 - an argument list, and no shell
            self._command(arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=_environment(),
            check=False,
        )
        answer = done.stdout.decode("utf-8", "surrogateescape")
        return done.returncode, answer, done.stderr.decode("utf-8", "replace").strip()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        # A repository's own configuration may name programs to run; these are the ones we could trip over.
        safe = ["-c", "core.fsmonitor=false", "-c", "log.showSignature=false"]
        return ["git", "--no-pager", *safe, "-C", str(self.directory), *arguments]

    def _failure(self, arguments: tuple[str, ...], said: str) -> EmulatorError:
        return EmulatorError(f"`git {arguments[0]}` failed in {self.directory}: {said}")


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in _MISLEADING} | _QUIET


def _split(speech: IO[bytes] | None) -> Iterator[str]:
    # Old histories hold bytes in every encoding; a replacement character is better than no commit.
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    while speech and (chunk := speech.read(_CHUNK)):
        *whole, rest = (rest + decoder.decode(chunk)).split("\0")
        yield from whole
    if rest := rest + decoder.decode(b"", final=True):
        yield rest


def _records(pieces: Generator[str, None, None], width: int) -> Generator[_Record, None, None]:
    with contextlib.closing(pieces) as pieces:
        piece = next(pieces, None)
        while piece is not None:
            if not piece:
                piece = next(pieces, None)
                continue
            fields = [piece, *islice(pieces, width - 1)]
            files: list[str] = []
            piece = next(pieces, None)
            if piece and piece[0] == "\n":
                piece = piece[1:]
                while piece:
                    files.append(piece)
                    piece = next(pieces, None)
            yield fields, files
