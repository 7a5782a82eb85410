"""Real repositories and directories are indexed, and indexed again."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from lightfast.emulator import Emulator, EmulatorError
from lightfast.emulator.search.query import SearchQuery
from lightfast.emulator.search.retrieval import search
from lightfast.emulator.sources.files import MAX_FILE_BYTES
from tests.emulator.repositories import ADA, Repository, git

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def index(tmp_path: Path) -> Callable[..., Index]:
    return lambda *paths: Index(Emulator(paths, database=tmp_path / "index.sqlite3"))


class Index:
    """An emulator that is asked without HTTP, and closed after each block."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.indexed = emulator.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.emulator.close()

    def find(self, query: str, **filters: Any) -> list[dict[str, Any]]:
        wanted = SearchQuery(query=query, limit=100, **filters)
        return search(self.emulator._store, "local", wanted).results

    def titles(self, query: str, **filters: Any) -> set[str]:
        return {result["title"] for result in self.find(query, **filters)}


def test_a_commit_becomes_a_result(repository: Repository, index: Callable[..., Index]) -> None:
    """Title, text, people, files, references and links."""
    first = repository.commit("Add retries", {"src/retry.py": "1"})
    message = (
        f"Retry on 503\n\nFixes #12, closes GH-7, see #3 and LIN-204, not UTF-8.\n"
        f"This reverts commit {first}.\n\nCo-authored-by: Grace Hopper <grace@example.com>"
    )
    sha = repository.commit(message, {"src/retry.py": "2", "a file.md": "# A"})
    with index(repository.path) as found:
        (result,) = found.find("503")
    base = "https://github.com/acme/api"
    assert result["id"] == f"commit_{sha}"
    assert result["title"] == "Retry on 503"
    assert (result["source"], result["type"]) == ("github", "commit")
    assert result["url"] == f"{base}/commit/{sha}"
    assert result["occurredAt"] == "2026-01-03T00:00:00Z"
    assert result["snippet"].startswith("Fixes #12, closes GH-7")
    assert result["entities"] == [
        {"key": "Ada Lovelace", "category": "person"},
        {"key": "Grace Hopper", "category": "person"},
        {"key": "a file.md", "category": "file"},
        {"key": "src/retry.py", "category": "file"},
        {"key": "LIN-204", "category": "issue"},
    ]
    assert result["references"] == [
        {"type": "issue", "id": "#12", "url": f"{base}/issues/12", "label": "fixes"},
        {"type": "issue", "id": "#7", "url": f"{base}/issues/7", "label": "closes"},
        {"type": "issue", "id": "#3", "url": f"{base}/issues/3"},
        {"type": "issue", "id": "LIN-204"},
        {"type": "commit", "id": first, "url": f"{base}/commit/{first}", "label": "reverts"},
    ]


def test_a_section_becomes_a_result(repository: Repository, index: Callable[..., Index]) -> None:
    """The heading path, the text below it, a link to the heading, the last commit's time."""
    text = "# Guide\n\nHello.\n\n## Set up\n\nRun the *installer*.\n"
    repository.commit("Write a guide", {"docs/the guide.md": text})
    repository.commit("Something else", {"other.txt": "x"})
    with index(repository.path) as found:
        (result,) = found.find("installer")
    assert result["title"] == "Guide › Set up"  # noqa: RUF001
    assert (result["source"], result["type"]) == ("docs", "document")
    assert result["url"] == "https://github.com/acme/api/blob/HEAD/docs/the%20guide.md#set-up"
    assert result["occurredAt"] == "2026-01-02T00:00:00Z"
    assert result["entities"] == [{"key": "docs/the guide.md", "category": "file"}]


def test_only_what_is_new_is_indexed(repository: Repository, index: Callable[..., Index]) -> None:
    """Commits after the last one indexed; files that changed; nothing twice."""
    repository.commit("First apple", {"a.md": "# Apple\n\none", "b.md": "# Pear\n\none"})
    with index(repository.path) as found:
        assert (found.indexed, found.emulator.documents) == (3, 3)
        assert found.emulator.refresh() == 0
    with index(repository.path) as found:
        assert found.indexed == 0
        repository.commit("Second apple", {"a.md": "# Apple\n\ntwo"})
        assert found.emulator.refresh() == 2
        assert found.titles("apple") == {"First apple", "Second apple", "Apple"}
        assert found.find("two")[0]["occurredAt"] == "2026-01-03T00:00:00Z"
        assert not found.titles("one") - {"Pear"}


def test_a_merge_brings_its_branch(repository: Repository, index: Callable[..., Index]) -> None:
    """Commits older than the last one indexed are found when a merge brings them."""
    repository.commit("Base")
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit("Side work")
    repository.git("checkout", "--quiet", "main")
    repository.commit("Main work")
    with index(repository.path) as found:
        assert not found.titles("side")
        date = "1770000000 +0000"
        repository.git(
            *("-c", "user.name=Ada", "-c", "user.email=a@example.com"),
            *("merge", "--quiet", "--no-ff", "-m", "Merge branch", "side"),
            GIT_AUTHOR_DATE=date,
            GIT_COMMITTER_DATE=date,
        )
        assert found.emulator.refresh() == 2
        assert found.titles("side") == {"Side work"}
        assert found.find("merge")[0]["latestAction"] == "merged"


@pytest.mark.parametrize("lost", [False, True])
def test_a_rewritten_history_is_indexed_anew(
    lost: bool, repository: Repository, index: Callable[..., Index]
) -> None:
    """A commit that left the history is no longer found, even when git has forgotten the old head."""
    repository.commit("Keep this")
    repository.commit("Drop this")
    with index(repository.path) as found:
        repository.git("reset", "--quiet", "--hard", "HEAD~1")
        repository.commit("Write this")
        if lost:
            repository.git("reflog", "expire", "--expire=now", "--all")
            repository.git("gc", "--quiet", "--prune=now")
        found.emulator.refresh()
        assert found.titles("this") == {"Keep this", "Write this"}
        assert found.emulator.documents == 2


def test_a_deepened_clone_is_indexed_anew(
    repository: Repository, tmp_path: Path, index: Callable[..., Index]
) -> None:
    """A shallow clone shows what it has; more when it is given more."""
    for number in range(5):
        repository.commit(f"Change {number}")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=2", f"file://{repository.path}", str(clone))
    with index(clone) as found:
        assert found.titles("change") == {"Change 3", "Change 4"}
        git(clone, "fetch", "--quiet", "--unshallow")
        found.emulator.refresh()
        assert len(found.titles("change")) == 5


def test_files_that_go_are_forgotten(repository: Repository, index: Callable[..., Index]) -> None:
    """Deleted and renamed files leave nothing behind."""
    repository.commit("Add", {"a.md": "# Apple\n\nfruit", "b.md": "# Pear\n\nfruit"})
    with index(repository.path) as found:
        repository.git("mv", "a.md", "c.md")
        repository.git("rm", "--quiet", "b.md")
        found.emulator.refresh()
        (result,) = found.find("fruit")
        assert result["url"].endswith("/c.md#apple")


def test_untracked_files_are_not_indexed(
    repository: Repository, index: Callable[..., Index]
) -> None:
    """Only what git tracks, as it lies in the working tree."""
    repository.commit("Add", {"a.md": "# Apple\n\nfruit"})
    repository.write("b.md", "# Pear\n\nfruit")
    repository.write("a.md", "# Quince\n\nfruit")
    with index(repository.path) as found:
        assert found.titles("fruit") == {"Quince"}


def test_tags_and_notes_are_indexed(repository: Repository, index: Callable[..., Index]) -> None:
    """The messages of annotated tags, and notes on commits; again when one is added."""
    sha = repository.commit("Fix the gateway", {"a.md": "# A"})
    repository.git("tag", "light")
    identity = {"GIT_COMMITTER_DATE": "1767225600 +0000", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@example.com"}  # fmt: skip
    repository.git("tag", "-a", "v2", "-m", "Wombat import\n\nFixes #12", **identity)
    with index(repository.path) as found:
        (tag,) = found.find("wombat")
        assert (tag["title"], tag["type"], tag["source"]) == ("v2: Wombat import", "tag", "github")
        assert tag["url"] == "https://github.com/acme/api/releases/tag/v2"
        assert tag["occurredAt"] == "2026-01-01T00:00:00Z"
        assert tag["references"][0]["id"] == "#12"
        repository.git("notes", "add", "-m", "The quokka outage came from here", sha, **identity)
        found.emulator.refresh()
        (note,) = found.find("quokka")
        assert (note["title"], note["type"]) == ("Note on Fix the gateway", "note")
        assert note["url"] == f"https://github.com/acme/api/commit/{sha}"
        repository.git("tag", "-d", "v2")
        found.emulator.refresh()
        assert found.find("wombat") == []
        assert found.emulator.refresh() == 0


def test_a_merge_is_called_by_what_it_merged(tmp_path: Path, index: Callable[..., Index]) -> None:
    """Not by its branch; merge requests are linked."""
    repository = Repository(tmp_path / "shop", remote="git@gitlab.com:acme/shop.git")
    repository.commit(
        "Merge branch 'x' into 'main'\n\nKeep the session\n\nSee merge request acme/shop!345"
    )
    with index(repository.path) as found:
        (result,) = found.find("session")
    assert result["title"] == "Keep the session"
    assert result["references"] == [
        {"type": "pull_request", "id": "!345", "url": "https://gitlab.com/acme/shop/-/merge_requests/345"}
    ]  # fmt: skip


def test_a_changelogs_sections_have_the_times_of_their_releases(
    repository: Repository, index: Callable[..., Index]
) -> None:
    """An unreleased section has the file's."""
    text = "# Changelog\n\n## Unreleased\n\n- Apple\n\n## [1.0.0] - 2015-03-04\n\n### Added\n\n- Apple\n"
    repository.commit("Add", {"CHANGELOG.md": text})
    with index(repository.path) as found:
        times = {r["title"]: r["occurredAt"][:10] for r in found.find("apple")}
    assert times == {
        "Changelog › Unreleased": "2026-01-02",  # noqa: RUF001
        "Changelog › [1.0.0] - 2015-03-04 › Added": "2015-03-04",  # noqa: RUF001
    }


def test_an_empty_repository_is_no_error(
    repository: Repository, index: Callable[..., Index]
) -> None:
    """Nothing is found until something is committed."""
    with index(repository.path) as found:
        assert (found.indexed, found.titles("add")) == (0, set())
        repository.commit("Add something")
        assert found.emulator.refresh() == 1


def test_a_bare_repository_is_read_as_committed(
    repository: Repository, tmp_path: Path, index: Callable[..., Index]
) -> None:
    """Documents and code of HEAD, with their places and times; again after a fetch."""
    repository.commit("Add", {"docs/a.md": "# Apple", "x.py": "def peel(): ..."})
    git(tmp_path, "clone", "--quiet", "--bare", str(repository.path), "bare.git")
    with index(tmp_path / "bare.git") as found:
        assert [info.kind for info in found.emulator.corpora()] == ["commits", "documents"]
        assert found.titles("add") == {"Add"}
        (result,) = found.find("apple")
        assert (result["path"], result["occurredAt"]) == ("docs/a.md", "2026-01-02T00:00:00Z")
        assert found.titles("peel") == {"x.py", "peel in x.py"}
        repository.commit("Change", {"docs/a.md": "# Pear"})
        git(tmp_path / "bare.git", "fetch", "--quiet", str(repository.path), "+main:main")
        found.emulator.refresh()
        assert (found.titles("apple"), found.titles("pear")) == (set(), {"Pear"})


@pytest.mark.parametrize("way", ["sparse", "no checkout"])
def test_what_is_not_checked_out_is_read_as_committed(
    way: str, repository: Repository, tmp_path: Path, index: Callable[..., Index]
) -> None:
    """Documents that git tracks count, whether or not they lie in the working tree."""
    repository.commit("Add", {"docs/a.md": "# Apple\n\nfruit", "ops/b.md": "# Pear\n\nfruit"})
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-checkout", str(repository.path), str(clone))
    if way == "sparse":
        git(clone, "sparse-checkout", "set", "docs")
        git(clone, "checkout", "--quiet")
        assert not (clone / "ops").exists()
    with index(clone) as found:
        assert found.titles("fruit") == {"Apple", "Pear"}
        assert found.emulator.refresh() == 0


def test_a_treeless_clone_is_indexed_without_the_files_of_commits(
    repository: Repository, tmp_path: Path, index: Callable[..., Index]
) -> None:
    """As continuous integration makes them; that something is missing is said."""
    for number in range(3):
        repository.commit(f"Change {number}", {"docs/a.md": f"# Apple {number}"})
    repository.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--filter=tree:0", f"file://{repository.path}", str(clone))
    with index(clone) as found:
        assert len(found.titles("change")) == 3
        assert found.titles("apple") == {"Apple 2"}
        assert [part.reason for part in found.emulator.left_out] == [
            "the files of commits: the clone has no trees"
        ]


def test_repositories_in_a_directory_are_indexed_with_their_commits(
    tmp_path: Path, index: Callable[..., Index]
) -> None:
    """A folder of clones is searched as a whole; a submodule that is not named is said to be left out."""
    for name in ("web", "api"):
        inner = Repository(tmp_path / "work" / name, remote=f"git@github.com:acme/{name}.git")
        inner.commit(f"Explain the {name}", {"README.md": f"# The {name}\n\nfruit"})
    (tmp_path / "work/own.md").write_text("# Own\n\nfruit")
    with index(tmp_path / "work") as found:
        assert found.titles("explain") == {"Explain the web", "Explain the api"}
        assert found.titles("fruit") == {"The web", "The api", "Own"}
        assert found.emulator.documents == 5
    top = Repository(tmp_path / "top")
    inner_path = str(tmp_path / "work/web")
    top.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner_path, "web")
    top.commit("Add a part")
    with index(top.path) as found:
        assert [str(part) for part in found.emulator.left_out] == [
            "1 submodules: index them by their own paths (web)"
        ]


def test_a_repository_that_git_cannot_read_does_not_stop_the_others(
    tmp_path: Path, index: Callable[..., Index]
) -> None:
    """It is counted and named: a folder of clones can hold a damaged one, or somebody else's."""
    for name in ("api", "web"):
        Repository(tmp_path / name).commit("Add fruit", {"README.md": f"# The {name}\n\nfruit"})
    (tmp_path / "api/.git/config").write_text("[core]\n\tbare = perhaps\n")
    with index(tmp_path) as found:
        assert found.titles("fruit") == {"Add fruit", "The web"}
        assert [str(part) for part in found.emulator.left_out] == [
            "1 repositories that git cannot read (api)"
        ]


BAD = os.fsdecode(b"caf\xe9")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_is_not_utf8_is_read_and_told(
    repository: Repository, index: Callable[..., Index]
) -> None:
    """A file's, a directory's, a submodule's, that of what is left out; checked out, bare, and from within."""
    files = ("a.md", f"{BAD}.md", f"{BAD}/b.md", f"{BAD}.pdf", "\x1b[2J.pdf", "-a.md")
    sha = repository.commit("Add", dict.fromkeys(files, "# Fruit\n\nfruit"))
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{sha},sub{BAD}")
    repository.git("commit", "--quiet", "--author", ADA, "--message=Add a submodule")
    repository.git("clone", "--quiet", "--bare", ".", "bare.git")
    for path in (repository.path, repository.path / "bare.git", repository.path / BAD):
        with index(path) as found:
            results = found.find("fruit")
            assert found.indexed > 0
            assert results
            json.dumps(results).encode()
            assert "subcaf\ufffd" in "".join(map(str, found.emulator.left_out))


def test_directories_without_end_are_left_out(tmp_path: Path, index: Callable[..., Index]) -> None:
    """And told; the rest is read."""
    (tmp_path / "a.md").write_text("# Fruit\n\nfruit")
    (tmp_path / "/".join("d" * 120)).mkdir(parents=True)
    with index(tmp_path) as found:
        assert found.titles("fruit") == {"Fruit"}
        (part,) = found.emulator.left_out
        assert str(part).startswith("1 directories more than 100 deep (d/d")


def test_a_directory_below_the_top_limits_what_is_indexed(
    repository: Repository, index: Callable[..., Index]
) -> None:
    """Commits that touch it, files that lie in it, with links from the top."""
    repository.commit("Touch one", {"one/a.md": "# Apple\n\nfruit"})
    repository.commit("Touch two", {"two/b.md": "# Pear\n\nfruit"})
    with index(repository.path / "two") as found:
        assert found.titles("touch fruit") == {"Touch two", "Pear"}
        (result,) = found.find("fruit")
        assert result["url"].endswith("/blob/HEAD/two/b.md#pear")
        assert result["occurredAt"] == "2026-01-03T00:00:00Z"


def test_an_ignored_directory_is_read_as_plain_files(
    repository: Repository, index: Callable[..., Index]
) -> None:
    """A user who names it means what lies there."""
    repository.commit("Ignore data", {".gitignore": "data/\n"})
    repository.write("data/a.md", "# Apple\n\nfruit")
    with index(repository.path / "data") as found:
        assert found.titles("fruit ignore") == {"Apple"}


def test_a_plain_directory_works_without_git(
    tmp_path: Path, index: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files only; hidden directories, dependencies and virtual environments are left out."""
    root = tmp_path / "plain"
    for place in ("", "deep/er", ".hidden", "node_modules/x", "env/lib"):
        (root / place).mkdir(parents=True, exist_ok=True)
        (root / place / "a.md").write_text(f"# At {place}\n\nfruit")
    (root / "env/pyvenv.cfg").touch()
    (root / "notes.rst").write_text("Notes\n=====\n\nfruit\n")
    monkeypatch.setenv("PATH", "")
    with index(root) as found:
        results = found.find("fruit")
    assert {r["title"] for r in results} == {"At", "At deep/er", "Notes"}
    assert all(r["url"] is None and r["occurredAt"].endswith("Z") for r in results)


def test_a_missing_git_is_told(
    repository: Repository, index: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository without git to read it is an error that says so."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EmulatorError, match="install git"):
        index(repository.path)


def test_a_broken_repository_is_told(
    repository: Repository, index: Callable[..., Index], tmp_path: Path
) -> None:
    """Git's own words are passed on, and what was indexed before stays."""
    for number in range(3):
        repository.commit(f"Change {number}")
    with index(repository.path) as found:
        sha = repository.commit("Broken")
        (repository.path / ".git/objects" / sha[:2] / sha[2:]).unlink()
        with pytest.raises(EmulatorError, match="git"):
            found.emulator.refresh()
        assert len(found.titles("change")) == 3


def test_a_history_that_breaks_off_is_told(
    repository: Repository, index: Callable[..., Index], tmp_path: Path
) -> None:
    """If git fails on the way, nothing is kept of what it said before."""
    for number in range(3):
        repository.commit(f"Change {number}", {"a.txt": str(number)})
    tree = repository.git("rev-parse", "HEAD~1^{tree}").strip()
    (repository.path / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(EmulatorError, match="`git log` failed in"):
        index(repository.path)
    with index() as found:
        assert (found.emulator.documents, found.emulator.corpora()) == (0, [])


def test_bytes_in_any_encoding_are_read(
    repository: Repository, index: Callable[..., Index]
) -> None:
    """Bytes that are not UTF-8 cost a character, never the commit."""
    repository.commit(b"Caf\xe9 opened", author=ADA)
    repository.commit("Later", {"a.md": b"# Tea\xff\n\nroom\0here"})
    Path(os.fsdecode(os.fsencode(repository.path) + b"/\xff.md")).write_text(
        "# Strange name\n\nroom"
    )
    repository.commit("Name")
    with index(repository.path) as found:
        assert len(found.titles("opened")) == 1
        assert found.titles("room") == {"Tea\ufffd", "Strange name"}


def test_a_configured_encoding_is_respected(
    repository: Repository, index: Callable[..., Index]
) -> None:
    """A commit that says it is Latin-1 is read as such."""
    repository.git("config", "i18n.commitEncoding", "ISO-8859-1")
    repository.commit(b"Caf\xe9 opened")
    with index(repository.path) as found:
        assert found.titles("opened") == {"Café opened"}


def test_a_users_configuration_changes_nothing(
    repository: Repository, index: Callable[..., Index]
) -> None:
    """Signatures, colours, formats and renames that a user configured do not get into the stream."""
    for name, value in {
        "log.showSignature": "true",
        "color.ui": "always",
        "format.pretty": "oneline",
        "diff.renames": "copies",
        "log.decorate": "full",
        "diff.noprefix": "true",
        "log.diffMerges": "first-parent",
    }.items():
        repository.git("config", name, value)
    repository.commit("Add", {"a.txt": "x\n" * 40})
    repository.git("mv", "a.txt", "b.txt")
    repository.commit("Move")
    with index(repository.path) as found:
        files = [e["key"] for e in found.find("move")[0]["entities"] if e["category"] == "file"]
        assert files == ["a.txt", "b.txt"]
        assert found.titles("add") == {"Add"}


def test_a_hooks_environment_does_not_mislead(
    repository: Repository,
    tmp_path: Path,
    index: Callable[..., Index],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """GIT_DIR of another repository is not followed."""
    other = Repository(tmp_path / "other")
    other.commit("Other commit")
    repository.commit("Own commit")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    with index(repository.path) as found:
        assert found.titles("commit") == {"Own commit"}


def test_messages_like_records_do_not_confuse(
    repository: Repository, index: Callable[..., Index]
) -> None:
    """Empty messages, messages that look like hashes, files named like hashes."""
    name = "0123456789" * 4
    repository.commit(name, {name: "x", "new\nline.md": "# Line\n\ntext"})
    repository.commit("Add\n\n\n\nmany\n\n\nlines\n", {"x": "y"})
    with index(repository.path) as found:
        assert found.emulator.documents == 3
        assert found.titles("many") == {"Add"}
        (result,) = found.find(name)
        assert {e["key"] for e in result["entities"]} >= {name, "new\nline.md"}


def test_what_is_passed_over_is_told(
    repository: Repository, index: Callable[..., Index], caplog: pytest.LogCaptureFixture
) -> None:
    """By reason, how many and which; logged when something changed, and known as long as it lasts."""
    files: dict[str, str | bytes] = {
        "a.md": "# Apple\n\nfruit",
        "large.md": "fruit " * (MAX_FILE_BYTES // 6 + 1),
        "b.pdf": "x",
        "c.pdf": "x",
        "old.md": b"Caf\xe9",
        "logo.png": "x",
    }
    repository.commit("Add", files)
    (repository.path / "out.md").symlink_to("/etc/hostname")
    expected = [
        "2 .pdf",
        "1 larger than 1 MiB (large.md)",
        "1 not in UTF-8: read with replacement characters (old.md)",
    ]
    with index(repository.path) as found:
        assert found.titles("fruit") == {"Apple"}
        assert sorted(map(str, found.emulator.left_out)) == sorted(expected)
    (record,) = caplog.records
    assert "left out: " in record.message
    assert "2 .pdf" in record.message
    caplog.clear()
    with index(repository.path) as found:
        assert (found.indexed, caplog.records) == (0, [])
        assert len(found.emulator.left_out) == 3
        repository.write("old.md", "Coffee")
        repository.git("rm", "--quiet", "--cached", "b.pdf")
        found.emulator.refresh()
        assert {str(part) for part in found.emulator.left_out} == {"1 .pdf", expected[1]}


def test_one_unreadable_directory_or_file_does_not_stop_the_rest(
    tmp_path: Path, index: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted and named."""
    for name in ("closed/a.md", "b.md", "c.md"):
        (tmp_path / "plain" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "plain" / name).write_text("# Fruit")
    scandir, access = os.scandir, os.access

    def refuse(path: Any) -> Any:
        # As for everybody but root, for whom the tests may run.
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(
        os, "access", lambda path, mode: not str(path).endswith("c.md") and access(path, mode)
    )
    with index(tmp_path / "plain") as found:
        assert len(found.find("fruit")) == 1
        assert [str(part) for part in found.emulator.left_out] == ["2 unreadable (c.md, closed)"]


@pytest.mark.slow
def test_a_large_file_that_is_named_is_read(tmp_path: Path, index: Callable[..., Index]) -> None:
    """A user who names it means it."""
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changes\n\n" + "fruit\n\n" * (MAX_FILE_BYTES // 7 + 1)
    )
    with index(tmp_path / "CHANGELOG.md") as found:
        assert found.titles("fruit") == {"Changes"}


def test_source_code_can_be_left_out(repository: Repository, tmp_path: Path) -> None:
    """With one option; it goes when the option is given later, and comes back without it."""
    repository.commit(
        "Add", {"a.md": "# Apple", "x.py": '"""Peels."""\n\ndef peel():\n    "Peel it."\n'}
    )
    database = tmp_path / "index.sqlite3"
    for code, expected in ((True, 4), (False, 2), (True, 4)):
        emulator = Emulator([repository.path], database=database, code=code)
        emulator.refresh()
        assert emulator.documents == expected
        emulator.close()


def test_a_symbol_becomes_a_result(repository: Repository, index: Callable[..., Index]) -> None:
    """Type, source, path, line, signature, docstring, and a link to the line."""
    text = '"""Peels fruit."""\n\n\ndef peel(apple: str) -> None:\n    """Take the skin off."""\n'
    repository.commit("Add", {"src/x.py": text})
    with index(repository.path) as found:
        result = next(r for r in found.find("skin") if r["type"] == "code")
    assert result["title"] == "peel in src/x.py"
    assert (result["source"], result["path"], result["line"]) == ("github", "src/x.py", 4)
    assert result["url"] == "https://github.com/acme/api/blob/HEAD/src/x.py#L4"
    assert result["snippet"] == "def peel(apple: str) -> None Take the skin off."
    assert result["occurredAt"] == "2026-01-02T00:00:00Z"


def test_links_out_of_the_root_are_not_followed(
    tmp_path: Path, index: Callable[..., Index], repository: Repository
) -> None:
    """Neither to files nor to directories, in a repository or not; loops do no harm."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a.md").write_text("# Secret\n\nfruit")
    root = tmp_path / "plain"
    for place in (root, repository.path):
        place.mkdir(exist_ok=True)
        (place / "own.md").write_text("# Own\n\nfruit")
        (place / "link.md").symlink_to(secret / "a.md")
        (place / "linked").symlink_to(secret)
        (place / "loop.md").symlink_to(place / "loop.md")
    repository.commit("Add")
    repository.commit("More", {"dir/a.md": "# Tracked\n\nfruit"})
    (repository.path / "dir/a.md").unlink()
    (repository.path / "dir").rmdir()
    (repository.path / "dir").symlink_to(secret)
    with index(root, repository.path) as found:
        assert found.titles("fruit") == {"Own"}


def test_pipes_are_not_read(tmp_path: Path, index: Callable[..., Index]) -> None:
    """A named pipe would make us wait for ever."""
    os.mkfifo(tmp_path / "pipe.md")
    with index(tmp_path) as found:
        assert found.indexed == 0


def test_two_clones_hold_each_commit_once(
    repository: Repository, tmp_path: Path, index: Callable[..., Index]
) -> None:
    """An id is unique in the organization."""
    repository.commit("Add", {"a.md": "# Apple\n\nfruit"})
    git(tmp_path, "clone", "--quiet", str(repository.path), "clone")
    git(tmp_path / "clone", "remote", "set-url", "origin", "https://github.com/acme/api")
    with index(repository.path, tmp_path / "clone") as found:
        assert len(found.find("add fruit")) == 2


def test_a_new_remote_gives_new_links(tmp_path: Path, index: Callable[..., Index]) -> None:
    """Links follow the remote; without one there are none."""
    repository = Repository(tmp_path / "repository", remote=None)
    repository.commit("Add", {"a.md": "# Apple\n\nfruit"})
    with index(repository.path) as found:
        assert [r["url"] for r in found.find("add fruit")] == [None, None]
        repository.git("remote", "add", "upstream", "https://u:token@gitlab.com/acme/sub/api.git")
        found.emulator.refresh()
        urls = {r["source"]: r["url"] for r in found.find("add fruit")}
    assert urls["gitlab"].startswith("https://gitlab.com/acme/sub/api/-/commit/")
    assert urls["docs"] == "https://gitlab.com/acme/sub/api/-/blob/HEAD/a.md#apple"


def test_progress_is_told(repository: Repository, tmp_path: Path) -> None:
    """Counts rise to the total."""
    for number in range(3):
        repository.commit(f"Change {number}", {"a.md": f"# {number}"})
    told: list[tuple[int, int | None]] = []
    with Emulator([repository.path], on_progress=lambda *count: told.append(count)):
        pass
    assert told[-1] == (4, 4)
    assert told == sorted(told)


def test_observations_are_read_again_when_written(
    lines: Callable[..., Path], index: Callable[..., Index]
) -> None:
    """The whole file; of two lines with one id, the later."""
    path = lines({"id": "a", "title": "First fruit"}, {"id": "a", "title": "Second fruit"})
    with index(path) as found:
        assert found.titles("fruit") == {"Second fruit"}
        lines({"title": "Third fruit"})
        found.emulator.refresh()
        assert found.titles("fruit") == {"Third fruit"}
        path.write_text('{"title": "Fourth fruit"}\n{"title": 4}\n')
        with pytest.raises(EmulatorError, match=r"line 2: `title`"):
            found.emulator.refresh()
        assert found.titles("fruit") == {"Third fruit"}


def test_what_cannot_be_indexed_is_told(tmp_path: Path, index: Callable[..., Index]) -> None:
    """A path that is missing, a file of an unknown kind."""
    with pytest.raises(EmulatorError, match="There is nothing at"):
        index(tmp_path / "missing")
    (tmp_path / "a.pdf").touch()
    with pytest.raises(EmulatorError, match="Cannot index"):
        index(tmp_path / "a.pdf")


def test_one_file_is_indexed_alone(tmp_path: Path, index: Callable[..., Index]) -> None:
    """Not its neighbours."""
    (tmp_path / "a.md").write_text("# Apple\n\nfruit")
    (tmp_path / "b.md").write_text("# Pear\n\nfruit")
    with index(tmp_path / "a.md") as found:
        assert found.titles("fruit") == {"Apple"}


def test_the_full_text_index_stays_sound(
    repository: Repository, index: Callable[..., Index], tmp_path: Path
) -> None:
    """After additions, changes, removals and a rebuild, SQLite finds nothing to complain about."""
    repository.commit("Add", {"a.md": "# Apple\n\n# Pear", "b.md": "# Quince"})
    with index(repository.path) as found:
        repository.commit("Change", {"a.md": "# Pear"})
        repository.git("rm", "--quiet", "b.md")
        found.emulator.refresh()
        repository.git("reset", "--quiet", "--hard", "HEAD~1")
        found.emulator.refresh()
    db = sqlite3.connect(tmp_path / "index.sqlite3")
    db.execute("INSERT INTO document_text (document_text) VALUES ('integrity-check')")
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    counts = [
        db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("document", "document_text", "passage")
    ]
    orphans = "SELECT count(*) FROM facet WHERE document NOT IN (SELECT rowid FROM document)"
    assert (counts, db.execute(orphans).fetchone()[0]) == ([4, 4, 4], 0)
    db.close()


def test_a_renamed_branch_is_the_same_history(
    repository: Repository, index: Callable[..., Index]
) -> None:
    """Nothing is indexed again for a name; another branch is another history."""
    repository.commit("Keep this")
    with index(repository.path) as found:
        repository.git("branch", "-m", "trunk")
        assert found.emulator.refresh() == 0
        repository.git("checkout", "--quiet", "--orphan", "other")
        repository.commit("Write this")
        found.emulator.refresh()
        assert found.titles("this") == {"Write this"}
