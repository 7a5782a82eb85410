"""Contents of a file as documents: its sections, or what its code defines."""

from __future__ import annotations

import codecs
import hashlib
from typing import TYPE_CHECKING

import attrs
import orjson

from lightfast.emulator import timestamps
from lightfast.emulator.sources.code import Symbol, is_generated, symbols
from lightfast.emulator.sources.documents import Document, mentions
from lightfast.emulator.sources.markup import inline_markdown, inline_restructured
from lightfast.emulator.sources.releases import release_time
from lightfast.emulator.sources.roff import is_roff
from lightfast.emulator.sources.sections import Section, sections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lightfast.emulator.sources.files import TextFile
    from lightfast.emulator.sources.forge import Forge

__all__ = ["Place", "decoded", "file_documents"]

BETWEEN_HEADINGS = " › "  # noqa: RUF001 - a breadcrumb, not a greater-than sign
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
UNDOCUMENTED = 0.1  # off the score of a symbol that nothing is said about
_INDEXES = frozenset({"readme", "index", "_index", "__init__"})


@attrs.frozen(kw_only=True)
class Place:
    """Place of a corpus's files: in its repository, and on its forge.

    Args:
        identity: Tells the corpus from others; part of the ids.
        prefix: Where the corpus's root lies in its repository, with a slash at the end.
        forge: Where the repository is hosted; None for nowhere that is known.
        source: Where code comes from, such as ``github``.
    """

    identity: str
    prefix: str = ""
    forge: Forge | None = None
    source: str = "git"


def decoded(data: bytes) -> str:
    """Return text: as its byte order mark says, else as UTF-8, with replacement characters for other bytes."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return data.decode("utf-8", "replace")


def file_documents(file: TextFile, text: str, place: Place, seconds: float) -> list[Document]:
    """Return what stands in a file.

    Args:
        file: The file.
        text: Its text.
        place: Where its corpus is.
        seconds: When it was last committed or written, in Unix seconds.
    """
    at = timestamps.from_seconds(seconds)
    if file.kind.family == "code":
        return list(_code(file, text, place, at))
    return list(_pages(file, text, place, at))


def _id(kind: str, file: TextFile, place: Place, name: str) -> str:
    key = f"{place.identity}\n{file.name}\n{name}"
    return f"{kind}_{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}"


def _pages(file: TextFile, text: str, place: Place, at: int | None) -> Iterator[Document]:
    path = place.prefix + file.name
    form = file.kind.form
    if form == "notebook":
        form, text = "markdown", _notebook(text)
    if form == "text" and is_roff(text):
        form = "manual"  # `history.3` is named as a history is
    found = sections(text, form, _stem(path))
    for name, section in _numbered(found):
        named = mentions(section.body, place.forge)
        yield Document(
            id=_id("doc", file, place, name),
            part=file.name,
            title=BETWEEN_HEADINGS.join(section.path) or path,
            body=section.body,
            source="docs",
            type="document",
            family=file.kind.family,
            path=path,
            line=section.line if file.kind.form != "notebook" else 0,
            penalty=file.kind.penalty,
            url=_page_url(place.forge, path, form, section) if place.forge else None,
            occurred_at=_occurred(file, section, at),
            entities=({"key": path, "category": "file"}, *named.entities),
            references=named.references,
        )


def _page_url(forge: Forge, path: str, form: str, section: Section) -> str:
    # Forges show manual pages as they stand, without anchors.
    if form == "manual":
        return forge.line(path, section.line)
    return forge.file(path, section.anchor)


def _occurred(file: TextFile, section: Section, at: int | None) -> int | None:
    # What a changelog tells of 2015 did not happen when its file was last written.
    release = release_time(section.path, section.body) if file.kind.family == "changelog" else None
    return timestamps.from_seconds(release) if release is not None else at


def _stem(path: str) -> str:
    directory, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return directory.rpartition("/")[2] if stem.lower() in _INDEXES else stem


def _numbered(found: Iterable[Section]) -> Iterator[tuple[str, Section]]:
    # By heading, not by position: a section keeps its id when another is put before it.
    seen: dict[tuple[str, ...], int] = {}
    for section in found:
        seen[section.path] = count = seen.get(section.path, 0) + 1
        yield "\n".join((*section.path, str(count))), section


def _notebook(text: str) -> str:
    """Return the Markdown of a notebook's cells."""
    # https://nbformat.readthedocs.io/en/latest/format_description.html
    try:
        cells = orjson.loads(text)["cells"]
        texts = [cell["source"] for cell in cells if cell["cell_type"] == "markdown"]
        return "\n\n".join(text if isinstance(text, str) else "".join(text) for text in texts)
    except (ValueError, TypeError, KeyError):
        return ""


def _code(file: TextFile, text: str, place: Place, at: int | None) -> Iterator[Document]:
    if is_generated(text):
        return
    path = place.prefix + file.name
    inline = inline_restructured if file.kind.form == "python" else inline_markdown
    seen: dict[str, int] = {}
    for symbol in symbols(text, file.kind.form):
        if not (symbol.name or symbol.doc or symbol.members):
            continue  # a file that defines nothing
        seen[symbol.name] = count = seen.get(symbol.name, 0) + 1
        yield Document(
            id=_id("code", file, place, f"{symbol.name}\n{count}"),
            part=file.name,
            title=f"{symbol.name} in {path}" if symbol.name else path,
            body=_symbol_text(symbol, inline),
            source=place.source,
            type="code",
            family="code",
            path=path,
            line=symbol.line,
            names=symbol.names,
            penalty=file.kind.penalty + (0.0 if symbol.doc or symbol.notes else UNDOCUMENTED),
            url=place.forge.line(path, symbol.line) if place.forge else None,
            occurred_at=at,
            entities=({"key": path, "category": "file"},),
        )


def _symbol_text(symbol: Symbol, inline: Callable[[str], str]) -> str:
    members = ", ".join(symbol.members)
    said = (symbol.signature, inline(symbol.doc), symbol.notes, members)
    return "\n\n".join(filter(None, said))
