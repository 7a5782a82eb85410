"""Output file of a batch: each row written in one piece, and found again after the process was killed."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import time
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple
from zlib import crc32

from lightfast import ConfigurationError, LightfastError, SearchResponse
from lightfast.batch.answers import COLUMNS, csv_cells, csv_line, facts_of, json_line, query_text

if TYPE_CHECKING:
    from lightfast.batch.rows import Row

__all__ = ["Done", "Output"]


class _WrittenRow(NamedTuple):
    """Row that is there: its number, its query, where it ends, and whether it failed."""

    row: int | None
    query: str
    end: int
    failed: bool = False


_FOREIGN: Final = _WrittenRow(None, "", -1)

_BEGIN: Final = '{"row": '
_SYNC_INTERVAL: Final = 1.0  # seconds
_BLOCK: Final = 256  # rows


class Done:
    """Rows that are in the output, with a digest of each one's query: two bytes a row."""

    def __init__(self) -> None:
        self._count = 0
        self._blocks: dict[int, array[int]] = {}  # a row's number comes from a file

    def __len__(self) -> int:
        return self._count

    def __contains__(self, index: int) -> bool:
        return self._digest(index) != 0

    def add(self, index: int, query: str) -> None:
        """Count a row as done."""
        self._count += index not in self
        number, position = divmod(index, _BLOCK)
        block = self._blocks.setdefault(number, array("H", [0]) * _BLOCK)
        block[position] = _digest(query)

    def differs(self, index: int, query: str) -> bool:
        """Tell whether a row was done with another query."""
        return self._digest(index) != _digest(query)

    def _digest(self, index: int) -> int:
        number, position = divmod(index, _BLOCK)
        return self._blocks[number][position] if number in self._blocks else 0


def _digest(query: str) -> int:
    return crc32(query.encode()) & 0xFFFF or 1


class Output:
    """File to which rows are appended.

    Args:
        path: The file.
        columns: The input's columns for a CSV output; None for an output of JSON lines.
        resume: Whether to keep what is there.
        retry_failed: Whether to keep what is there, but for the rows that failed.
        overwrite: Whether to delete what is there.

    Raises:
        ConfigurationError: The file exists and neither `resume` nor `overwrite` is set, another
            process writes it, or something else than a batch of this input has written it.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str] | None,
        *,
        resume: bool,
        retry_failed: bool,
        overwrite: bool,
    ) -> None:
        self._path = path
        self._columns = [*columns, *COLUMNS] if columns is not None else None
        for name in self._columns or ():
            if self._columns and self._columns.count(name) > 1:
                raise ConfigurationError(f"There would be two columns {name!r}; rename one.")
        self._start = csv_line(self._columns) if self._columns else b""
        self._synced = time.monotonic()
        self.done = Done()
        keep = resume or retry_failed
        self._descriptor = _open(path, exclusive=not (keep or overwrite))
        try:
            self._lock()
            if retry_failed:
                self._drop_failed()
            end = self._read_done() if keep else 0
            os.ftruncate(self._descriptor, end)
            os.lseek(self._descriptor, 0, os.SEEK_END)
            if not end:
                self._append(self._start)
        except OSError as error:
            self._abandon()
            raise ConfigurationError(f"Cannot write {path}: {error.strerror}.") from None
        except BaseException:
            self._abandon()
            raise

    def _abandon(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def close(self) -> None:
        """Write to the disk what the operating system still holds, and close the file."""
        with contextlib.suppress(OSError):  # a device that cannot
            os.fsync(self._descriptor)
        os.close(self._descriptor)

    def write(self, row: Row, outcome: SearchResponse | LightfastError) -> None:
        """Append what became of a row.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        if self._columns:
            self._append(csv_line(csv_cells(self._columns, row, outcome)))
        else:
            facts = json.dumps(facts_of(outcome))[1:]
            # The row goes as it came: neither its numbers nor its depth may suffer.
            self._append(json_line(f'{_BEGIN}{row.index}, "input": {row.text}, {facts}'))
        self.done.add(row.index, query_text(row.values))

    def _append(self, line: bytes) -> None:
        # One call to the operating system: what it has taken outlives this process.
        try:
            written = os.write(self._descriptor, line)
            while written < len(line):
                written += os.write(self._descriptor, line[written:])
            if time.monotonic() - self._synced > _SYNC_INTERVAL:
                os.fsync(self._descriptor)
                self._synced = time.monotonic()
        except OSError as error:
            raise ConfigurationError(f"Cannot write {self._path}: {error.strerror}.") from None

    # --- what is there already ----------------------------------------------------------------

    def _lock(self) -> None:
        try:
            import fcntl  # which Windows does not have
        except ImportError:
            return
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(f"Another process is writing {self._path}.") from None
        except OSError:  # a file system without locks
            return

    def _read_done(self) -> int:
        """Read the rows that are there, and return where the last whole one ends."""
        end = 0
        for written in self._written_rows():
            end = written.end
            if written.row is not None:
                self.done.add(written.row, written.query)
        return end

    def _drop_failed(self) -> None:
        """Replace the file by one without the rows that failed, in one step."""
        place = Path(os.path.realpath(self._path))
        copy = place.with_name(f".{place.name}.retry")
        try:
            with copy.open("wb") as kept:
                copy.chmod(place.stat().st_mode)
                self._copy_answered(place, kept)
                kept.flush()
                os.fsync(kept.fileno())
            os.close(self._descriptor)  # before: Windows replaces no file that is open
            self._descriptor = -1
            copy.replace(place)
            self._descriptor = _open(place, exclusive=False)
        finally:
            copy.unlink(missing_ok=True)
        self._lock()

    def _copy_answered(self, place: Path, kept: IO[bytes]) -> None:
        start = 0
        with place.open("rb") as file:
            for written in self._written_rows():
                piece = file.read(written.end - start)
                start = written.end
                if not written.failed:
                    kept.write(piece)

    def _written_rows(self) -> Iterator[_WrittenRow]:
        """Yield the rows that are there, as far as they are whole."""
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            file.seek(0)
            for written in self._csv_rows(file) if self._columns else _json_rows(file):
                if written.end < 0:
                    raise ConfigurationError(
                        f"{self._path} was not written by a batch of this input; "
                        "it is left as it is."
                    )
                yield written

    def _csv_rows(self, file: IO[bytes]) -> Iterator[_WrittenRow]:
        start = file.read(len(self._start))
        if len(start) < len(self._start):  # empty, or killed within the first line
            yield _WrittenRow(None, "", 0) if self._start.startswith(start) else _FOREIGN
            return
        if start != self._start:
            yield _FOREIGN
            return
        consumed = len(start)
        yield _WrittenRow(None, "", consumed)

        def lines() -> Iterator[str]:
            nonlocal consumed
            for line in file:
                if not line.endswith(b"\n"):  # killed within a line
                    return
                consumed += len(line)
                yield line.decode("utf-8", "surrogateescape")

        try:
            for cells in csv.reader(lines(), strict=True):
                values = dict(zip(self._columns or (), cells, strict=True))
                failed = bool(values["error_type"])
                yield _WrittenRow(int(values["row"]), values.get("query", ""), consumed, failed)
        except csv.Error:  # killed within a quoted cell
            return
        except ValueError:
            yield _FOREIGN


def _json_rows(file: IO[bytes]) -> Iterator[_WrittenRow]:
    end, begin = 0, _BEGIN.encode()
    for line in file:
        if not line.startswith(begin) and not (end == 0 and begin.startswith(line)):
            # After whole rows: what a lost power supply leaves at the end of a file.
            yield _WrittenRow(None, "", end) if end and not line.endswith(b"\n") else _FOREIGN
            return
        if not line.endswith(b"\n"):  # killed within a line
            return
        try:
            row = json.loads(line)
            index, query = int(row["row"]), query_text(row["input"])
        except (ValueError, TypeError, KeyError, RecursionError):
            yield _FOREIGN
            return
        end += len(line)
        yield _WrittenRow(index, query, end, "error" in row)


def _open(path: Path, *, exclusive: bool) -> int:
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | (os.O_EXCL if exclusive else 0)
    try:
        return os.open(path, flags, 0o666)
    except FileExistsError:
        raise ConfigurationError(
            f"{path} exists: resume the batch that wrote it, or overwrite it."
        ) from None
    except OSError as error:
        raise ConfigurationError(f"Cannot write {path}: {error.strerror}.") from None
