"""Documents are titled, cut into sections, and freed of their marks."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from lightfast.emulator.sources.markdown import read_markdown
from lightfast.emulator.sources.sections import Section, clean, sections

DOCS = Path(__file__).parents[3] / "docs"


def titles(text: str, markup: str = "markdown", stem: str = "") -> list[str]:
    return [" / ".join(section.path) for section in sections(text, markup, stem)]


# --- titles ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "markup", "expected"),
    [
        ("---\ntitle: Keys\ntags: [a, b]\n---\n\n## Steps\n\nDo.", "markdown", ["Keys / Steps"]),
        ('+++\ntitle = "Import"\n+++\n\n## Usage\n\nRun.', "markdown", ["Import / Usage"]),
        ("---\ntitle: Landing\n---\n", "markdown", ["Landing"]),
        ("---\ntitle: A\n---\n# A\n\nText.\n\n## B\n\nText.", "markdown", ["A", "A / B"]),
        ("PEP: 9\nTitle: Queues\n\nAbstract\n========\n\nText.", "restructuredtext", ["PEP 9: Queues / Abstract"]),
        ('<h1 align="center">Queue</h1>\n\n## Install\n\nRun.', "markdown", ["Queue / Install"]),
        (
            '# Questions\n\n<h3 name="order">\nIs the order\nstable?\n</h3>\n\nNo.',
            "markdown",
            ["Questions / Is the order stable?"],
        ),
        ("# A\n\nx\n\n# B\n\ny", "markdown", ["stem / A", "stem / B"]),
        ("Just a text.", "text", ["stem"]),
        ("= Store\n\nText.\n\n== Backoff\n\nText.", "asciidoc", ["Store", "Store / Backoff"]),
        ("* Plan\nText.\n** TODO Later\nText.", "org", ["Plan", "Plan / Later"]),
        ("## Use {#use}\n\nText.\n\n## Do `x` [![b](i)](l)\n\nText.", "markdown", ["stem / Use", "stem / Do x"]),
    ],
)  # fmt: skip
def test_a_section_is_called_by_its_document_and_its_headings(
    text: str, markup: str, expected: list[str]
) -> None:
    """Front matter, fields, HTML headings and the file's stem give the document's name; marks do not show."""
    assert titles(text, markup, "stem") == expected


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("---\n\n# Runbook\n\nRestart the numbat by hand.\n\n---\n\nFooter.", "markdown"),
        ("---\nAPI\n---\n\nThe numbat.\n\nNotes\n-----\n\nOther.", "restructuredtext"),
        ("---\nSome numbat prose, not a key.\n---\n\nMore.", "markdown"),
        ("---\nkey: value\nThe numbat.", "markdown"),
    ],
)
def test_text_between_two_rules_is_text(text: str, markup: str) -> None:
    """Only keys between two rules are front matter, and never in reST."""
    found = sections(text, markup)
    assert "numbat" in "".join("".join(section.path) + section.body for section in found)


# --- bodies ---------------------------------------------------------------------------------


def test_markdown_loses_its_marks_and_keeps_its_paragraphs() -> None:
    """Links, badges, emphasis, HTML, tables, comments and attributes go; code is indented."""
    text = """[![CI](https://x/badge.svg)](https://x) Use the *good* **bold** [client](http://a "t"), see `List<int>`.<br>
Escaped \\*stars\\* &amp; [^1] snake_case_names and 2 * 3.

<!-- not
this -->

| a | b |
|---|:-:|
| __init__ | 1 |

```python
run(**options)
```

> [!NOTE]
> Quoted.

[client]: https://example.com
"""
    assert clean(text) == (
        "Use the good bold client, see List<int>. \nEscaped *stars* &  snake_case_names and 2 * 3.\n\n"
        "a | b\n\n__init__ | 1\n\n    run(**options)\n\nQuoted."
    )


def test_restructured_text_loses_its_marks_and_keeps_its_paragraphs() -> None:
    """Roles, directives, comments, labels and tables' rules go; code is indented; versions are said."""
    text = """.. _label:
.. currentmodule:: x

Use :func:`~a.run` or :ref:`the guide <guide>`, ``code`` and `a link <https://x>`_ [1]_::

    run()

.. comment
   not shown

.. code-block:: python
   :caption: x

   call()

.. versionadded:: 2.1
   For numbats.

.. toctree::
   :maxdepth: 2

   other

====  ====
a     b
====  ====
"""
    assert clean(text, "restructuredtext") == (
        "Use a.run or the guide, code and a link :\n\n    run()\n\n    call()\n\n"
        "Added in version 2.1\nFor numbats.\n\na     b"
    )


def test_directives_inside_of_others_lose_their_marks() -> None:
    """Their options go, their text stays, code is code, and what is for tools is gone."""
    text = """.. tab:: Linux

   .. note::
      :class: small

      Restart it::

         restart numbat

      Then wait.

   .. toctree::

      other

   Done.
"""
    assert clean(text, "restructuredtext") == (
        "Linux\n\nRestart it:\n\n    restart numbat\n\nThen wait.\n\nDone."
    )


CHANGES = """
=======
Changes
=======

.. changelog::
    :version: 1.1
    :released: May 2, 2026

    .. change::
        :tags: bug, numbats
        :tickets: 12

        Numbats are counted once.

.. changelog::
    :version: 1.0

    .. change::

        Everything is new.
"""
RELEASES = """
Changes
=======

- :release:`2.1.0 <2026-05-02>`
- :release:`2.0.3 <2026-05-02>`
- :bug:`12` Numbats are counted
  once.
- :support:`- backported` Tests are faster.
* :release:`2.0.2`
- :feature:`7 major` Everything is new.
"""


def test_releases_that_directives_and_roles_name_are_sections() -> None:
    """As Sphinx extensions for changelogs write them; of several in a row the section is about each."""
    found = sections(CHANGES, "restructuredtext")
    assert [(" / ".join(s.path), s.body, s.line) for s in found] == [
        ("Changes / 1.1 (May 2, 2026)", "Numbats are counted once.", 6),
        ("Changes / 1.0", "Everything is new.", 16),
    ]
    found = sections(RELEASES, "restructuredtext")
    assert [(" / ".join(s.path), s.body, s.line) for s in found] == [
        (
            "Changes / 2.1.0 (2026-05-02), 2.0.3 (2026-05-02)",
            "- Bug #12: Numbats are counted\nonce.\n- Support: Tests are faster.",
            5,
        ),
        ("Changes / 2.0.2", "- Feature #7: Everything is new.", 10),
    ]


@pytest.mark.parametrize(
    "text", [".. changelog::\n\n   Text.", ".. changelog::\n   :version:\n\n   Text."]
)
def test_a_directive_without_a_version_is_no_release(text: str) -> None:
    """Its text stays."""
    assert [(s.path, s.body) for s in sections(text, "restructuredtext", "x")] == [
        (("x",), "Text.")
    ]


def test_asciidoc_and_org_lose_their_marks() -> None:
    """Attributes, blocks, links and emphasis."""
    asciidoc = ":toc:\n\nSee https://x[the *site*] and <<ref,there>>.\n\n[source,java]\n----\nrun();\n----\n// gone"
    assert clean(asciidoc, "asciidoc") == "See the site and there.\n\n    run();"
    org = "#+TITLE: x\nSee [[https://x][the /site/]].\n#+BEGIN_SRC sh\nls\n#+END_SRC"
    assert clean(org, "org") == "See the site.\n\n    ls"


def test_a_section_knows_its_line() -> None:
    """Of its heading, counted from the file's first line, front matter included."""
    found = sections("---\ntitle: x\n---\n\n# A\n\ntext\n\nB\n---\ntext", "markdown")
    assert [(section.path[-1], section.line) for section in found] == [("A", 5), ("B", 9)]


@pytest.mark.parametrize("heading", ["# A\n\n", ""])
def test_a_long_section_goes_on_in_others_with_lines_of_their_own(heading: str) -> None:
    """No paragraph is cut in two, nothing is lost; of what is far too long only the beginning is kept."""
    paragraphs = [f"{number} {'word ' * 199}word" for number in range(70)]
    text = heading + "\n\n".join(paragraphs)
    found = sections(text, "markdown", "A")
    assert "\n\n".join(section.body for section in found) == "\n\n".join(paragraphs)
    lines = text.split("\n")
    first, *others = found
    assert (len(others), {section.path for section in found}) == (3, {("A",)})
    assert first.line == 1
    assert [lines[section.line - 1] for section in others] == [
        s.body.split("\n")[0] for s in others
    ]
    assert 100_000 < sum(len(s.body) for s in sections(text * 3, "markdown", "A")) < 130_000


def test_a_heading_with_others_below_it_and_no_text_is_left_out() -> None:
    """Neither are a few words before the first heading a section; in a file without headings they are."""
    text = "Edit me.\n\n# A\n\n## B\n\n## C\n\ntext"
    assert titles(text) == ["A / B", "A / C"]
    assert sections("Edit me.", "markdown", "") == [Section((), "Edit me.", "")]


def test_headings_are_those_of_commonmark() -> None:
    """In every page of our own documentation, by the reference implementation's Python port."""
    parser = MarkdownIt("commonmark")
    pages = sorted(DOCS.rglob("*.md"))
    assert len(pages) > 20
    for page in pages:
        text = page.read_text("utf-8")
        tokens = parser.parse(text)
        expected = [(int(t.tag[1]), t.map[0]) for t in tokens if t.type == "heading_open" and t.level == 0 and t.map]  # fmt: skip
        lines = read_markdown(text.split("\n"))
        assert [(line.level, line.first) for line in lines if line.kind == "heading"] == expected
