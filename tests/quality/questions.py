"""Natural questions about public repositories: how often the right answer is first, and among the first three.

``python -m tests.quality --repositories DIRECTORY``: clones lie in the directory under the names of `questions.tsv`; those
that are missing are passed over. The questions and the places of their answers are our own words; nothing of the
repositories is kept here. The ranking was tuned on the repositories of `TUNED`; any other is held out.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from lightfast.emulator import Emulator
from lightfast.emulator.embedding.index import VectorIndex
from lightfast.emulator.search import retrieval
from lightfast.emulator.search.query import SearchQuery

from .titles import found_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lightfast.emulator.embedding.base import Embedder

_TUNED = (
    "aiohttp alembic arrow attrs axios bat black caddy celery chi click cobra commander coveragepy"
    " dramatiq express eza falcon fastify fd fiber flask fzf gin got gunicorn httpx hugo hyperfine"
    " jinja jq marshmallow mkdocs mocha nox paramiko pip pluggy poetry pre-commit prettier redis-py"
    " requests rich ripgrep scrapy starlette structlog tornado tox tqdm trio typer urllib3 uvicorn"
    " viper websockets werkzeug yargs"
)
TUNED = frozenset(_TUNED.split())
KINDS = ("how-to", "history", "symptom", "code")
WAYS = ("words", "cold", "fast", "balanced", "thorough")
DEPTH = 10
# What is promised on repositories that nothing was tuned on. ``cold`` is a first question, before there are any vectors.
GOALS = (
    *(("balanced", 1, 0.65), ("balanced", 3, 0.80)),
    *(("words", 1, 0.50), ("words", 3, 0.68)),
    *(("cold", 1, 0.50), ("cold", 3, 0.68)),
)
_HERE = Path(__file__).parent


@attrs.frozen
class Answer:
    """A place that answers a question: a file or folder and a part of the heading, or a part of a commit's subject."""

    path: str = ""
    heading: str = ""
    subject: str = ""

    def is_met(self, result: dict[str, Any]) -> bool:
        title = result["title"].lower()
        if self.subject:
            return result["type"] != "document" and self.subject.lower() in title
        path = result.get("path", "")
        within = path == self.path or path.startswith(f"{self.path.rstrip('/')}/")
        return within and self.heading.lower() in title


@attrs.frozen
class Question:
    repository: str
    kind: str
    text: str
    answers: tuple[Answer, ...]


@attrs.frozen
class Asked:
    """A question, and the rank of its first right answer in each way; 0 for none among the first ten."""

    question: Question
    ranks: dict[str, int]


@attrs.frozen
class Titles:
    """Return how many of a repository's titles were asked for, and how many found their file first."""

    repository: str
    asked: int
    right: int


def questions() -> list[Question]:
    lines = (_HERE / "questions.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [
        Question(repository, kind, text, tuple(map(_answer, answers.split(" | "))))
        for repository, kind, text, answers in rows
    ]


def _answer(text: str) -> Answer:
    if text.startswith("~"):
        return Answer(subject=text[1:])
    path, _, heading = text.partition("#")
    return Answer(path=path, heading=heading)


def ask_all(
    clones: Path, cache: Path, embedder: Embedder | str = "auto"
) -> tuple[list[Asked], list[Titles]]:
    """Ask every question about the repositories that are there, and for their pages by title."""
    asked: list[Asked] = []
    paged: list[Titles] = []
    wanted = questions()
    for name in dict.fromkeys(question.repository for question in wanted):
        if (clones / name).is_dir():
            about = [question for question in wanted if question.repository == name]
            database = cache / f"questions-{name}.sqlite3"
            with _indexed(clones / name, database, embedder) as emulator:
                assert emulator._semantics, "the extra `semantic` is not installed"
                meaning = emulator._semantics.meaning
                compared = {"words": None, "cold": _Cold(meaning.embedder)}
                asked += [Asked(q, _ranks(emulator, q, compared, meaning)) for q in about]
                count, missed = found_first(emulator._store, "quality", meaning)
                paged.append(Titles(name, count, count - len(missed)))
    return asked, paged


@contextmanager
def _indexed(clone: Path, database: Path, embedder: Any) -> Iterator[Emulator]:
    emulator = Emulator([clone], database=database, organization="quality", embedder=embedder)
    try:
        emulator.refresh()
        emulator.embed()
        yield emulator
    finally:
        emulator.close()


class _Cold(VectorIndex):
    """Index as it is before there are any vectors."""

    def match(self, *_: Any) -> None:
        return None


def _ranks(
    emulator: Emulator,
    question: Question,
    compared: Mapping[str, VectorIndex | None],
    meaning: VectorIndex,
) -> dict[str, int]:
    ranks = {}
    for way in WAYS:
        mode = "balanced" if way in compared else way
        query = SearchQuery(query=question.text, limit=DEPTH, mode=mode)
        index = compared.get(way, meaning)
        found = retrieval.search(emulator._store, "quality", query, index).results
        ranks[way] = rank_of(question, found)
    return ranks


def rank_of(question: Question, results: list[dict[str, Any]]) -> int:
    right = (
        rank
        for rank, result in enumerate(results, 1)
        if any(answer.is_met(result) for answer in question.answers)
    )
    return next(right, 0)


# --- tables ---------------------------------------------------------------------------------


def tables(asked: list[Asked]) -> str:
    """Return how often the right answer is first / among the first three, by repository and by kind."""
    lines = [f"{'right first / in three':32}{'n':>4}" + "".join(f"{way:>14}" for way in WAYS)]
    for title, part in (("tuned", True), ("held out", False)):
        chosen = [a for a in asked if (a.question.repository in TUNED) == part]
        if not chosen:
            continue
        names = sorted({a.question.repository for a in chosen})
        by_repository = [[a for a in chosen if a.question.repository == name] for name in names]
        lines += [_row(name, some) for name, some in zip(names, by_repository, strict=True)]
        lines += [
            _row(f"  {kind}, {title}", [a for a in chosen if a.question.kind == kind])
            for kind in KINDS
        ]
        lines.append(_means(f"mean of repositories, {title}", by_repository))
    return "\n".join(lines)


def _row(name: str, asked: list[Asked]) -> str:
    cells = (f"{_share(asked, way, 1):.2f} / {_share(asked, way, 3):.2f}" for way in WAYS)
    return f"{name:32}{len(asked):>4}" + "".join(f"{cell:>14}" for cell in cells)


def _means(name: str, groups: list[list[Asked]]) -> str:
    count = sum(map(len, groups))
    cells = []
    for way in WAYS:
        first, three = (
            sum(_share(group, way, within) for group in groups) / len(groups) for within in (1, 3)
        )
        cells.append(f"{first:.2f} / {three:.2f}")
    balanced = sum(_share(group, "balanced", 1) for group in groups) / len(groups)
    low, high = interval(balanced, count)
    line = f"{name:32}{count:>4}" + "".join(f"{cell:>14}" for cell in cells)
    return f"{line}   balanced, first, 95 %: {low:.2f} to {high:.2f}"


def held_out(asked: list[Asked], way: str, within: int) -> float | None:
    """Return the mean of the repositories that nothing was tuned on; None without any."""
    names = sorted({a.question.repository for a in asked} - TUNED)
    groups = [[a for a in asked if a.question.repository == name] for name in names]
    shares = [_share(group, way, within) for group in groups]
    return sum(shares) / len(shares) if shares else None


def _share(asked: list[Asked], way: str, within: int) -> float:
    return sum(1 for a in asked if 1 <= a.ranks[way] <= within) / (len(asked) or 1)


def interval(share: float, count: int) -> tuple[float, float]:
    """Return Wilson's interval of a share at 95 %."""
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    return middle - half, middle + half


def titles_table(paged: list[Titles]) -> str:
    """Return how many titles find their own file first."""
    lines = [f"{'titles, right file first':32}{'n':>4}"]
    for each in paged:
        low, high = interval(each.right / (each.asked or 1), each.asked or 1)
        lines.append(
            f"{each.repository:32}{each.asked:>4}{each.right:>6}   95 %: {low:.2f} to {high:.2f}"
        )
    return "\n".join(lines)


def misses(asked: Iterable[Asked]) -> str:
    """Return the questions whose right answer `balanced` does not show first, and its rank."""
    return "\n".join(
        f"{a.ranks['balanced'] or '-':>3}  {a.question.repository:10}{a.question.kind:9}{a.question.text}"
        for a in asked
        if a.ranks["balanced"] != 1
    )
