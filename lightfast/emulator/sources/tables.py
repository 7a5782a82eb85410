"""Issues in the CSV that Linear and Jira export."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.sources.contents import decoded
from lightfast.emulator.sources.records import record_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightfast.emulator.sources.documents import Document

__all__ = ["SUFFIXES", "read_table"]

SUFFIXES = (".csv",)
MAX_COMMENTS = 100


def read_table(path: Path) -> list[Document]:
    """Return a file's issues, each once: of two rows with one key, the later.

    Raises:
        EmulatorError: The file is not a tracker's CSV.
    """
    found: dict[str, Document] = {}
    try:
        for number, row in enumerate(_rows(decoded(path.read_bytes())), 2):
            document = record_document(row)
            if document is None:
                raise EmulatorError(
                    f"{path}, row {number}: not an issue; the columns of Linear's export (ID, Title, Description) or"
                    " Jira's (Issue key, Summary, Description) are read"
                )
            found[document.id] = document
    except csv.Error as error:
        raise EmulatorError(f"{path} is not CSV: {error}") from None
    return list(found.values())


def _rows(text: str) -> Iterator[dict[str, object]]:
    """Yield rows by the names of their columns; Jira has a column for each label and comment."""
    reader = csv.reader(io.StringIO(text, newline=""))
    names = [name.strip().lower() for name in next(reader, [])]
    for row in reader:
        values: dict[str, list[str]] = {}
        for name, value in zip(names, row, strict=False):
            if value:
                values.setdefault(name, []).append(value)
        if not values:
            continue
        record: dict[str, object] = {name: each[0] for name, each in values.items()}
        record["labels"] = [label for each in values.get("labels", ()) for label in each.split(",")]
        texts = [*values.get("description", ()), *values.get("comment", ())[:MAX_COMMENTS]]
        record["text"] = "\n\n".join(texts)
        if "team" in values or "title" in values:
            record["identifier"] = record.get("id", "")
        yield record
