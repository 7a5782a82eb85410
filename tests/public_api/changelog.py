"""The changelog as data: versions, groups and entries, and what is wrong with their form."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import attrs
from packaging.version import InvalidVersion, Version

GROUPS = ("Breaking", "Deprecated", "Added", "Changed", "Fixed", "Security")
UNRELEASED = "Unreleased"
_VERSION = re.compile(r"(?P<version>\S+) - (?P<date>\d{4}-\d\d-\d\d)")
# What a Breaking entry must hold: an instruction to the reader.
_TO_DO = re.compile(
    r"\b(use|write|call|pass|import|replace|rename|remove|set|catch|read|give|instead|must)\b",
    re.IGNORECASE,
)


@attrs.frozen
class Entry:
    """One change.

    Args:
        version: The release that brought it, or "Unreleased".
        group: One of `GROUPS`.
        text: Its words, on one line.
    """

    version: str
    group: str
    text: str


def entries(changelog: str) -> list[Entry]:
    """Return every entry, newest version first."""
    found: list[Entry] = []
    version = group = ""
    for line in changelog.splitlines():
        if line.startswith("## "):
            version, group = line[3:].partition(" - ")[0], ""
        elif line.startswith("### "):
            group = line[4:]
        elif line.startswith("- "):
            found.append(Entry(version, group, line[2:]))
        elif line.startswith("  ") and found:
            found[-1] = attrs.evolve(found[-1], text=f"{found[-1].text} {line.strip()}")
    return found


def versions(changelog: str) -> list[str]:
    """Return what stands after each ``##``, newest first."""
    return re.findall(r"^## (.*)$", changelog, re.MULTILINE)


def problems(changelog: str, package_version: str) -> Iterator[str]:
    """Yield what is wrong with the changelog's form, for a package of some version."""
    yield from _wrong_versions(versions(changelog), Version(package_version))
    groups: dict[str, list[str]] = {}
    for version, body in _sections(changelog):
        groups[version] = re.findall(r"^### (.*)$", body, re.MULTILINE)
    for version, named in groups.items():
        if named != [group for group in GROUPS if group in named]:
            yield f"{version}: groups are {', '.join(named)}; each stands once, in the order {', '.join(GROUPS)}"
    seen = set()
    for entry in entries(changelog):
        start = f"{entry.version}: {entry.text[:60]!r}"
        if entry.group not in GROUPS:
            yield f"{start} stands in no group"
        if not entry.text.endswith("."):
            yield f"{start} does not end with a full stop"
        if entry.text in seen:
            yield f"{start} stands twice"
        seen.add(entry.text)
        if entry.group == "Breaking" and "`" not in entry.text:
            yield f"{start} is breaking and names no symbol"
        if entry.group == "Breaking" and not _TO_DO.search(entry.text):
            yield f"{start} is breaking and does not say what to do"


def _sections(changelog: str) -> Iterator[tuple[str, str]]:
    for section in re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        yield title, body


def _wrong_versions(titles: list[str], current: Version) -> Iterator[str]:
    if titles[:1] != [UNRELEASED]:
        yield f"the first section is not {UNRELEASED}"
    released = []
    for title in titles[1:]:
        match = _VERSION.fullmatch(title)
        try:
            dt.date.fromisoformat(match["date"] if match else "")
            released.append(Version(match["version"] if match else ""))
        except (InvalidVersion, ValueError):
            yield f"{title!r} is not 'VERSION - YYYY-MM-DD'"
    if released != sorted(released, reverse=True):
        yield "versions are not in order, newest first"
    if current.is_devrelease and released and not current > released[0]:
        yield f"{current} is not later than the last release, {released[0]}"
    if not current.is_devrelease and released[:1] != [current]:
        yield f"{current} is not the newest version listed"
