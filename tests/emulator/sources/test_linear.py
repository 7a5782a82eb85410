"""Reading a text takes time in proportion to its length, whatever it holds."""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightfast.emulator.sources import contents, github, slack, tables
from lightfast.emulator.sources.code import symbols
from lightfast.emulator.sources.commits import commit_document
from lightfast.emulator.sources.documents import mentions
from lightfast.emulator.sources.forge import forge_of
from lightfast.emulator.sources.kinds import kind_of
from lightfast.emulator.sources.languages import LANGUAGES
from lightfast.emulator.sources.markup import plain
from lightfast.emulator.sources.observations import observation
from lightfast.emulator.sources.pulls import pulls_of_commits
from lightfast.emulator.sources.records import record_document
from lightfast.emulator.sources.releases import release_time
from lightfast.emulator.sources.roff import is_roff
from lightfast.emulator.sources.sections import MARKUPS, sections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def untraced() -> Iterator[None]:
    """Without coverage's tracer: it takes five times as long, and would be measured with what it slows down."""
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)


# Begun and not ended, nested, or nearly something else: what makes parsers look back.
FRAGMENTS = [
    *("\n", " ", "\t", "a", "a ", "a\n", "*", "**a", "_", "~~", "`", "``` \n", "`a", "\\", "&", "&#9"),
    *("[", "]", "[a", "[[", "](", "[](", "[](()", "![", "[![", "[a][", "[^", "[a]: ", "(", "()", "((", "{", "{#", "{{", "{%"),
    *("<", "<a", "<a ", "<!--", "-->", "<h1>", "</", "<h1 a", "<img alt=\"", "<div>\n", "http://"),
    *("#", "# a\n", "## a {#\n", "a\n-\n", "a\n=\n", "=\n", "-\n", "---\n", "> ", ">\n", "- ", "- a\n", "1. ", "    a\n"),
    *("|", "|-", "|a|\n", "!!! ", "!!! a \"", ":::\n", "import a\n", "a: b\n", "a:", "---\na: b\n"),
    *(":", "::", ":a", ":a:", ":a:`", "`a <", "`a <b>`", ".. ", ".. a::", ".. a::\n", "..\n  a\n", ".. |a", "a\n^\n", " :a: b\n"),
    *("= a\n", "== ", "----\n", "link:a[", "<<a", "<<a,", "* a\n", "[[a", "#+BEGIN_SRC\n", ":a:\n"),
    *(".TP\n", ".TP\na\n", ".IP a\n", ".It Xo\n", ".It Xo\na\n", ".RS\n", "a\n.RS\n", ".SH\n", ".if n ", ".ie n \\{", ".if t \\{\n", ".el \\{\n", ".de a\n"),
    *("\\f", "\\f[", "\\h'", "\\(", "\\[", "\\*[", "\\\"", ".B \"", ".B a ", ".Op ", ".Fl ", ".Op Fl a ", ".Fn a ", ".TS\n.\n", "T{\t", ".Bl\n.It\n"),
    *("\"\"\"", "'''", "\"\"\"\n", "/*", "/*\n", "*/", "//\n", "# a\n", "@a\n", "#[", "def f(", "def f(\n", "class A:\n", " class A:\n"),
    *("fn a", "public ", "public public(", "public a b(", "func (", "const a", "const a = ", "type A<", "template ", "impl<", "exports.", "a(){\n"),
    *("Co-authored-by: ", "Co-authored-by: a <", "fixes ", "fixes #", "#1", "#1 ", "A-1", "ABC-1 ", "abcdef1", "abcdef1 ", "reverts commit ", "a-bot", "a_"),
]  # fmt: skip


def read_markup(markup: str) -> Callable[[str], object]:
    return lambda text: sections(text, markup)


def read_language(language: str) -> Callable[[str], object]:
    return lambda text: symbols(text, language)


def issue(text: str) -> object:
    page = "https://github.com/a/b/issues/1"
    data = {"html_url": page, "title": text, "body": text, "state": "open", "created_at": "2026-01-01T00:00:00Z"}  # fmt: skip
    return github.read_items(json.dumps([data]))


PARSERS: dict[str, Callable[[str], Any]] = {
    **{markup: read_markup(markup) for markup in MARKUPS},
    **{language.name: read_language(language.name) for language in LANGUAGES.values()},
    "mentions": lambda text: mentions(text, None),
    "plain": plain,
    "commit": lambda text: commit_document(["0" * 40, "", "0", text, text, f"a\n\n{text}"], [], None),
    "issue": issue,
    "observation": lambda text: observation(json.dumps({"title": f"a{text}", "text": text}).encode()),
    "forge": forge_of,
    "roff": is_roff,
    "kind": kind_of,
    "release": lambda text: release_time([text], text),
    "record": lambda text: record_document({"key": "A-1", "fields": {"summary": text, "description": text}, "self": text, "created": text}),
    "page": lambda text: record_document({"title": "a", "url": f"https://github.com/{text}/issues/1"}),
    "table": lambda text: list(tables._rows(f"summary,issue key\n{text},A-1\n")),
    "slack": lambda text: slack._plain(text, {}),
    "notebook": lambda text: contents._notebook(json.dumps({"cells": [{"cell_type": "markdown", "source": text}]})),
}  # fmt: skip


@pytest.mark.parametrize("name", PARSERS)
def test_time_grows_with_the_length_and_no_faster(name: str) -> None:
    """Four times as much of anything takes about four times as long; sixteen times would be quadratic."""
    read = PARSERS[name]
    for fragment in FRAGMENTS:
        # What is quadratic takes longer than this for the short text; what does not needs no closer look.
        took = seconds(read, repeated(fragment, SHORT))
        if took > WORTH_A_LOOK:
            assert took < HOPELESS, f"{fragment!r} repeated"
            assert any(is_linear(read, fragment) for _ in range(TRIES)), f"{fragment!r} repeated"


SHORT = 20_000  # characters
WORTH_A_LOOK = 0.05  # seconds
HOPELESS = 5.0
TRIES = 6  # what is quadratic is so each time; a busy machine is not


def is_linear(read: Callable[[str], object], fragment: str) -> bool:
    took, longer = (seconds(read, repeated(fragment, size)) for size in (SHORT, 4 * SHORT))
    return longer < 9 * took


def repeated(fragment: str, size: int) -> str:
    return f"a\n\n{fragment * (size // len(fragment))}x"


def seconds(read: Callable[[str], object], text: str) -> float:
    """CPU seconds of this thread: neither other processes nor the garbage of other tests count."""
    gc.disable()
    try:
        started = time.thread_time()
        read(text)
        return time.thread_time() - started
    finally:
        gc.enable()


def test_time_for_merges_grows_with_their_number_and_no_faster() -> None:
    """Also when each of them brings a branch that began long ago."""
    assert any(took(6000) < 9 * took(1500) for _ in range(TRIES))


def took(merges: int) -> float:
    merged = [f"m{n}\0m{n + 1} b{n}\0Merge pull request #{n} from a" for n in range(merges)]
    branches = [f"b{n}\0root\0x" for n in range(merges)]
    history = "\0".join([*merged, f"m{merges}\0root\0x", *branches, "root\0\0x"])

    class History:
        def stream(self, *_: str) -> Iterator[str]:
            yield from history.split("\0")

    return seconds(lambda _: pulls_of_commits(History(), []), "")  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.text(alphabet="=-#~ab \n`>*\t[](){}<!:.|_\"'/\\@,0é"))
def test_no_text_is_too_strange_to_be_read(text: str) -> None:
    """By any of the readers."""
    for markup in MARKUPS:
        for section in sections(text, markup, "stem"):
            assert 1 <= section.line <= text.count("\n") + 1
    for language in {language.name for language in LANGUAGES.values()}:
        for symbol in symbols(text, language):
            assert 1 <= symbol.line <= text.count("\n") + 1


def test_a_document_that_nests_without_end_is_read() -> None:
    """A hundred thousand levels of anything neither recurse nor crash."""
    for fragment in ("> ", "- ", "[", "(", "{", "<div>", "  ", "*", "#", "((", "f(", "class A:\n "):
        for markup in MARKUPS:
            sections(fragment * 100_000, markup)
        symbols(fragment * 100_000, "python")
