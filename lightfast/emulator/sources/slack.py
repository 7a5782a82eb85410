"""Conversations in the folder that a Slack workspace exports.

https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import orjson

from lightfast.emulator.errors import EmulatorError
from lightfast.emulator.sources.documents import Document, mentions, person
from lightfast.emulator.sources.records import read_timestamp

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["conversations", "is_export"]

MAX_DAY_BYTES = 1 << 24  # of one channel's day
MAX_TITLE = 100

_MENTION = re.compile(r"<@([A-Z0-9]{1,30})(?:\|[^<>]*)?>")
_LINK = re.compile(r"<((?:https?|mailto):[^<>|\s]*)(?:\|([^<>]*))?>")
_CHANNEL = re.compile(r"<#[A-Z0-9]{1,30}\|([^<>]*)>")


def is_export(directory: Path) -> bool:
    """Tell whether a directory is an export."""
    return all((directory / name).is_file() for name in ("channels.json", "users.json"))


def conversations(directory: Path) -> list[Document]:
    """Return an export's conversations: each thread, and what else a channel said on a day.

    Raises:
        EmulatorError: A file is not JSON.
    """
    people = {
        str(user.get("id")): str(user.get("real_name") or user.get("name") or "")
        for user in _list(directory / "users.json")
    }
    # Names of channels are an exporter's: only what lies in the directory itself is looked into.
    folders = {each.name for each in directory.iterdir() if each.is_dir() and not each.is_symlink()}
    found: dict[str, list[dict[str, Any]]] = {}
    for channel in sorted(_list(directory / "channels.json"), key=lambda c: str(c.get("name"))):
        name = str(channel.get("name") or "")
        if name not in folders:
            continue
        for day in sorted((directory / name).glob("*.json")):
            if day.is_symlink() or not day.is_file():
                continue
            for message in _list(day):
                if isinstance(message.get("text"), str) and message["text"].strip():
                    thread = message.get("thread_ts")
                    found.setdefault(f"{name}/{thread or day.stem}", []).append(message)
    return [_document(key, messages, people) for key, messages in found.items()]


def _list(path: Path) -> list[dict[str, Any]]:
    try:
        if path.stat().st_size > MAX_DAY_BYTES:
            raise EmulatorError(f"{path} is larger than {MAX_DAY_BYTES >> 20} MiB.")
        items = orjson.loads(path.read_bytes())
    except ValueError as error:
        raise EmulatorError(f"{path} is not JSON: {error}") from None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _document(key: str, messages: list[dict[str, Any]], people: dict[str, str]) -> Document:
    channel, _, rest = key.partition("/")
    names = [people.get(str(m.get("user")), "") or str(m.get("username") or "") for m in messages]
    texts = [_plain(m["text"], people) for m in messages]
    is_thread = "." in rest
    first = texts[0].partition("\n")[0][:MAX_TITLE]
    named = mentions("\n".join(texts), None)
    who = list(dict.fromkeys(filter(None, names)))
    return Document(
        id=f"slack_{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}",
        title=f"#{channel}: {first}" if is_thread else f"#{channel}, {rest}",
        body="\n\n".join(f"{name}: {text}" if name else text for name, text in zip(names, texts, strict=True)),
        source="slack",
        type="conversation",
        occurred_at=read_timestamp(_time(messages[0])),
        actors=tuple(name.lower() for name in who),
        entities=(*(person(name) for name in who), {"key": f"#{channel}", "category": "channel"}, *named.entities),
        references=named.references,
        facts={"totalEvents": len(messages)},
    )  # fmt: skip


def _time(message: dict[str, Any]) -> float | None:
    try:
        return float(message.get("ts") or "x")
    except ValueError:
        return None


def _plain(text: str, people: dict[str, str]) -> str:
    text = _MENTION.sub(lambda match: f"@{people.get(match[1], match[1])}", text)
    text = _CHANNEL.sub(r"#\1", text)
    text = _LINK.sub(lambda match: match[2] or match[1], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
