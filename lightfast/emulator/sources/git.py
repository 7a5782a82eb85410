"""Git on repositories of others, reading only: nothing is fetched, and no hook or configured program is run."""

from __future__ import annotations

import codecs
import contextlib
import subprocess
from itertools import islice
from typing import TYPE_CHECKING

from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.sources.git_process import CHUNK, TIME_LIMIT, GitProcess
from lightfast.emulator.sources.git_safety import find_git, safe_options, trusted_directories
from lightfast.emulator.sources.names import printable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

__all__ = ["Git"]

_Record = tuple[list[str], list[str]]
MAX_ANSWER = 1 << 24  # bytes of an answer that is read whole
MAX_PATHS = 100_000  # files of one commit
MAX_PIECE = 1 << 18  # characters of a field or a path; the rest is passed over

_PLACE = ("rev-parse", "--is-inside-work-tree", "--show-prefix")

# What a user's configuration could change about `git log`.
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-notes", "--diff-merges=off")


class Git:
    """Repository that a directory lies in.

    Args:
        directory: The repository's top or a directory below it; what is asked is limited to it.
        program: The absolute path of git.
        trusted: Directories that the user's own configuration declares safe.

    Attributes:
        is_in_work_tree: Whether the directory lies in a working tree; not in a bare repository.
        prefix: Where the directory lies in the repository, with a slash at the end; nothing at the top.
    """

    def __init__(self, directory: Path, program: str, trusted: tuple[str, ...] = ()) -> None:
        self.directory = directory
        self.is_in_work_tree = False
        self.prefix = ""
        self._command = [program, "--no-pager", *safe_options(trusted), "-C", str(directory)]

    @classmethod
    def at(cls, directory: Path) -> Git | None:
        """Return the repository there; None when the directory is in none.

        Raises:
            EmulatorError: There is one, but git is missing or refuses to read it.
        """
        program = find_git()
        if program is None:
            if any((place / ".git").exists() for place in (directory, *directory.parents)):
                raise EmulatorError(
                    f"{directory} is a git repository, but there is no `git` to read it with; install git."
                )
            return None
        git = cls(directory, program)
        code, answer, complaint = git._run(*_PLACE)
        if code and "safe.directory" in complaint:
            git = cls(directory, program, trusted_directories(program, TIME_LIMIT))
            code, answer, complaint = git._run(*_PLACE)
        if code == 0:
            inside, _, prefix = answer.partition("\n")
            git.is_in_work_tree, git.prefix = inside == "true", printable(prefix.rstrip("\n"))
            return git
        if "not a git repository" in complaint:
            return None
        raise EmulatorError(f"git cannot read {directory}: {complaint}")

    def ask(self, *arguments: str) -> str:
        """Return what git answers.

        Raises:
            EmulatorError: It failed.
        """
        code, answer, complaint = self._run(*arguments)
        if code:
            raise self._failure(arguments, complaint)
        return answer

    def try_ask(self, *arguments: str) -> str | None:
        """Return what git answers; None when it fails."""
        code, answer, _ = self._run(*arguments)
        return None if code else answer

    def beginning(self, size: int, *arguments: str) -> bytes:
        """Return the first bytes of what git answers; none when it fails.

        Args:
            size: The largest number of bytes to read.
            arguments: The command and its arguments.
        """
        with self._running(arguments) as running:
            return running.read_whole(size)

    def stream(self, *arguments: str, errors: str = "replace") -> Generator[str, None, None]:
        """Yield what git answers, cut at NULs, while it is still answering.

        Args:
            arguments: The command and its arguments.
            errors: What to do with bytes that are not UTF-8; ``surrogateescape`` for names of files.

        Raises:
            EmulatorError: It failed, at the start or on the way.
        """
        with self._running(arguments) as running:
            yield from _split(running, errors)
            code, complaint = running.end()
            if code:
                raise self._failure(arguments, complaint)

    def log(
        self, fields: str, *arguments: str, names: bool = True
    ) -> Generator[_Record, None, None]:
        """Yield commits, newest first: the fields asked for, and the files that each one touched.

        Args:
            fields: Git's placeholders, separated by spaces: ``%H %B``.
            arguments: Further arguments: revisions, paths.
            names: Whether to tell the files.
        """
        count = len(fields.split())
        # No field holds a NUL, no path is empty: so an empty piece ends a list of paths, whatever git was told.
        form = "".join(f"%x00{field}" for field in fields.split()) + "%x00"
        options = ["-z", "--no-color", "--encoding=UTF-8"]
        options += ["--no-renames", "--name-only"] if names else ["--no-patch"]
        pieces = self.stream("log", f"--format=format:{form}", *options, *_PLAIN, *arguments)
        return _records(pieces, count)

    def blobs(self) -> Blobs:
        """Return a reader of what files contained when they were committed."""
        return Blobs(self._command, self.directory)

    def is_partial(self) -> bool:
        """Tell whether the clone left something behind where it came from."""
        return self.try_ask("config", "--get-regexp", r"^remote\..*\.promisor$|^extensions\.partialclone$") is not None  # fmt: skip

    def is_treeless(self) -> bool:
        """Tell whether the clone has commits without the directories that they are of."""
        # https://git-scm.com/docs/partial-clone
        filters = self.try_ask("config", "--get-regexp", r"^remote\..*\.partialclonefilter$")
        return "tree:" in (filters or "")

    @contextlib.contextmanager
    def _running(self, arguments: tuple[str, ...]) -> Iterator[GitProcess]:
        running = GitProcess([*self._command, *arguments])
        try:
            yield running
        finally:
            running.stop()

    def _run(self, *arguments: str) -> tuple[int, str, str]:
        with self._running(arguments) as running:
            answer = running.read_whole(MAX_ANSWER)
            code, complaint = running.end()
        return code, answer.decode("utf-8", "surrogateescape"), complaint

    def _failure(self, arguments: tuple[str, ...], complaint: str) -> EmulatorError:
        return EmulatorError(f"`git {arguments[0]}` failed in {self.directory}: {complaint}")


class Blobs:
    """Reader of blobs, which are files as they were committed, one after the other.

    Args:
        command: How git is called.
        directory: Where.
    """

    def __init__(self, command: list[str], directory: Path) -> None:
        self._command = [*command, "cat-file", "--batch"]
        self._directory = directory
        self._running: GitProcess | None = None

    def read(self, blob: str) -> bytes:
        """Return a blob.

        Args:
            blob: Its hash.

        Raises:
            OSError: It is not there, as in a clone without blobs.
        """
        # https://git-scm.com/docs/git-cat-file#_batch_output
        if self._running is None:
            self._running = GitProcess(self._command, stdin=subprocess.PIPE)
        to = self._running.process.stdin
        assert to is not None  # noqa: S101 - it is a pipe
        to.write(f"{blob}\n".encode())
        to.flush()
        with self._running.waiting() as out:
            name, _, rest = out.readline(CHUNK).decode("ascii", "replace").partition(" ")
            kind, _, size = rest.strip().partition(" ")
            if name != blob or kind != "blob" or not size.isdigit():
                self.close()
                raise FileNotFoundError(f"{blob} is not in {self._directory}")
            content = out.read(int(size))
            out.read(1)  # the line feed behind it
        return content

    def close(self) -> None:
        """Stop reading; the next `read` starts anew."""
        running, self._running = self._running, None
        if running:
            running.stop()


def _split(running: GitProcess, errors: str) -> Iterator[str]:
    # Old histories hold bytes in every encoding; a replacement character is better than no commit.
    decoder = codecs.getincrementaldecoder("utf-8")(errors)
    parts: list[str] = []
    size = 0
    while chunk := running.read():
        for number, part in enumerate(decoder.decode(chunk).split("\0")):
            if number:
                yield "".join(parts)
                parts, size = [], 0
            if size < MAX_PIECE:
                parts.append(part)
                size += len(part)
    if (rest := decoder.decode(b"", final=True)) or size:
        yield "".join([*parts, rest])


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
                    if len(files) < MAX_PATHS:
                        files.append(piece)
                    piece = next(pieces, None)
            yield fields, files
