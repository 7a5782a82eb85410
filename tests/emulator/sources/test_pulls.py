"""Commits are assigned to their pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightfast.emulator import Emulator
from lightfast.emulator.sources.git import Git
from lightfast.emulator.sources.pulls import pulls_of_commits

if TYPE_CHECKING:
    from tests.emulator.conftest import Ask
    from tests.emulator.repositories import Repository


AUTHOR = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com"}


def branch_and_merge(repository: Repository, number: int, *subjects: str, title: str = "") -> None:
    repository.git("checkout", "-q", "-b", f"branch-{number}")
    for subject in subjects:
        repository.commit(subject)
    repository.git("checkout", "-q", "main")
    message = title or f"Merge pull request #{number} from acme/branch-{number}"
    repository.git("merge", "-q", "--no-ff", "-m", message, f"branch-{number}", **AUTHOR)


def pulls(repository: Repository) -> dict[str, str]:
    git = Git.at(repository.path)
    assert git is not None
    numbers = pulls_of_commits(git, ["HEAD", "--"])
    subjects = repository.git("log", "--format=%H %s").splitlines()
    found = (line.partition(" ") for line in subjects)
    return {subject: numbers[sha] for sha, _, subject in found if sha in numbers}


def test_a_merge_takes_its_branch_and_nothing_else(repository: Repository) -> None:
    """Commits that were there before, or came from other branches, are not its."""
    repository.commit("Start")
    branch_and_merge(repository, 7, "Add a pool", "Test the pool")
    repository.commit("Go on")
    branch_and_merge(repository, 8, "Close the pool")
    assert pulls(repository) == {
        "Add a pool": "7",
        "Test the pool": "7",
        "Merge pull request #7 from acme/branch-7": "7",
        "Close the pool": "8",
        "Merge pull request #8 from acme/branch-8": "8",
    }


def test_a_merge_can_be_titled_after_its_pull_request(repository: Repository) -> None:
    """A repository on GitHub chooses how its merges are titled."""
    repository.commit("Start")
    branch_and_merge(repository, 7, "Add a pool", "Test the pool", title="Pool connections (#7)")
    assert pulls(repository) == {
        "Add a pool": "7",
        "Test the pool": "7",
        "Pool connections (#7)": "7",
    }


def test_a_squashed_branch_carries_its_number(repository: Repository) -> None:
    """At the end of the subject only."""
    repository.commit("Add a pool (#12)\n\n* one\n* two")
    repository.commit("Fix (#9) in the parser")
    assert pulls(repository) == {"Add a pool (#12)": "12"}


def test_a_merge_request_is_one_too(repository: Repository) -> None:
    """GitLab names it at the end of the message."""
    repository.commit("Start")
    repository.git("checkout", "-q", "-b", "pool")
    repository.commit("Add a pool")
    repository.git("checkout", "-q", "main")
    message = "Merge branch 'pool' into 'main'\n\nAdd a pool\n\nSee merge request acme/api!5"
    repository.git("merge", "-q", "--no-ff", "-m", message, "pool", **AUTHOR)
    assert set(pulls(repository).values()) == {"5"}
    assert "Add a pool" in pulls(repository)


async def test_a_pull_request_is_one_result(repository: Repository, ask: Ask) -> None:
    """The commit that matches best stands for it and tells of the others; each is one in the total."""
    repository.commit("Start")
    branch_and_merge(repository, 7, "Add a connection pool", "Test the connection pool")
    repository.commit("Praise the connection pool")
    async with Emulator([repository.path]) as emulator:
        key = emulator.create_api_key()
        body = (await ask(emulator, key, query="connection pool")).body
        assert body["meta"]["total"] == 2
        by_title = {result["title"]: result for result in body["data"]}
        first = by_title.pop("Add a connection pool", None) or by_title["Test the connection pool"]
        assert (first["latestAction"], first["totalEvents"]) == ("merged", 3)
        assert len([each for each in first["references"] if each["type"] == "commit"]) == 2
        assert "totalEvents" not in by_title["Praise the connection pool"]
        assert emulator.documents == 5
