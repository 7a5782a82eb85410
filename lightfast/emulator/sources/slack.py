"""Conversations in the folder that a Slack workspace exports.

https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from lightfast.emulator.sources.documents import MAX_BODY, MAX_NAME, Document, mentions, person
from lightfast.emulator.sources.files import UNREADABLE
from lightfast.emulator.sources.names import printable
from lightfast.emulator.sources.records import read_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightfast.emulator.sources.left_out import Tally

__all__ = ["conversations", "is_export"]

MAX_DAY_BYTES = 1 << 24  # of one channel's day
TOO_LARGE = f"larger than {MAX_DAY_BYTES >> 20} MiB"
MAX_TITLE = 100

_MENTION = re.compile(r"<@([A-Z0-9]{1,30})(?:\|[^<>]*)?>")
_LINK = re.compile(r"<((?:https?|mailto):[^<>|\s]*)(?:\|([^<>]*))?>")
_CHANNEL = re.compile(r"<#[A-Z0-9]{1,30}\|([^<>]*)>")


def is_export(directory: Path) -> bool:
    """Tell whether a directory is an export."""
    return all((directory / name).is_file() for name in ("channels.json", "users.json"))


def conversations(directory: Path, tally: Tally) -> list[Document]:
    """Return an export's conversations: each thread, and what else a channel said on a day.

    Args:
        directory: The export.
        tally: Counts the files that cannot be read; the rest is read without them.
    """
    export = _Export(directory, tally)
    people = {
        str(user.get("id")): str(user.get("real_name") or user.get("name") or "")[:MAX_NAME]
        for user in export.items(directory / "users.json")
    }
    found: dict[str, list[dict[str, Any]]] = {}
    for name in export.channels():
        for day in export.days(name):
            for message in export.items(day):
                if isinstance(message.get("text"), str) and message["text"].strip():
                    thread = message.get("thread_ts")
                    found.setdefault(f"{name}/{thread or day.stem}", []).append(message)
    return [_document(key, messages, people) for key, messages in found.items()]


@attrs.frozen
class _Export:
    """Files of an export, of which any may be damaged.

    Args:
        directory: Where it is.
        tally: Counts what is passed over.
    """

    directory: Path
    tally: Tally

    def channels(self) -> list[str]:
        """Return the channels' names, sorted: those that have a folder."""
        # Names of channels are an exporter's: only what lies in the directory itself is looked into.
        folders = {
            each.name
            for each in self.directory.iterdir()
            if each.is_dir() and not each.is_symlink()
        }
        named = {str(each.get("name")) for each in self.items(self.directory / "channels.json")}
        return sorted(folders & named if named else folders)

    def days(self, channel: str) -> list[Path]:
        """Return the files of a channel, each of which is a day's."""
        folder = self.directory / channel
        try:
            files = [path for path in folder.iterdir() if path.suffix == ".json"]
        except OSError:
            return self._leave_out(UNREADABLE, folder)
        return sorted(path for path in files if path.is_file() and not path.is_symlink())

    def items(self, path: Path) -> list[dict[str, Any]]:
        """Return the objects in a file; none of one that cannot be read, which is counted."""
        try:
            if path.stat().st_size > MAX_DAY_BYTES:
                return self._leave_out(TOO_LARGE, path)
            items = orjson.loads(path.read_bytes())
        except OSError:
            return self._leave_out(UNREADABLE, path)
        except ValueError:
            return self._leave_out("not JSON", path)
        return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []

    def _leave_out(self, reason: str, path: Path) -> list[Any]:
        self.tally.add(reason, printable(path.relative_to(self.directory)))
        return []


def _document(key: str, messages: list[dict[str, Any]], people: dict[str, str]) -> Document:
    channel, _, rest = key.partition("/")
    names = [people.get(str(m.get("user")), "") or str(m.get("username") or "") for m in messages]
    texts = list(_texts(messages, people))
    is_thread = "." in rest
    first = texts[0].partition("\n")[0][:MAX_TITLE]
    named = mentions("\n".join(texts), None)
    who = list(dict.fromkeys(filter(None, names)))
    return Document(
        id=f"slack_{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}",
        title=f"#{channel}: {first}" if is_thread else f"#{channel}, {rest}",
        body="\n\n".join(f"{name}: {text}" if name else text for name, text in zip(names, texts, strict=False)),
        source="slack",
        type="conversation",
        occurred_at=read_timestamp(_time(messages[0])),
        actors=tuple(name.lower() for name in who),
        entities=(*(person(name) for name in who), {"key": f"#{channel}", "category": "channel"}, *named.entities),
        references=named.references,
        facts={"totalEvents": len(messages)},
    )  # fmt: skip


def _texts(messages: list[dict[str, Any]], people: dict[str, str]) -> Iterator[str]:
    """Yield what messages say, until it fills a document: a mention is much shorter than a name."""
    size = 0
    for message in messages:
        if size < MAX_BODY:
            text = _plain(message["text"][:MAX_BODY], people)
            size += len(text)
            yield text


def _time(message: dict[str, Any]) -> float | None:
    try:
        return float(str(message.get("ts")))
    except ValueError:
        return None


def _plain(text: str, people: dict[str, str]) -> str:
    text = _MENTION.sub(lambda match: f"@{people.get(match[1], match[1])}", text)
    text = _CHANNEL.sub(r"#\1", text)
    text = _LINK.sub(lambda match: match[2] or match[1], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
