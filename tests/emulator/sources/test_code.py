"""Definitions in source files of several languages."""

from __future__ import annotations

import pytest

from lightfast.emulator.sources.code import is_generated, symbols
from lightfast.emulator.sources.kinds import kind_of

PYTHON = '''#!/usr/bin/env python
"""Decides when to retry."""

# Seconds.
MAX_WAIT = 30.0
_low = 1


@attrs.frozen
class RetryBudget(Base):
    """How much load
    retries may add."""

    text = """
def not_a_function(): ...
"""

    def spend(self, cost: float) -> None:
        "Take from it."
        def inner(): ...

    def _silent(self): ...


async def retry_delay(
    attempt: int,
    *,
    policy: dict[str, int] = {},
) -> float:
    # no docstring
    return 1.0
'''


def test_python_is_read_by_symbol() -> None:
    """Docstrings, signatures over several lines, methods that say something, names of those that do not."""
    found = [(s.line, s.name, s.signature, s.doc, s.members) for s in symbols(PYTHON, "python")]
    assert found == [
        (1, "", "", "Decides when to retry.", ("MAX_WAIT", "RetryBudget", "spend", "retry_delay")),
        (5, "MAX_WAIT", "MAX_WAIT = 30.0", "Seconds.", ()),
        (10, "RetryBudget", "class RetryBudget(Base)", "How much load\nretries may add.", ("spend", "_silent")),
        (18, "RetryBudget.spend", "def spend(self, cost: float) -> None", "Take from it.", ()),
        (25, "retry_delay", "async def retry_delay( attempt: int, *, policy: dict[str, int] = {}, ) -> float", "", ()),
    ]  # fmt: skip


def test_a_file_of_values_alone_tells_their_names() -> None:
    """So that it is found; those that nothing is said about are no places of their own."""
    (head,) = symbols('PAGE_FORMAT = """\n<html>\n"""\n\nWIDTH: int = 80\nother = 1\n', "python")
    assert head.members == ("PAGE_FORMAT", "WIDTH")


WORKER = '''class Worker:
    """Runs jobs."""

    limit = 8

    def accept(self, job):
        if len(self.jobs) >= self.limit_concurrency:
            # Too many at once: the client is told to come back.
            raise Busy("The queue is full, try later", 503)
        self.jobs.append(job)
        log.debug(f"accepted")
        log.debug("%s %s")

    # Ends the jobs.
    def stop(self):
        # Not at once.
        self.jobs.clear()

    def size(self):
        return len(self.jobs)


TOP = start("no part of the class")
'''


def test_a_definition_tells_what_stands_inside() -> None:
    """A long method is found although nothing is said about it; comments and messages are shown, names are not."""
    found = {s.name: s for s in symbols(WORKER, "python")}
    assert list(found) == ["", "Worker", "Worker.accept", "Worker.stop"]
    accept = found["Worker.accept"]
    assert (
        accept.notes
        == "Too many at once: the client is told to come back.\nThe queue is full, try later"
    )
    assert {"limit_concurrency", "503", "append"} <= set(accept.names.split())
    assert found["Worker.stop"].notes == "Not at once."
    assert found["Worker.stop"].names == "Not once self jobs clear"
    # Its members speak for themselves.
    assert (found["Worker"].notes, found["Worker"].names) == ("", "Runs jobs limit")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("c", "static int open_all(int fd)\n{\n    // one by one\n    return fd;\n}\nint other; // after\n"),
        ("go", "func (c *Client) Open(a string) error {\n\t// one by one\n\treturn nil\n}\n\n// Shuts.\nfunc shut() {\n}\n"),
        ("javascript", "function open(\n  a,\n) {\n  // one by one\n  return a;\n}\n// after\nconst x = 1;\n"),
        ("rust", "pub fn open(\n    a: i32,\n) -> bool {\n    // one by one\n    true\n}\n\n/// Shuts.\npub fn shut() {}\n"),
    ],
)  # fmt: skip
def test_a_definition_ends_where_the_next_thing_begins(language: str, text: str) -> None:
    """Whatever the language: at the first line that is indented as little as its own."""
    first = next(s for s in symbols(text, language) if s.name)
    assert first.notes == "one by one"
    assert not {"after", "other", "const", "Shuts", "shut"} & set(first.names.split())


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("go", "package x\n\n// Dial connects.\nfunc (c *Client) Dial(a string) error {\n\treturn nil\n}\n\ntype Pool struct {", ["Dial: Dial connects.", "Pool: "]),
        ("javascript", "/**\n * Signs in.\n */\nexport async function signIn(who) {\n  if (x) {\n  }\n}\nexport class Api {\n  /** Sends. */\n  send(a) {\n    return 1;\n  }\n}\nconst f = (a) => a;", ["signIn: Signs in.", "Api: ", "Api.send: Sends.", "f: "]),
        ("javascript", "/** Sends. */\nres.send = function send(body) {\n  this.on('end', function done() {\n  });\n};\n\n// The address.\ndefineGetter(req, 'ip', function ip() {\n});\nlet total\ntotal.sum = a + b;\n", ["res.send: Sends.", "ip: The address."]),
        ("rust", "/// A budget.\n#[derive(Debug)]\npub struct Budget {\n}\nimpl Budget {\n    /// Spends.\n    pub fn spend(&self) -> bool {\n    }\n}", ["Budget: A budget.", "Budget: ", "Budget.spend: Spends."]),
        ("java", "/** Pays. */\npublic final class Payer {\n    /** Sends money. */\n    @Override\n    public void pay(int sum) {\n        call(sum);\n    }\n}", ["Payer: Pays.", "Payer.pay: Sends money."]),
        ("c", "/* Reads all. */\nstatic int read_all(int fd)\n{\n    return read(fd);\n}\n#define MAX(a, b) ((a) > (b))\n", ["read_all: Reads all.", "MAX: "]),
        ("ruby", "# Shop.\nclass Shop\n  # Opens it.\n  def open!\n  end\nend", ["Shop: Shop.", "Shop.open!: Opens it."]),
        ("php", "<?php\n/** Cart. */\nclass Cart {\n    // Adds.\n    public function add($x) {\n    }\n}", ["Cart: Cart.", "Cart.add: Adds."]),
        ("kotlin", "/** Shop. */\ndata class Shop(val a: Int) {\n    /** Opens. */\n    override suspend fun open(x: Int): Int {\n    }\n}", ["Shop: Shop.", "Shop.open: Opens."]),
        ("shell", "# Lands it.\nland() {\n  x\n}", ["land: Lands it."]),
    ],
)  # fmt: skip
def test_other_languages_are_read_by_symbol(language: str, text: str, expected: list[str]) -> None:
    """Names below what they stand in, with the comment above."""
    found = [f"{s.name}: {s.doc}" for s in symbols(text, language) if s.name]
    assert found == expected


@pytest.mark.parametrize(
    ("path", "form", "family", "is_less"),
    [
        ("lightfast/_retry.py", "python", "code", False),
        ("examples/web.py", "python", "code", True),
        ("docs_src/first_steps/web.py", "python", "code", True),
        ("tests/test_retry.py", None, "", False),
        ("src/retry_test.go", None, "", False),
        ("src/app.test.tsx", None, "", False),
        ("vendor/x/y.go", None, "", False),
        ("api_pb2.py", None, "", False),
        ("static/app.min.js", None, "", False),
        ("README", "text", "documentation", False),
        ("docs/a.mdx", "mdx", "documentation", False),
        ("a.adoc", "asciidoc", "documentation", False),
        ("notes/a.txt", "text", "documentation", False),
        ("requirements-dev.txt", None, "", False),
        ("CMakeLists.txt", None, "", False),
        ("sig/sha256sum.txt", None, "", False),
        ("tests/data/a.txt", None, "", False),
        ("tests/fixtures/a.md", "markdown", "documentation", True),
        (".github/ISSUE_TEMPLATE/bug.md", "markdown", "documentation", True),
        (".github/pull_request_template.md", "markdown", "documentation", True),
        (".github/CONTRIBUTING.md", "markdown", "documentation", False),
        (".faq/FAQ.md", "markdown", "documentation", True),
        (".changes/12.md", "markdown", "changelog", False),
        ("CHANGELOG.md", "markdown", "changelog", False),
        ("HISTORY.rst", "restructuredtext", "changelog", False),
        ("docs/releases/1.0.txt", "text", "documentation", False),
        ("changelog/unreleased/issue-12", "text", "changelog", False),
        ("docs/releases.md", "markdown", "changelog", False),
        ("release-1.2.md", "markdown", "changelog", False),
        ("doc/release-checklist.md", "markdown", "documentation", False),
        ("RELEASE.md", "markdown", "documentation", False),
        ("newsfragments/12.bugfix", "text", "changelog", False),
        ("newsfragments/12.bugfix.rst", "restructuredtext", "changelog", False),
        ("analysis.ipynb", "notebook", "documentation", False),
        ("image.png", None, "", False),
        ("Makefile", None, "", False),
    ],
)
def test_a_files_name_tells_how_it_is_read(
    path: str, form: str | None, family: str, is_less: bool
) -> None:
    """Tests, vendored copies and what programs write are left out of code; documents there count less."""
    kind = kind_of(path)
    assert (kind.form if kind else None) == form
    if kind:
        assert (kind.family, kind.penalty > 0) == (family, is_less)


@pytest.mark.parametrize(
    "line",
    ['const all = "docs/*"', "const all = 'docs/*'", "// Takes docs/*", "const all = `docs/*`", "x = 1 /* one */ + 2", '"it\'s" // docs/*'],
)  # fmt: skip
def test_a_path_with_a_star_begins_no_comment(line: str) -> None:
    """In a text or a comment; what stands below it in the file is read."""
    found = symbols(f"{line}\nfunction send() {{\n}}\n", "javascript")
    assert "send" in [s.name for s in found]


@pytest.mark.parametrize(
    "line",
    ["mark = '\"\"\"'", 'mark = "\\"\'\'\'"', "# not \"\"\"", '"""One line."""; x = ""', "x = '''a''' + 'it\\'s'"],
)  # fmt: skip
def test_quotes_in_quotes_begin_no_text(line: str) -> None:
    """The file is read to its end."""
    assert "send" in [s.name for s in symbols(f"{line}\n\n\ndef send(): ...\n", "python")]


def test_a_comment_of_several_lines_declares_nothing() -> None:
    """Whatever stands before it on its first line."""
    text = "const a = '/*' /* from here\nfunction no() {\n}\nto here */\nfunction send() {\n}\n"
    assert [s.name for s in symbols(text, "javascript")] == ["", "send"]


def test_what_a_program_wrote_is_known() -> None:
    """It says so at its head, or has lines that no person writes."""
    assert is_generated("// Code generated by protoc. DO NOT EDIT.\npackage x")
    assert is_generated("var a=1;" * 5000)
    assert not is_generated(PYTHON)


GNU = """#include "frames.h"

/* Counts the frames
 * of a stack. */
static int
count_frames(Stack *stack)
{
    if (broken(stack,
               LAST))
        return failed(stack);
    return stack->n;
}

void record_pair(Stack *stack, int one,
                 int two)
{
}

int declared_elsewhere(Stack *stack);

STACK_OF(frames)
FRAME(
"""


def test_functions_of_c_begin_a_line_with_their_type_or_with_their_name() -> None:
    """A comment above the type is about them; calls, macros and prototypes are no functions."""
    found = [(s.line, s.name, s.doc) for s in symbols(GNU, "c")[1:]]
    assert found == [(6, "count_frames", "Counts the frames\nof a stack."), (14, "record_pair", "")]


RUST = """/// A stack.
pub struct Stack;

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that it is empty.
    fn it_is_empty() {
        assert!(true);
    }

    mod deeper {
        /// Goes on.
        fn goes_on() {}
    }
}

/// Makes one.
pub fn stack() {}
"""


def test_tests_inside_of_a_file_are_no_results() -> None:
    """As little as files of tests are; what follows them is one again."""
    assert [s.name for s in symbols(RUST, "rust")[1:]] == ["Stack", "stack"]
