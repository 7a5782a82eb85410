"""Documents as text for a language model: one whole, or its neighbors. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lightfast.integrations.text import clip, joined, one_line, plain

if TYPE_CHECKING:
    from lightfast.emulator import DocumentContents, RelatedDocument

__all__ = ["contents_text", "related_text"]


def contents_text(document: DocumentContents, patch: str | None, max_characters: int) -> str:
    """Return a document whole, as far as the budget goes."""
    facts = [
        f"{document.path}:{document.line}" if document.path and document.line else document.path,
        document.commit or "",
        document.url or "",
        f"{document.source} {document.type}",
        _date(document.occurred_at),
        ", ".join(document.people),
    ]
    parts = [f"# {one_line(document.title)}", joined(facts), plain(document.text)]
    if document.files:
        parts.append("Files:\n" + "\n".join(f"- {one_line(name)}" for name in document.files))
    if document.references:
        parts.append(f"References: {joined(_reference(each) for each in document.references)}")
    if patch is not None:
        parts.append(f"Patch:\n{plain(patch)}")
    text = "\n\n".join(filter(None, parts))
    if len(text) <= max_characters:
        return text
    cut = f"[Cut at max_characters={max_characters} of {len(text)}.]"
    return f"{clip(text, max(max_characters - len(cut) - 2, 0))}\n\n{cut}"


def related_text(document: DocumentContents, related: Iterable[RelatedDocument]) -> str:
    """Return a document's neighbors, by relation."""
    lines = [
        f"- {each.relation}: {one_line(each.document.title)} "
        f"({joined([each.document.type, _date(each.document.occurred_at), each.document.url or '', f'id {each.document.id}'])})"
        for each in related
    ]
    head = f"{one_line(document.title)} ({document.id})"
    return "\n".join([f"{head} is related to:", *lines]) if lines else f"{head} has no relations."


def _reference(reference: dict[str, Any]) -> str:
    return f"{reference.get('label') or ''} {reference.get('id', '')}".strip()


def _date(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""
