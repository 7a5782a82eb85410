"""``lightfast changelog``: what changed since a version, breaking changes first."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import click

import lightfast
from lightfast.cli.commands import Command
from lightfast.cli.output import print_json, printable, verbosity

__all__ = ["changelog"]

_GROUPS = ("Breaking", "Deprecated", "Security", "Changed", "Added", "Fixed")
_NUMBERED = re.compile(
    r"(?P<release>\d{1,9}(\.\d{1,9}){0,9})"
    r"([-_.]?(?P<stage>alpha|a|beta|b|c|rc|preview|pre)[-_.]?(?P<number>\d{0,9}))?"
    r"(?P<dev>[-_.]?dev\d{0,9})?(\+[\w.]*)?",
    re.ASCII,
)
_Place: TypeAlias = tuple[list[int], int, int, bool]
_NEWEST: _Place = ([10**9], 0, 0, True)  # of what has no version yet
_VERSION = re.compile(r"## \[?(?P<version>[^\]\s]+)\]?(?: - (?P<date>[\d-]+))?")


@attrs.frozen(kw_only=True)
class Release:
    """One version's section of the changelog.

    Args:
        version: Its name; ``Unreleased`` for what has none yet.
        date: When it was released.
        groups: Its entries by group, such as ``Breaking``.
    """

    version: str
    date: str | None
    groups: dict[str, list[str]]


@click.command(cls=Command, examples="lightfast changelog --since 0.1.0a1")
@click.option("--since", metavar="VERSION", help="Only what came after this version.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@verbosity
def changelog(*, since: str | None, as_json: bool) -> None:
    """Print what changed, breaking changes first.

    The changelog is the one of the installed version. With --since, entries of all later versions
    are printed together: what you have to do when you upgrade.
    """
    releases = parse(_text())
    if since is not None:
        releases = _after(releases, since)
    if as_json:
        print_json(
            {
                "version": lightfast.__version__,
                "releases": [attrs.asdict(release) for release in releases],
            }
        )
        return
    for line in _lines(releases, joined=since is not None):
        click.echo(line)


def _text() -> str:
    """Return the packaged changelog; in a clone, that of the repository."""
    packaged = files("lightfast") / "CHANGELOG.md"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return Path(lightfast.__file__).parent.with_name("CHANGELOG.md").read_text(encoding="utf-8")


def parse(text: str) -> list[Release]:
    """Read a changelog in the form of https://keepachangelog.com/en/1.1.0/, newest first."""
    releases: list[Release] = []
    entries: list[str] = []
    for line in text.splitlines():
        if match := _VERSION.match(line):
            releases.append(Release(version=match["version"], date=match["date"], groups={}))
        elif line.startswith("### ") and releases:
            entries = releases[-1].groups.setdefault(line[4:].strip(), [])
        elif line.startswith("- "):
            entries.append(line[2:])
        elif line.startswith("  ") and entries:
            entries[-1] += f" {line.strip()}"
    return releases


def _after(releases: list[Release], since: str) -> list[Release]:
    """Return the releases after a version, which need not be one of them."""
    versions = [release.version for release in releases]
    wanted = since.strip().removeprefix("v")
    if wanted in versions:
        return releases[: versions.index(wanted)]
    place, installed = _place(wanted), _place(lightfast.__version__) or _NEWEST
    if place is None or place > installed:
        known = ", ".join(versions)
        problem = "is not a version" if place is None else f"is after {lightfast.__version__}"
        raise click.BadParameter(f"{since!r} {problem}; the changelog has {known}.")
    if place == installed:
        return []
    return [release for release in releases if (_place(release.version) or _NEWEST) > place]


def _place(version: str) -> _Place | None:
    """Return a value that orders a version among others; None if it is none (PEP 440, SemVer)."""
    match = _NUMBERED.fullmatch(version.lower())
    if match is None:
        return None
    numbers = [int(number) for number in match["release"].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    stage = match["stage"] or ("d" if match["dev"] else "z")  # a dev release is before all others
    rank = "dabcrz".index("r" if stage in {"pre", "preview"} else stage[0])
    return numbers, rank, int(match["number"] or 0), not match["dev"]


def _lines(releases: list[Release], *, joined: bool) -> list[str]:
    if not any(release.groups for release in releases):
        return ["Nothing has changed."]
    if joined:
        merged: dict[str, list[str]] = {}
        for release in releases:
            for group, entries in release.groups.items():
                merged.setdefault(group, []).extend(entries)
        return _section(merged)
    lines: list[str] = []
    for release in releases:
        date = f" - {release.date}" if release.date else ""
        lines += [f"{release.version}{date}", "", *_section(release.groups), ""]
    return lines[:-1]


def _section(groups: dict[str, list[Any]]) -> list[str]:
    lines: list[str] = []
    for group in [*_GROUPS, *(name for name in groups if name not in _GROUPS)]:
        if groups.get(group):
            lines += [group, *(f"  - {printable(entry)}" for entry in groups[group])]
    return lines
