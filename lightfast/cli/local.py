"""The emulator that answers for one command, and the place of its index.

The index is kept in the user's cache directory, in a file named after what is indexed. The key
that opens it is stored beside it, for its owner only: a user who can read the key can read the
index as well, and a key for every run would pile up in the database.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightfast.cli.cache import cache_directory
from lightfast.cli.embedding import embedder
from lightfast.cli.output import note, note_left_out
from lightfast.cli.progress import Indexing, searchable
from lightfast.cli.settings import masked_key
from lightfast.emulator import Emulator, EmulatorError

if TYPE_CHECKING:
    from lightfast.emulator import Embedder, LeftOut

# Seconds: a small repository is embedded after a few searches, and no search waits for a large one's.
EMBEDDING_TIME = 0.5

__all__ = ["cached_database", "kept_key", "local_emulator", "open_emulator"]


@contextmanager
def local_emulator(
    path: Path, *, code: bool = True, serve: bool = False
) -> Iterator[tuple[Emulator, str]]:
    """Index a path, and yield an emulator that answers from it, and a key.

    Args:
        path: A repository, directory or file.
        code: Whether source code is indexed.
        serve: Whether the emulator serves; otherwise it answers `Emulator.search` only, and the
            key is empty.

    Raises:
        EmulatorError: The path cannot be indexed.
    """
    with contextlib.ExitStack() as stack:
        with Indexing() as indexing:
            emulator, database, left_out = _indexed(path, indexing, embedder(), code=code)
            stack.callback(emulator.close)
            with contextlib.suppress(EmulatorError):  # without a usable model: by words alone
                emulator.embed(within=EMBEDDING_TIME)
        if not emulator.documents:
            note(f"There is nothing to search in {path}: no commit, no document, no source code.")
        if left_out:
            note_left_out(left_out)
        key = ""
        if serve:
            stack.enter_context(emulator)
            key = kept_key(emulator, database) if database else emulator.create_api_key("local")
        yield emulator, key
        progress = emulator.embedding_progress
        if progress and progress.embedded < progress.documents:
            note(f"{searchable(progress)}; `lightfast emulator index {path}` does the rest.")


def open_emulator(paths: Sequence[Path], database: Path, **options: Any) -> Emulator:
    """Open an emulator on a database, whose directory is created if it is missing, for its owner only."""
    with contextlib.suppress(OSError):  # the emulator says it better
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Emulator(paths, database=database, **options)


def cached_database(paths: Sequence[Path], *, code: bool = True) -> Path:
    """Return the file that keeps the index of these paths between commands.

    An index without source code has a file of its own: commands with and without do not undo each other's work.

    Args:
        paths: What is indexed.
        code: Whether source code is, too.

    Raises:
        EmulatorError: There is no cache directory, or no working directory any more.
    """
    try:
        places = sorted({os.fspath(path.expanduser().resolve()) for path in paths})
    except (OSError, RuntimeError) as error:  # a deleted directory; no such user; links in a circle
        raise EmulatorError(f"Cannot find {', '.join(map(str, paths))}: {error}.") from None
    cache = cache_directory()
    name = re.sub(r"[^a-z0-9]+", "-", Path(places[0]).name.lower()).strip("-")[:40] or "root"
    digest = hashlib.sha256("\0".join(places).encode("utf-8", "surrogateescape")).hexdigest()
    return cache / f"{name}-{digest[:16]}{'' if code else '-no-code'}.sqlite3"


def kept_key(emulator: Emulator, database: Path) -> str:
    """Return the key stored beside a database; a new one if that is gone or no longer valid."""
    file = database.with_suffix(".key")
    with contextlib.suppress(OSError, UnicodeDecodeError):
        key = file.read_text("ascii").strip()
        if any(_opens(key, known) for known in emulator.accounts.list_api_keys()):
            return key
    key = emulator.create_api_key(f"command line, {file.name}"[:100])
    with contextlib.suppress(OSError):  # without the file the next run makes another key
        descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as out:
            out.write(f"{key}\n")
    return key


def _opens(key: str, known: Any) -> bool:
    expired = known.expires_at is not None and known.expires_at <= datetime.now(UTC)
    return known.active and not expired and known.masked == masked_key(key)


def _indexed(
    path: Path, indexing: Indexing, model: Embedder | None, *, code: bool
) -> tuple[Emulator, Path | None, Sequence[LeftOut]]:
    """Return an emulator that has indexed a path, its database if it is kept, and what is newly left out."""
    options: dict[str, Any] = {
        "code": code,
        "on_progress": indexing,
        "embedder": model,
        "embed_behind": False,
        "index_first": False,  # it has happened already
    }
    try:
        database = cached_database([path], code=code)
        emulator = open_emulator([path], database, rebuild=True, **options)
        return emulator, database, _refresh(emulator)
    except EmulatorError as error:
        # What is wrong with the path is raised again here; what is left is the cache.
        emulator = Emulator([path], **options)
        left_out = _refresh(emulator)
        note(f"Using a temporary index: {error}")
        return emulator, None, left_out


def _refresh(emulator: Emulator) -> Sequence[LeftOut]:
    try:
        known = emulator.left_out
        emulator.refresh()
        return emulator.left_out if emulator.left_out != known else ()
    except BaseException:
        emulator.close()
        raise
