"""Makes query sets by script, from source archives that pip brings and from this project's own history.

A set is documents, queries, and for each query the ids of the documents that answer it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator.ranking import STOP_WORDS, plain, words_of
from lightfast.emulator.sections import SUFFIXES, Section, sections

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def query_sets(cache: Path) -> Iterator[QuerySet]:
    """Every set; archives are kept in the cache."""
    for part, packages in DOCS.items():
        yield _headings(cache, part, packages)
    for part, packages in DOCS.items():
        yield _paraphrases(cache, part, packages)
    for part, versions in HISTORY.items():
        yield _history(cache, part, versions)
    if own := _own_history():
        yield own


# --- archives -------------------------------------------------------------------------------


def source_of(cache: Path, package: str) -> Path:
    """The unpacked source archive of a package."""
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
        if path.suffix in SUFFIXES and "change" not in path.name.lower():
            for section in sections(path.name, path.read_text("utf-8", "replace")):
                yield f"{package}/{path.relative_to(root)}", section


# --- headings → the text below them ---------------------------------------------------------


def _headings(cache: Path, part: str, packages: tuple[str, ...]) -> QuerySet:
    """A heading asks for its own text, which is indexed without it."""
    documents = []
    answers: dict[str, set[str]] = {}
    for package in packages:
        for number, (place, section) in enumerate(_sections(cache, package)):
            name = f"{package}-{number}"
            above = " › ".join(section.path[:-1]) or place  # noqa: RUF001
            documents.append({"id": name, "title": above, "text": section.body})
            if section.path and len(section.body) > 200 and _says_something(section.path[-1]):
                answers.setdefault(section.path[-1], set()).add(name)
    queries = [Query(text, frozenset(ids)) for text, ids in answers.items()]
    return QuerySet(f"headings, {part}", "docs", documents, queries)


def _says_something(heading: str) -> bool:
    return len({word for word in words_of(heading) if word not in STOP_WORDS}) >= 2


# --- questions in other words ---------------------------------------------------------------


def _paraphrases(cache: Path, part: str, packages: tuple[str, ...]) -> QuerySet:
    documents = []
    by_heading: dict[tuple[str, str], set[str]] = {}
    for package in packages:
        for number, (place, section) in enumerate(_sections(cache, package)):
            name = f"{package}-{number}"
            title = " › ".join(section.path) or place  # noqa: RUF001
            documents.append({"id": name, "title": title, "text": section.body})
            if section.path:
                by_heading.setdefault((package, section.path[-1]), set()).add(name)
    queries = [
        Query(question, frozenset(by_heading[package, heading]))
        for package, heading, question in _lines()
        if package in packages and (package, heading) in by_heading
    ]
    return QuerySet(f"paraphrases, {part}", "paraphrases", documents, queries)


def _lines() -> list[list[str]]:
    lines = (HERE / "paraphrases.tsv").read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


# --- what changed, told twice ---------------------------------------------------------------

_CHANGE = re.compile(r"^    \.\. change::\n((?:        .*\n|\s*\n)+)", re.MULTILINE)
_TICKET = re.compile(r":ticket:`(\d+)`")


def _history(cache: Path, part: str, versions: tuple[str, ...]) -> QuerySet:
    """SQLAlchemy tells each change in the words of its commit; its migration notes tell some of them again."""
    root = source_of(cache, "sqlalchemy") / "doc/build/changelog"
    documents: dict[str, dict[str, str]] = {}
    by_ticket: dict[str, set[str]] = {}
    notes: list[Section] = []
    for version in versions:
        for number, entry in enumerate(_changes(root / f"changelog_{version}.rst")):
            name = f"change-{version}-{number}"
            options, text = entry
            for ticket in re.findall(r"\d{2,}", options.get("tickets", "")):
                by_ticket.setdefault(ticket, set()).add(name)
            subject, _, rest = plain(text).partition(". ")
            documents[name] = {"id": name, "title": subject or name, "text": rest}
        for path in (*root.glob(f"migration_{version}.rst"), *root.glob(f"whatsnew_{version}.rst")):
            notes += sections(path.name, path.read_text("utf-8"))
    queries = []
    for note in notes:
        found = {d for ticket in _TICKET.findall(note.body) for d in by_ticket.get(ticket, ())}
        if found and note.path and _says_something(note.path[-1]):
            queries.append(Query(note.path[-1], frozenset(found)))
    return QuerySet(f"changes, {part}", "commits", list(documents.values()), queries)


def _changes(path: Path) -> Iterator[tuple[dict[str, str], str]]:
    for block in _CHANGE.findall(path.read_text("utf-8")):
        options = dict(re.findall(r"^        :(\w+): *(.*)$", block, re.MULTILINE))
        text = re.sub(r"^        :\w+:.*\n", "", block, flags=re.MULTILINE)
        yield options, re.sub(r"^        ", "", text, flags=re.MULTILINE)


# --- this project ---------------------------------------------------------------------------

_FEWEST = 10


def _own_history() -> QuerySet | None:
    """An entry of our changelog asks for the commit that wrote it; None while there are few.

    Only where a commit wrote one entry beside code: several together, or without code, sum up what others did.
    """
    documents = []
    queries = []
    log = _git("log", "--no-merges", "--format=%H%x1f%s%x1f%b%x1e")
    for record in log.split("\x1e")[:-1]:
        sha, subject, body = record.strip("\n").split("\x1f")
        documents.append({"id": sha, "title": subject, "text": body})
        written = _git("show", "--format=", "--unified=0", sha, "--", "CHANGELOG.md")
        lines = re.findall(r"^\+- (.{20,})$", written, re.MULTILINE)
        if len(lines) == 1 and _git("show", "--format=", "--name-only", sha, "--", "lightfast"):
            queries.append(Query(plain(lines[0]), frozenset({sha})))
    if len(queries) < _FEWEST:
        print(f"our changelog: {len(queries)} entries tell of one commit each; too few to measure")
        return None
    return QuerySet("our changelog", "commits", documents, queries)


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, check=True, text=True
    ).stdout
