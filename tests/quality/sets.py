"""Makes query sets by script, from source archives that pip brings and from this project's own history.

A set is documents, queries, and for each query the ids of the documents that answer it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator.search.text import STOP_WORDS, words_of
from lightfast.emulator.sources.kinds import kind_of
from lightfast.emulator.sources.markup import plain
from lightfast.emulator.sources.sections import Section, sections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Make = Callable[[], "QuerySet | None"]

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

# The weights in `fusion.DEPTHS` were chosen on the first of each pair; the second was only looked at afterwards.
DOCS = {"tuned": ("flask", "werkzeug"), "held out": ("attrs", "click", "urllib3")}
HISTORY = {"tuned": ("09", "10", "11", "12", "13"), "held out": ("14", "20", "21")}


@attrs.frozen
class Query:
    text: str
    answers: frozenset[str]


@attrs.frozen
class QuerySet:
    name: str
    kind: str  # docs, commits, paraphrases
    documents: list[dict[str, str]]
    queries: list[Query]


def query_sets(cache: Path, wanted: str) -> Iterator[QuerySet]:
    """Every set that has what is wanted in its name; archives are kept in the cache."""
    for name, make in _makers(cache):
        if wanted in name and (made := make()):
            yield made


def _makers(cache: Path) -> Iterator[tuple[str, Make]]:
    for part, packages in DOCS.items():
        name = f"headings, {part}"
        yield name, partial(_headings, name, cache, packages)
    for part, packages in DOCS.items():
        name = f"paraphrases, {part}"
        yield name, partial(_paraphrases, name, cache, packages)
    for part, versions in HISTORY.items():
        name = f"changes, {part}"
        yield name, partial(_history, name, cache, versions)
    name = "our changelog"
    yield name, partial(_own_history, name)


# --- archives -------------------------------------------------------------------------------


def source_of(cache: Path, package: str) -> Path:
    """Return the unpacked source archive of a package."""
    target = cache / package
    if not target.exists():
        archives = cache / "archives"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run(
            [*command, "--no-binary", package, "--dest", str(archives), package], check=True
        )
        (archive,) = archives.glob(f"{package}-*.tar.gz")
        with tarfile.open(archive) as content:
            content.extractall(target, filter="data")
    return next(target.iterdir())


def _sections(cache: Path, package: str) -> Iterator[tuple[str, Section]]:
    root = source_of(cache, package) / "docs"
    for path in sorted(root.rglob("*")):
        kind = kind_of(path.name) if path.suffix in {".md", ".rst"} else None
        if kind and kind.family == "documentation":
            for section in sections(path.read_text("utf-8", "replace"), kind.form):
                yield f"{package}/{path.relative_to(root)}", section


# --- headings → the text below them ---------------------------------------------------------


def _headings(name: str, cache: Path, packages: tuple[str, ...]) -> QuerySet:
    """Make each heading ask for its own text, which is indexed without it."""
    documents = []
    answers: dict[str, set[str]] = {}
    for package in packages:
        for number, (place, section) in enumerate(_sections(cache, package)):
            key = f"{package}-{number}"
            above = " › ".join(section.path[:-1]) or place  # noqa: RUF001
            documents.append({"id": key, "title": above, "text": section.body})
            if section.path and len(section.body) > 200 and _says_something(section.path[-1]):
                answers.setdefault(section.path[-1], set()).add(key)
    queries = [Query(text, frozenset(ids)) for text, ids in answers.items()]
    return QuerySet(name, "docs", documents, queries)


def _says_something(heading: str) -> bool:
    return len({word for word in words_of(heading) if word not in STOP_WORDS}) >= 2


# --- questions in other words ---------------------------------------------------------------


def _paraphrases(name: str, cache: Path, packages: tuple[str, ...]) -> QuerySet:
    documents = []
    by_heading: dict[tuple[str, str], set[str]] = {}
    for package in packages:
        for number, (place, section) in enumerate(_sections(cache, package)):
            key = f"{package}-{number}"
            title = " › ".join(section.path) or place  # noqa: RUF001
            documents.append({"id": key, "title": title, "text": section.body})
            if section.path:
                by_heading.setdefault((package, section.path[-1]), set()).add(key)
    queries = [
        Query(question, frozenset(by_heading[package, heading]))
        for package, heading, question in _lines()
        if package in packages and (package, heading) in by_heading
    ]
    return QuerySet(name, "paraphrases", documents, queries)


def _lines() -> list[list[str]]:
    lines = (HERE / "paraphrases.tsv").read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


# --- what changed, told twice ---------------------------------------------------------------

_CHANGE = re.compile(r"^    \.\. change::\n((?:        .*\n|\s*\n)+)", re.MULTILINE)
_TICKET = re.compile(r":ticket:`(\d+)`")
_TICKET_SHOWN = re.compile(r"\bticket-(\d+)\b")


def _history(name: str, cache: Path, versions: tuple[str, ...]) -> QuerySet:
    """SQLAlchemy tells each change in the words of its commit; its migration notes tell some of them again."""
    root = source_of(cache, "sqlalchemy") / "doc/build/changelog"
    documents: dict[str, dict[str, str]] = {}
    by_ticket: dict[str, set[str]] = {}
    notes: list[Section] = []
    for version in versions:
        for number, entry in enumerate(_changes(root / f"changelog_{version}.rst")):
            key = f"change-{version}-{number}"
            options, text = entry
            for ticket in re.findall(r"\d{2,}", options.get("tickets", "")):
                by_ticket.setdefault(ticket, set()).add(key)
            subject, _, rest = plain(text).partition(". ")
            documents[key] = {"id": key, "title": subject or key, "text": rest}
        for path in (*root.glob(f"migration_{version}.rst"), *root.glob(f"whatsnew_{version}.rst")):
            # Sections come without roles.
            text = _TICKET.sub(r"ticket-\1", path.read_text("utf-8"))
            notes += sections(text, "restructuredtext")
    queries = []
    for note in notes:
        found = {
            d for ticket in _TICKET_SHOWN.findall(note.body) for d in by_ticket.get(ticket, ())
        }
        if found and note.path and _says_something(note.path[-1]):
            queries.append(Query(note.path[-1], frozenset(found)))
    return QuerySet(name, "commits", list(documents.values()), queries)


def _changes(path: Path) -> Iterator[tuple[dict[str, str], str]]:
    for block in _CHANGE.findall(path.read_text("utf-8")):
        options = dict(re.findall(r"^        :(\w+): *(.*)$", block, re.MULTILINE))
        text = re.sub(r"^        :\w+:.*\n", "", block, flags=re.MULTILINE)
        yield options, re.sub(r"^        ", "", text, flags=re.MULTILINE)


# --- this project ---------------------------------------------------------------------------

_FEWEST = 10
_ENTRY = re.compile(r"^- (.*(?:\n  .*)*)", re.MULTILINE)
# "`symbol`, `symbol` and the others: what they are"; without the colon it tells how a known one changed.
_NEW = re.compile(r"((?:`[^`]*\w[^`]*`(?:, | and )?)+)(?:(?:its|the) [a-z ]+)?: ")


def _own_history(name: str) -> QuerySet | None:
    """Make each entry of our changelog ask for the commits that wrote it or brought what it is about; None while there are few."""
    documents = []
    queries = _asking_for_symbols()
    for record in _git("log", "--no-merges", "--format=%H%x1f%s%x1f%b%x1e").split("\x1e")[:-1]:
        sha, subject, body = record.strip("\n").split("\x1f")
        documents.append({"id": sha, "title": subject, "text": body})
        queries += _asking_for_commit(sha)
    if len(queries) < _FEWEST:
        print(f"our changelog: {len(queries)} entries lead to commits; too few to measure")
        return None
    return QuerySet(name, "commits", documents, queries)


def _asking_for_commit(sha: str) -> list[Query]:
    # Only where it wrote one entry beside code: several together, or without code, sum up what others did.
    written = _git("show", "--format=", "--unified=0", sha, "--", "CHANGELOG.md")
    lines = re.findall(r"^\+- (.{20,})$", written, re.MULTILINE)
    touched = _git("show", "--format=", "--name-only", sha, "--", "lightfast")
    return [Query(plain(lines[0]), frozenset({sha}))] if len(lines) == 1 and touched else []


def _asking_for_symbols() -> list[Query]:
    """Make the first sentence of each entry about something new ask for the commits that brought its symbols."""
    queries = []
    for entry in _ENTRY.findall((ROOT / "CHANGELOG.md").read_text("utf-8")):
        sentence = re.split(r"(?<=\.) ", " ".join(entry.split()))[0]
        new = _NEW.match(sentence)
        symbols = re.findall("`([^`]+)`", new[1]) if new else []
        if found := {sha for symbol in symbols if (sha := _bringer(symbol))}:
            queries.append(Query(plain(sentence), frozenset(found)))
    return queries


def _bringer(symbol: str) -> str | None:
    """Return the first commit that defined a symbol's last name."""
    # The bare word would lead to the first commit that happens to hold it: `keys` and `search` are words, too.
    name = re.findall(r"\w+", symbol)[-1]
    definition = rf"^ +{name}: .* = " if f"{name}=" in symbol else rf"(def|class) {name}\b"
    log = ("log", "--reverse", "--no-merges", "--format=%H", "--pickaxe-regex", f"-S{definition}")
    return next(iter(_git(*log, "--", "lightfast").split()), None)


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, check=True, text=True
    ).stdout
