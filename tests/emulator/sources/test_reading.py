"""Pure functions: headings, words, passages, remotes, mentions, observations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightfast.emulator.search.snippets import snippet
from lightfast.emulator.search.text import match_expression, split_identifiers, terms
from lightfast.emulator.sources.commits import is_robot
from lightfast.emulator.sources.documents import mentions
from lightfast.emulator.sources.forge import forge_of
from lightfast.emulator.sources.observations import observation
from lightfast.emulator.sources.releases import release_time
from lightfast.emulator.sources.sections import sections
from lightfast.emulator.timestamps import from_seconds, from_wire, to_wire

if TYPE_CHECKING:
    from pathlib import Path


# --- times ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["2026-04-03T12:30Z", "2026-04-03T12:30:00Z", "2026-04-03T12:30:00.000Z"]
)
def test_utc_with_z_is_a_time(text: str) -> None:
    """Seconds and their fraction may be left out."""
    assert to_wire(from_wire(text)) == "2026-04-03T12:30:00Z"


@pytest.mark.parametrize(
    "text",
    [
        *("2026-04-03T12:30:00+00:00", "2026-04-03T12:30:00", "2026-04-03", "2026-04-03T12Z", ""),
        *(
            "2026-02-31T00:00:00Z",
            "2026-04-03T24:01:00Z",
            "2026-04-03 12:30:00Z",
            "20260403T123000Z",
        ),
        *(
            "2026-04-03T12:30:00z",
            "2026-04-03T12:30:00Z\n",
            "٢٠٢٦-04-03T12:30:00Z",
            "2026-W14-5T00:00Z",
        ),
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    """Offsets, naive times, days that do not exist."""
    assert from_wire(text) is None


def test_a_broken_clock_has_no_time() -> None:
    """Git keeps any number."""
    assert from_seconds(1e18) is None
    assert to_wire(None) is None


# --- words and passages ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("call parseRetryAfter", "parse Retry After"),
        ("retry_after", "retry after"),
        ("__init__", "init"),
        ("HTTPParser", "HTTP Parser"),
        ("getURL2Text", "get URL2 Text"),
        ("plain words only", ""),
        ("parseA parseA", "parse A"),
    ],
)
def test_names_are_split(text: str, words: str) -> None:
    """At underscores and humps, each name once."""
    assert split_identifiers(text) == words


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("How are failed requests retried?", ["failed", "requests", "retried"]),
        ("parseRetryAfter", ["parseretryafter", "parse", "retry", "after"]),
        ("the the THE", ["the"]),
        ("...", []),
        ('a" OR b*', ["b"]),
        ("C++", ["c"]),
    ],
)
def test_a_query_gives_the_words_worth_looking_for(query: str, words: list[str]) -> None:
    """Without stop words, unless there are no others."""
    assert terms(query) == words


@given(st.text())
def test_no_word_carries_syntax(query: str) -> None:
    """A quoted name holds no quote."""
    words = terms(query)
    assert match_expression(words).count('"') == 2 * len(words)


def test_a_long_query_is_cut() -> None:
    """A whole file pasted into the box does not make a query of a thousand words."""
    assert len(terms(" ".join(f"w{n}" for n in range(1000)))) == 64


def test_a_snippet_is_the_passage_with_most_of_the_words() -> None:
    """Not the beginning, not where one word is alone."""
    body = (
        "A timeout. " + "Nothing here. " * 50 + "Retry after a timeout is safe. " + "Filler. " * 90
    )
    passage = snippet("Title", body, ["retry", "timeout"])
    assert "Retry after a timeout is safe." in passage
    assert passage.startswith("… ")
    assert passage.endswith(" …")
    assert len(passage) <= 300


OPTIONS = (
    f"-a: {'first of all, ' * 20}all.\n\n-i, --ignore-case: Search as if capitals {'at all ' * 12}were small.\n\n"
    f"-l: Of {'this or that, ' * 20}the light. {'More of it. ' * 20}\n\n-j, --jobs:\nCount jobs.\n\n-v: Talk."
)


@pytest.mark.parametrize(
    ("word", "begins"),
    [("capitals", "… -i, --ignore-case: "), ("small", "… -i, --ignore-case: "), ("light", "… that, this or that, ")],
)  # fmt: skip
def test_a_snippet_begins_with_its_paragraph(word: str, begins: str) -> None:
    """So that an option is seen beside what is said of it; not where the word stands too far below."""
    passage = snippet("Title", OPTIONS, [word])
    assert passage.startswith(begins)
    assert word in passage


def test_a_snippet_of_the_end_is_made_of_whole_paragraphs() -> None:
    """As many as fit, instead of the last words of the one before."""
    text = f"-l: {'More of it. ' * 30}\n\n-j, --jobs:\nCount jobs.\n\n-v: Talk."
    assert snippet("Title", text, ["talk"]) == "… -j, --jobs: Count jobs. -v: Talk."


@given(st.text(), st.lists(st.text(min_size=1)))
def test_a_snippet_is_one_line_of_limited_length(body: str, words: list[str]) -> None:
    """Whatever the text."""
    passage = snippet("Title", body, words)
    assert len(passage) <= 300
    assert "\n" not in passage


def test_a_snippet_of_nothing_is_the_title() -> None:
    """A document without a text shows its title."""
    assert snippet("The title", " \n", []) == "The title"


# --- headings -------------------------------------------------------------------------------


MARKUP_OF = {"a.md": "markdown", "a.rst": "restructuredtext"}


def outline(name: str, text: str) -> list[tuple[str, str, str]]:
    return [("/".join(s.path), s.body, s.anchor) for s in sections(text, MARKUP_OF[name])]


def test_markdown_is_cut_at_headings() -> None:
    """ATX and setext; not in code, quotations, lists, comments or front matter."""
    text = """---
title: x
---
Before.

# One `code` #

## Two & a half

```
# no heading
```

> # no heading

- # no heading

<!--
# no heading
-->

Three
-----
text

## Two & a half
"""
    assert [(path, anchor) for path, _, anchor in outline("a.md", text)] == [
        ("x/One code/Two & a half", "two--a-half"),
        ("x/One code/Three", "three"),
        ("x/One code/Two & a half", "two--a-half-1"),
    ]
    assert "    # no heading" in outline("a.md", text)[0][1]


def test_restructured_text_is_cut_at_headings() -> None:
    """Levels are told by style; literal blocks, transitions and tables divide nothing."""
    text = """\
=====
Title
=====

Intro.

First
=====

----------

Too long a title
===

::

   Not a title
   -----------

Second
------
text

Third
=====
======  =====
a       b
======  =====
"""
    assert [path for path, _, _ in outline("a.rst", text)] == [
        "Title",
        "Title/First",
        "Title/First/Second",
        "Title/Third",
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "---", "---\n", "===\n===", "#", "# \n", "=\n=\n="])
@pytest.mark.parametrize("name", ["a.md", "a.rst"])
def test_next_to_nothing_is_no_error(name: str, text: str) -> None:
    """Empty files, lone marks."""
    assert len(sections(text, MARKUP_OF[name])) <= 1


@given(st.text(alphabet="=-#~ab \n`>*\t"), st.sampled_from(["a.md", "a.rst"]))
def test_no_text_is_lost(text: str, name: str) -> None:
    """Every letter of a file stands in a title or a body."""
    # A few words before the first heading are no section.
    found = sections("A title\n=======\n\n" + text, MARKUP_OF[name])
    kept = "".join("".join(s.path) + s.body for s in found)
    assert {c for c in text if c in "ab"} <= set(kept) or "---" in text


# --- remotes and mentions -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remote", "base"),
    [
        ("git@github.com:acme/api.git", "https://github.com/acme/api"),
        ("https://github.com/acme/api", "https://github.com/acme/api"),
        ("https://user:token@github.com/acme/api.git/", "https://github.com/acme/api"),
        ("ssh://git@github.com:22/acme/api.git", "https://github.com/acme/api"),
        ("git://github.com/acme/api.git", "https://github.com/acme/api"),
        ("https://gitlab.example.com:8443/a/b/c.git", "https://gitlab.example.com:8443/a/b/c"),
        ("git@bitbucket.org:acme/api.git", "https://bitbucket.org/acme/api"),
        ("/srv/git/github/api.git", None),
        ("file:///srv/github/api.git", None),
        ("C:\\github\\api", None),
        ("https://example.com/acme/api.git", None),
        ("git@github.com-work:acme/api.git", "https://github.com/acme/api"),
        ("ssh://git@ssh.github.com:443/acme/api.git", "https://github.com/acme/api"),
        ("git@work:acme/api.git", "https://gitlab.example.com/acme/api"),
        ("https://github.com/acme/api.wiki.git", "https://github.com/acme/api"),
        ("https://codeberg.org/acme/api.git", "https://codeberg.org/acme/api"),
        ("git@salsa.debian.org:acme/api.git", "https://salsa.debian.org/acme/api"),
        (
            "https://bitbucket.example.com/scm/ab/api.git",
            "https://bitbucket.example.com/projects/AB/repos/api",
        ),
        (
            "https://acme@dev.azure.com/acme/shop/_git/api",
            "https://dev.azure.com/acme/shop/_git/api",
        ),
        ("git@ssh.dev.azure.com:v3/acme/shop/api", "https://dev.azure.com/acme/shop/_git/api"),
        ("https://acme.visualstudio.com/shop/_git/api", "https://dev.azure.com/acme/shop/_git/api"),
        ("git@git.sr.ht:~ada/api", "https://git.sr.ht/~ada/api"),
        ("https://[github/acme/api", None),
        ("javascript://github.com/acme/api", None),
        ('https://github.com/a"b/<script>', None),
        ("", None),
    ],
)
def test_a_remote_tells_where_a_repository_is_hosted(
    remote: str, base: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every way to write it; credentials are left out; what is unknown gives no links."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text("Host work other\n  HostName = gitlab.example.com\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    forge = forge_of(remote)
    assert (forge.base if forge else None) == base


@pytest.mark.parametrize(
    ("remote", "source", "commit", "issue", "pull", "file", "line"),
    [
        ("git@github.com:a/b", "github", "/commit/1", "/issues/1", "/pull/1", "/blob/HEAD/a%20b.md#x", "/blob/HEAD/a%20b.md#L3"),
        ("git@gitlab.com:a/b", "gitlab", "/-/commit/1", "/-/issues/1", "/-/merge_requests/1", "/-/blob/HEAD/a%20b.md#x", "/-/blob/HEAD/a%20b.md#L3"),
        ("git@bitbucket.org:a/b", "bitbucket", "/commits/1", "/issues/1", "/pull-requests/1", "/src/HEAD/a%20b.md", "/src/HEAD/a%20b.md#lines-3"),
        ("git@codeberg.org:a/b", "codeberg", "/commit/1", "/issues/1", "/pulls/1", "/src/branch/HEAD/a%20b.md#x", "/src/branch/HEAD/a%20b.md#L3"),
        ("git@gitea.example.com:a/b", "gitea", "/commit/1", "/issues/1", "/pulls/1", "/src/branch/HEAD/a%20b.md#x", "/src/branch/HEAD/a%20b.md#L3"),
        ("git@ssh.dev.azure.com:v3/o/p/b", "azure", "/commit/1", None, "/pullrequest/1", "?path=/a%20b.md", "?path=/a%20b.md&line=3"),
        ("https://github.com/a/b.wiki.git", "github", "/wiki/_history", "/issues/1", "/pull/1", "/wiki/a%20b#x", None),
        ("https://gitlab.com/a/b.wiki.git", "gitlab", "/-/wikis/_history", "/-/issues/1", "/-/merge_requests/1", "/-/wikis/a%20b#x", None),
    ],
)  # fmt: skip
def test_each_forge_has_its_own_pages(
    remote: str, source: str, commit: str, issue: str | None, pull: str, file: str, line: str | None
) -> None:
    """Commits, issues, pull requests, files, lines, and pages of wikis."""
    forge = forge_of(remote)
    assert forge is not None
    assert forge.name == source
    assert forge.commit("1") == forge.base + commit
    assert issue is None or forge.issue("1") == forge.base + issue
    assert forge.pull("1") == forge.base + pull
    assert forge.file("docs/a b.md" if forge.is_wiki else "a b.md", "x") == forge.base + file
    assert line is None or forge.line("a b.md", 3) == forge.base + line


def test_work_items_of_azure_and_tickets_of_sourcehut_lie_elsewhere() -> None:
    """Not below the repository."""
    azure, sourcehut = forge_of("git@ssh.dev.azure.com:v3/o/p/b"), forge_of("git@git.sr.ht:~a/b")
    assert azure is not None
    assert sourcehut is not None
    assert azure.issue("1") == "https://dev.azure.com/o/p/_workitems/edit/1"
    assert sourcehut.issue("1") == "https://todo.sr.ht/~a/b/1"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (["Changelog", "[2.0.0] - 2026-01-05"], "", "2026-01-05"),
        (["Changelog", "2.0.0 (2026/1/5)", "Added"], "", "2026-01-05"),
        (["1.2: January 5th, 2026"], "", "2026-01-05"),
        (["v1.2, 5 Jan 2026"], "", "2026-01-05"),
        (["Version 3.1.0"], "Released 2026-01-05\n\n- A", "2026-01-05"),
        (["1.0 release notes"], "*January 5, 2026*\n\nWelcome", "2026-01-05"),
        (["Unreleased"], "- Since 2020-01-01 this is wrong", None),
        (["2024.1.2"], "- A", None),
        (["1.0 (2026-31-01)"], "", None),
    ],
)
def test_a_changelogs_section_tells_when_its_release_was(
    path: list[str], body: str, expected: str | None
) -> None:
    """In its heading, in one above it, or in its first line."""
    seconds = release_time(path, body)
    found = (to_wire(from_seconds(seconds)) or "")[:10] if seconds is not None else None
    assert found == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(#12) and #12", ["#12"]),
        ("a#12, &#12; /#12 ##12 #abc", []),
        ("UTF-8, SHA-256, PEP-8 and ENG-1", ["ENG-1"]),
        ("deadbeef1 facade 20240101 0a1b2c3", ["deadbeef1", "0a1b2c3"]),
    ],
)
def test_only_references_are_taken_for_references(text: str, found: list[str]) -> None:
    """Standards, dates, words and entities of HTML look alike."""
    assert [reference["id"] for reference in mentions(text, None).references] == found


@pytest.mark.parametrize(
    ("name", "email", "robot"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", True),
        ("renovate-bot", "bot@renovateapp.com", True),
        ("pre-commit-ci[bot]", "66853113+pre-commit-ci[bot]@users.noreply.github.com", True),
        ("github-actions", "actions@github.com", True),
        ("Ada Lovelace", "ada@example.com", False),
        ("Abbot Talbot", "talbot@example.com", False),
    ],
)
def test_robots_are_recognised(name: str, email: str, robot: bool) -> None:
    """By the names they go by; people called Talbot are people."""
    assert is_robot(name, email) is robot


# --- observations ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": None}, "`title`"),
        ({"title": " "}, "`title`"),
        ({"text": 1}, "`text` must be text"),
        ({"url": "javascript:alert(1)"}, "`url` must start with"),
        ({"occurredAt": "yesterday"}, "ISO 8601"),
        ({"occurredAt": "2026-04-03T12:00:00"}, "time zone"),
        ({"entities": {}}, "`entities` must be a list"),
        ({"entities": [{"key": "a"}]}, "`category`"),
        ({"references": [{"type": "issue", "id": 1}]}, "all of them text"),
        ({"totalEvents": "7"}, "a number"),
        ({"totalEvents": True}, "a number"),
        ({"latestAction": 1}, "text"),
    ],
)
def test_a_bad_observation_is_refused(fields: dict[str, Any], said: str) -> None:
    """In words that name the field."""
    with pytest.raises(ValueError, match=said):
        observation(json.dumps({"title": "T", **fields}).encode())


def test_an_observation_needs_a_title_only() -> None:
    """The rest has defaults, and the same line has the same id every time."""
    first, second = (observation(b'{"title": "T", "url": null, "x": 1}') for _ in range(2))
    assert first == second
    assert (first.source, first.type, first.url, first.body) == ("import", "observation", None, "")


@pytest.mark.parametrize("line", [b"[]", b"1", b"{", b"\xff"])
def test_a_line_that_is_no_object_is_refused(line: bytes) -> None:
    """Whatever it is instead."""
    with pytest.raises(ValueError, match=r"."):
        observation(line)
