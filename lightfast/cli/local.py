"""The emulator that answers for one command, and where its index is kept.

The index lies in the user's cache directory in a file named after what is indexed. The key that opens it lies
beside it, for its owner only: whoever can read the key can read the index as well, and a key for every run would
pile up in the database.
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
from typing import Any

from platformdirs import user_cache_path

from lightfast.cli.embedding import embedder
from lightfast.cli.output import note, note_left_out
from lightfast.cli.progress import Indexing
from lightfast.emulator import Emulator, EmulatorError

# Seconds: a small repository is embedded after a few searches, and no search waits for a large one's.
EMBEDDING_TIME = 0.5

__all__ = ["cached_database", "kept_key", "local_emulator", "open_emulator"]


@contextmanager
def local_emulator(path: Path) -> Iterator[tuple[str, str]]:
    """The base URL and the key of an emulator over a path, as long as the block lasts.

    Raises:
        EmulatorError: The path cannot be indexed.
    """
    database = cached_database([path])
    with contextlib.ExitStack() as stack:
        with Indexing() as indexing:
            options = {"on_progress": indexing, "embedder": embedder(), "embed_behind": False}
            emulator, kept = _with_cache([path], database, **options)
            known = emulator.left_out
            stack.enter_context(emulator)
            with contextlib.suppress(EmulatorError):  # without a model that works, by words alone
                emulator.embed(within=EMBEDDING_TIME)
        if not emulator.documents:
            note(f"There is nothing to search in {path}: no commit, no document, no source code.")
        if emulator.left_out != known:
            note_left_out(emulator.left_out)
        key = kept_key(emulator, database) if kept else emulator.create_api_key("local")
        yield emulator.base_url, key


def open_emulator(paths: Sequence[Path], database: Path, **options: Any) -> Emulator:
    """Open an emulator on a database, whose directory is created if it is missing, for its owner only."""
    with contextlib.suppress(OSError):  # the emulator says it better
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Emulator(paths, database=database, **options)


def cached_database(paths: Sequence[Path]) -> Path:
    """The file that keeps the index of these paths between commands."""
    places = sorted({os.fspath(path.expanduser().resolve()) for path in paths})
    name = re.sub(r"[^a-z0-9]+", "-", Path(places[0]).name.lower()).strip("-")[:40] or "root"
    digest = hashlib.sha256("\0".join(places).encode("utf-8", "surrogateescape")).hexdigest()
    return user_cache_path("lightfast", appauthor=False) / f"{name}-{digest[:16]}.sqlite3"


def kept_key(emulator: Emulator, database: Path) -> str:
    """The key that lies beside a database; a new one when it is gone or opens it no longer."""
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
    return known.active and not expired and known.masked == f"{key[:6]}...{key[-4:]}"


def _with_cache(paths: Sequence[Path], database: Path, **options: Any) -> tuple[Emulator, bool]:
    """The emulator, and whether its index will be there the next time."""
    try:
        return open_emulator(paths, database, rebuild=True, **options), True
    except EmulatorError as error:
        # Whatever is wrong with the paths is raised again here; what is left is the cache.
        emulator = Emulator(paths, **options)
        note(f"Using a temporary index: {error}")
        return emulator, False
