"""A document whole, its patch, what is like it, and what it is related to."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lightfast.emulator import Emulator, EmulatorError
from tests.emulator.repositories import Repository


@pytest.fixture(scope="module")
def indexed(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Emulator, str, str, str]]:
    repository = Repository(tmp_path_factory.mktemp("contents") / "api")
    first = repository.commit(
        "Add retries\n\nRequests that fail are sent again.",
        {"retry.py": "LIMIT = 1\n", "docs/retry.md": "# Retries\n\nA failed request is sent again.\n"},
    )  # fmt: skip
    second = repository.commit(f"Raise the retry limit\n\nFixes #7. Follows {first[:12]}.", {"retry.py": "LIMIT = 3\n"})  # fmt: skip
    third = repository.commit("Paint the shed green", {"shed.txt": "green\n"})
    issue = {
        "html_url": "https://github.com/acme/api/issues/7", "title": "Too few retries", "number": 7,
        "body": f"Since {second[:10]} or before.", "user": {"login": "grace"}, "state": "open",
        "created_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    issues = repository.path.parent / "issues.json"
    issues.write_text(json.dumps([issue]))
    emulator = Emulator([repository.path, issues], embedder=None)
    emulator.refresh()
    yield emulator, first, second, third
    emulator.close()


def test_a_commit_has_its_message_its_files_and_its_people(indexed):
    emulator, first, *_ = indexed
    document = emulator.document(first[:8])
    assert (document.title, document.text) == ("Add retries", "Requests that fail are sent again.")
    assert document.files == ("docs/retry.md", "retry.py")
    assert document.people == ("Ada Lovelace",)
    assert document.commit == first
    assert document.occurred_at.isoformat() == "2026-01-02T00:00:00+00:00"
    assert emulator.document(document.id) == document


def test_a_patch_is_what_a_commit_changed(indexed):
    emulator, _, second, _ = indexed
    patch = emulator.patch(second)
    assert patch.startswith("diff --git a/retry.py b/retry.py")
    assert "-LIMIT = 1\n+LIMIT = 3\n" in patch


def test_a_patch_runs_no_program_that_the_repository_names(indexed, tmp_path):
    repository = Repository(tmp_path / "evil")
    repository.write(".gitattributes", "*.txt diff=evil\n")
    sha = repository.commit("Evil", {"a.txt": "text\n"})
    ran = tmp_path / "ran"
    for name in ("diff.evil.textconv", "diff.evil.command", "diff.external", "core.pager"):
        repository.git("config", name, f"touch {ran}; cat")
    with Emulator([repository.path], embedder=None) as emulator:
        assert "+text" in emulator.patch(sha)
    assert not ran.exists()


def test_what_is_no_commit_has_no_patch(indexed):
    emulator, *_ = indexed
    section = emulator.similar(indexed[1], limit=20)
    document = next(result for result in section if result["type"] == "document")
    assert emulator.document(document["id"]).text == "A failed request is sent again."
    assert emulator.patch(document["id"]) is None


def test_similar_documents_are_results_without_the_document_itself(indexed):
    emulator, _, second, _ = indexed
    results = emulator.similar(second, limit=2)
    titles = [result["title"] for result in results]
    assert len(results) == 2
    assert "Raise the retry limit" not in titles
    assert "Paint the shed green" not in titles


def test_related_documents_are_those_that_refer_to_each_other(indexed):
    emulator, first, second, third = indexed
    found = [(each.relation, each.document.title) for each in emulator.related(second)]
    assert found == [("references", "Too few retries"), ("references", "Add retries")]
    assert [(r.relation, r.document.commit) for r in emulator.related(first)] == [("referenced by", second)]  # fmt: skip
    issue = emulator.related(second)[0].document
    assert issue.type == "issue"
    assert [each.document.commit for each in emulator.related(issue.id)] == [second]
    assert emulator.related(third) == []


@pytest.mark.parametrize("identifier", ["nope", "0000000", "", "commit_", "'; --"])
def test_an_unknown_document_is_an_error_that_says_what_to_give(indexed, identifier):
    emulator, *_ = indexed
    with pytest.raises(EmulatorError, match="give the `id` of a search result"):
        emulator.document(identifier)


def test_an_emulator_may_serve_before_it_indexes(tmp_path):
    repository = Repository(tmp_path / "api")
    repository.commit("First")
    database = tmp_path / "index.sqlite3"
    Emulator([repository.path], database=database, embedder=None).refresh()
    repository.commit("Second")
    with Emulator(
        [repository.path], database=database, embedder=None, index_first=False
    ) as emulator:
        assert emulator.base_url
        assert emulator.documents == 1
        assert emulator.refresh() == 1
