"""Rows of the index: a document's passages, with what words and vectors find them by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import orjson

from lightfast.emulator.embedding.base import text_hash
from lightfast.emulator.search.languages import language_of
from lightfast.emulator.search.lexical import group_fold
from lightfast.emulator.search.passages import SIZE, SIZE_OF_ENTRIES, passages
from lightfast.emulator.search.question import FAMILIES
from lightfast.emulator.search.text import other_forms, split_identifiers

if TYPE_CHECKING:
    from lightfast.emulator.sources.documents import Document

__all__ = ["PassageRow", "rows_of"]

TITLED = frozenset({"commit", "pull_request"})  # whose titles sum up what they say


@attrs.frozen
class PassageRow:
    """One passage of a document, as it is indexed.

    Args:
        document: The document.
        position: The passage's number in it, from 0.
        of: The number of its passages.
        body: The passage.
        language: Its language, where that is not English.
    """

    document: Document
    position: int
    of: int
    body: str
    language: str | None

    def columns(self, number: int) -> tuple[object, ...]:
        """Return its columns in `document`, after its number, organization and corpus.

        Args:
            number: Its number.
        """
        d, head = self.document, number - self.position
        place = (d.part, d.id, self.position, head, self._fold(number), FAMILIES.index(d.family))
        return *place, d.source, d.type, d.occurred_at, d.weight, d.penalty

    def ranking(self, number: int) -> tuple[object, ...]:
        """Return its columns in `passage`, after its number."""
        d = self.document
        return self._fold(number) or number, FAMILIES.index(d.family), d.weight

    def _fold(self, number: int) -> int | None:
        """Return what the passages of its result have in common; None where it is the only one."""
        if self.document.group:
            return group_fold(self.document.group)
        return number - self.position if self.of > 1 else None

    def texts(self) -> tuple[str | None, ...]:
        """Return its columns in `document_text`, after its number."""
        d, text = self.document, f"{self.document.title}\n{self.body}"
        forms = other_forms(text, (self.language,) if self.language else ())
        if d.family == "code":
            # A symbol's name is its title, however it is written.
            forms = f"{forms} {split_identifiers(d.title)}".strip()
        # What is shown of the document besides, and the names in it, stand with its first passage.
        extras = (None, None) if self.position else (d.url, _details(d))
        names = "" if self.position else d.names
        identifiers = f"{split_identifiers(f'{text} {names}')} {names}".strip()
        return d.title, self.body, identifiers, forms, *extras

    def hashes(self) -> list[tuple[bool, bytes]]:
        """Return what vectors of the passage are kept under; a commit is compared by its title alone, too."""
        d = self.document
        found = [(False, text_hash(d.title, self.body))]
        if d.type in TITLED and self.position == 0 and self.body.strip():
            found.append((True, text_hash(d.title, "")))
        return found


def rows_of(document: Document) -> list[PassageRow]:
    """Return a document's passages."""
    # NUL would end the text for some of SQLite's functions: https://www.sqlite.org/nulinstr.html
    d = attrs.evolve(
        document, title=document.title.replace("\0", " "), body=document.body.replace("\0", " ")
    )
    language = language_of(f"{d.title}\n{d.body}")
    found = passages(d.body, SIZE_OF_ENTRIES if d.family == "changelog" else SIZE)
    return [PassageRow(d, n, len(found), body, language) for n, body in enumerate(found)]


def _details(d: Document) -> str:
    place = {"path": d.path, "line": d.line}
    details = {"entities": d.entities, "references": d.references, **place, **d.facts}
    return orjson.dumps({name: value for name, value in details.items() if value}).decode()
