"""Observations from a JSON-lines file: one JSON object on each line, named as on the wire.

=====================  ======================================================================
``title``              text; the only field that must be there
``text``               text (or ``body``)
``id``                 text, unique in the organization; made from the line when it is missing
``source``             text, such as ``linear``; ``import`` when missing
``type``               text, such as ``issue``; ``observation`` when missing
``url``                an ``http`` or ``https`` address
``occurredAt``         ISO 8601 with a time zone
``actor``              text; who did it, added to the people among the entities
``entities``           ``[{"key": …, "category": …}]``
``references``         ``[{"type": …, "id": …, "url"?: …, "label"?: …}]``
``latestAction``       text, returned as it is; so are the next two
``totalEvents``        a number
``significanceScore``  a number
=====================  ======================================================================

Trackers' own names for these are known, too, such as ``description``, ``html_url`` and ``createdAt``. Other fields are
passed over. A null counts as missing, an empty line as none; of two lines with the same id
the later one counts.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from lightfast.emulator import timestamps
from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.sources.documents import Document, person
from lightfast.emulator.sources.records import (
    ACTOR,
    PAGE,
    TEXT,
    TIME,
    TITLE,
    first_of,
    read_timestamp,
    record_document,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SUFFIXES", "observation", "observations"]

SUFFIXES = (".jsonl", ".ndjson")

_FACTS: dict[str, type | tuple[type, ...]] = {
    "latestAction": str,
    "totalEvents": (int, float),
    "significanceScore": (int, float),
}
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


def observations(path: Path) -> list[Document]:
    """Return what a file's lines tell, in order.

    Raises:
        EmulatorError: A line is not an observation; the message says which and why.
    """
    found: dict[str, Document] = {}
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line := line.removeprefix(b"\xef\xbb\xbf").strip():
                try:
                    document = observation(line)
                except ValueError as error:
                    raise EmulatorError(f"{path}, line {number}: {error}") from None
                found[document.id] = document
    return list(found.values())


def observation(line: bytes) -> Document:
    """Return what one line tells.

    Raises:
        ValueError: It is not an observation; the message says why.
    """
    data = orjson.loads(line)
    if not isinstance(data, dict):
        raise ValueError("an observation is a JSON object")
    data = _translated({name: value for name, value in data.items() if value is not None})
    kind = _text(data, "type", "observation")
    entities = _entities(data)
    return Document(
        id=_text(data, "id", "") or f"obs_{hashlib.blake2b(line, digest_size=12).hexdigest()}",
        title=_title(data),
        body=_text(data, "text", "") or _text(data, "body", ""),
        source=_text(data, "source", "import"),
        type=kind,
        url=_url(data),
        occurred_at=_occurred_at(data),
        actors=tuple(e["key"].lstrip("@").lower() for e in entities if e["category"] == "person"),
        entities=entities,
        references=_items(data, "references", ("type", "id"), ("url", "label")),
        facts=_facts(data),
    )


def _translated(data: dict[str, Any]) -> dict[str, Any]:
    """Return a line under the names of the wire: what trackers export has other names for the same."""
    native = {"text", "body", "occurredAt", "actor", "entities", "references", "source", "type"}
    if native & data.keys() and "html_url" not in data:
        return data
    page = first_of(data, PAGE)
    found = record_document(data) if isinstance(page, str) else None
    names = {"title": TITLE, "text": TEXT, "actor": ACTOR, "url": PAGE}
    named = {
        name: value for name, at in names.items() if isinstance(value := first_of(data, at), str)
    }
    at = timestamps.to_wire(read_timestamp(first_of(data, TIME)))
    known = {"source": found.source, "type": found.type} if found else {}
    return {**data, **known, **named, **({"occurredAt": at} if at else {})}


def _text(data: dict[str, Any], name: str, default: str) -> str:
    value = data.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"`{name}` must be text")
    return value


def _title(data: dict[str, Any]) -> str:
    title = _text(data, "title", "").strip()
    if not title:
        raise ValueError("`title` is missing or empty")
    return title


def _url(data: dict[str, Any]) -> str | None:
    url = _text(data, "url", "")
    # It becomes a link that people click: no other scheme.
    if url and not _ADDRESS.fullmatch(url):
        raise ValueError("`url` must start with http:// or https://")
    return url or None


def _occurred_at(data: dict[str, Any]) -> int | None:
    text = _text(data, "occurredAt", "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("`occurredAt` must be ISO 8601, such as 2026-04-03T12:00:00Z") from None
    if moment.utcoffset() is None:
        raise ValueError("`occurredAt` needs a time zone, such as the Z in 2026-04-03T12:00:00Z")
    return timestamps.from_datetime(moment)


def _entities(data: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    entities = _items(data, "entities", ("key", "category"), ())
    actor = _text(data, "actor", "")
    if actor and person(actor) not in entities:
        return (person(actor), *entities)
    return entities


def _items(
    data: dict[str, Any], name: str, required: tuple[str, ...], optional: tuple[str, ...]
) -> tuple[dict[str, Any], ...]:
    items = data.get(name, [])
    shape = f"`{name}` must be a list of objects with {' and '.join(f'`{r}`' for r in required)}"
    if not isinstance(items, list):
        raise ValueError(shape)
    for item in items:
        if not isinstance(item, dict) or not all(isinstance(item.get(r), str) for r in required):
            raise ValueError(f"{shape}, all of them text")
    wanted = required + optional
    return tuple({k: v for k, v in i.items() if k in wanted and isinstance(v, str)} for i in items)


def _facts(data: dict[str, Any]) -> dict[str, Any]:
    for name, kind in _FACTS.items():
        value = data.get(name)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise ValueError(f"`{name}` must be {'text' if kind is str else 'a number'}")
    return {name: data[name] for name in _FACTS if name in data}
