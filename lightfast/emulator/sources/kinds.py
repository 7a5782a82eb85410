"""Kinds of files: which are read, how, and how much they count, told by their names alone."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator.sources.languages import LANGUAGES

if TYPE_CHECKING:
    from lightfast.emulator.sources.documents import Family

__all__ = ["EXPECTED", "FileKind", "kind_of"]

ASIDE = 0.2  # off the score of what is there for other reasons than to be read: fixtures, vendored copies
EXAMPLE = 0.1

_MARKUP = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd", ".qmd", ".rmd"), "markdown"),
    ".mdx": "mdx",
    **dict.fromkeys((".rst", ".rest"), "restructuredtext"),
    **dict.fromkeys((".adoc", ".asciidoc"), "asciidoc"),
    ".org": "org",
    **dict.fromkeys((".txt", ".text"), "text"),
    ".ipynb": "notebook",
}
# Prose that somebody may miss, in forms that are not read.
EXPECTED = frozenset(str.split(".pdf .docx .doc .odt .rtf .pptx .odp .xlsx .html .htm .tex .textile .mediawiki .wiki .pod .rdoc .djvu .epub .jsonl .ndjson"))  # fmt: skip

_READ_WITHOUT_SUFFIX = re.compile(
    r"(?:readme|news|changes|changelog|change[-_]?log|history|release[-_]?notes|releases|todo|install|hacking"
    r"|contributing|upgrading|updating|faq|architecture|design|security|support|maintainers|roadmap)\b.{0,40}"
)
# `git.1`, `printf.3p`, `fd.1.in`; and versions, whose text tells them from these.
_MANUAL = re.compile(r".+\.(?:[1-9][a-z]{0,12}|man|mdoc)(?:\.(?:in|prebuilt))?")
_CHANGELOG = re.compile(
    r"(?:(?:change[-_]?s?|change[-_]?logs?|history|news|release[-_ ]?notes?|releases|what'?s[-_]?new|whats-?new)\b"
    r"|release[-_ ]?v?\d).{0,60}"
)
_FRAGMENTS = frozenset(
    str.split(
        "changelog.d changelog changelogs changes.d .changes .changeset newsfragments news.d newsfragment"
        " unreleased release-notes releasenotes release_notes whatsnew announce"
    )
)
# https://towncrier.readthedocs.io/en/stable/tutorial.html#creating-news-fragments
_FRAGMENT_TYPES = frozenset(
    str.split(
        ".feature .bugfix .doc .docs .removal .misc .breaking .deprecation .deprecated .security .change .added .changed"
        " .fixed .removed .improvement .enhancement .vendor .packaging .contrib"
    )
)
_NOT_PROSE = re.compile(r"(?:.*requirements|constraints|cmakelists|robots|humans|licen[cs]e|copying|notice|top_level|sources|entry_points|dependency_links|.*[-_]list|words|dictionary|(?:sha|md|b)\d{1,3}sums?|checksums?)[\w.-]*\.te?xt")  # fmt: skip

_TEST_DIRECTORIES = frozenset(str.split("test tests testdata test-data test_data __tests__ __mocks__ mocks e2e fixtures fixture __fixtures__ snapshots __snapshots__ cassettes"))  # fmt: skip
_VENDORED = frozenset(str.split("vendor vendored _vendor third_party third-party thirdparty node_modules bower_components site-packages external extern externals pods dist out target"))  # fmt: skip
# Forms to fill in, and what tools keep for themselves; people write in these hidden directories, too.
_FORM = re.compile(r"(?:issue|pull_request|merge_request)_templates?(?:\.\w+)?")
_WRITTEN_IN = frozenset({".github", ".gitlab"})
_EXAMPLES = frozenset(str.split("example examples sample samples demo demos docs_src snippets tutorial tutorials cookbook script scripts tools testing benchmark benchmarks bench doc docs .github ci"))  # fmt: skip
_TEST_FILE = re.compile(r"(?:test_.*|conftest|.*_tests?|.*[._-](?:test|tests|spec|stories|mock)|.*(?<=[a-z])Tests?|.*Spec)\.\w+")  # fmt: skip
_GENERATED = re.compile(r".*(?:_pb2(?:_grpc)?\.pyi?|\.pb(?:\.gw)?\.\w+|\.min\.\w+|\.bundle\.\w+|\.g(?:en|enerated)?\.\w+|_generated\.\w+|-lock\.\w+|\.d\.ts\.map)")  # fmt: skip
_SETTING_UP = frozenset({"setup.py", "noxfile.py", "gulpfile.js", "gruntfile.js", "conf.py", "build.rs"})  # fmt: skip


@attrs.frozen
class FileKind:
    """Kind of file: how it is read, and how much it counts.

    Args:
        form: A markup, ``notebook``, or a programming language; a ``manual`` only if its text looks like one.
        family: What its text is.
        penalty: What is taken off the score of what stands in it.
    """

    form: str
    family: Family
    penalty: float = 0.0


def kind_of(path: str) -> FileKind | None:
    """Return how to read a file; None when it is not read.

    Args:
        path: Where it is, with slashes.
    """
    directory, _, name = path.rpartition("/")
    stem, dot, last = name.rpartition(".")
    suffix = f".{last.lower()}" if dot and stem else ""
    if suffix in LANGUAGES:
        return _code(directory, name, LANGUAGES[suffix].name)
    form = _MARKUP.get(suffix)
    if form == "text" and _NOT_PROSE.fullmatch(name.lower()):
        return None
    if form is None and _is_prose(directory, name, suffix):
        form = "text"
    if form is None and _MANUAL.fullmatch(name.lower()):
        form = "manual"
    if form is None:
        return None
    aside = _is_aside(directory)
    if aside and form in {"text", "manual"}:
        return None  # data of a test
    family: Family = "changelog" if _is_changelog(directory, name) else "documentation"
    return FileKind(form, family, ASIDE if aside or _is_for_tools(directory, name) else 0.0)


def _code(directory: str, name: str, language: str) -> FileKind | None:
    if (
        _is_aside(directory)
        or _is_spec(directory)
        or _TEST_FILE.fullmatch(name)
        or _GENERATED.fullmatch(name)
    ):
        return None
    example = name.lower() in _SETTING_UP or _is_example(directory)
    return FileKind(language, "code", EXAMPLE if example else 0.0)


def _is_prose(directory: str, name: str, suffix: str) -> bool:
    if not suffix or not suffix[1:].isalpha():
        stem = name.lower()
        return bool(_READ_WITHOUT_SUFFIX.fullmatch(stem)) or (
            _is_fragment(directory) and name[0] != "."
        )
    return suffix in _FRAGMENT_TYPES and _is_fragment(directory)


def _is_changelog(directory: str, name: str) -> bool:
    return bool(_CHANGELOG.fullmatch(name.lower())) or _is_fragment(directory)


@lru_cache(maxsize=4096)
def _parts(directory: str) -> frozenset[str]:
    return frozenset(directory.lower().split("/"))


@lru_cache(maxsize=4096)
def _is_aside(directory: str) -> bool:
    return bool(_parts(directory) & (_TEST_DIRECTORIES | _VENDORED))


def _is_for_tools(directory: str, name: str) -> bool:
    parts = _parts(directory)
    hidden = any(part.startswith(".") for part in parts - _WRITTEN_IN - _FRAGMENTS)
    return hidden or any(_FORM.fullmatch(part) for part in {*parts, name.lower()})


@lru_cache(maxsize=4096)
def _is_spec(directory: str) -> bool:
    # Of documents these are the very specification.
    return bool(_parts(directory) & {"spec", "specs"})


@lru_cache(maxsize=4096)
def _is_example(directory: str) -> bool:
    return bool(_parts(directory) & _EXAMPLES)


@lru_cache(maxsize=4096)
def _is_fragment(directory: str) -> bool:
    return bool(_parts(directory) & _FRAGMENTS)
