"""Manual pages are read in both of their macro packages, and told from files that are only named as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightfast.emulator import Emulator
from lightfast.emulator.search.query import SearchQuery
from lightfast.emulator.search.retrieval import search
from lightfast.emulator.sources.kinds import FileKind, kind_of
from lightfast.emulator.sources.roff import is_roff
from lightfast.emulator.sources.sections import clean, sections

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator.repositories import Repository

MAN = r"""'\" t
.\" Automatically generated
.TH NUM 1 "2026-01-01" "num 1.0" "User Commands"
.SH NAME
num \- count numbats
.SH OPTIONS
.TP
.BR \-f ", " \-\-file=\fIFILE\fR
Read from
.I FILE
instead of \fBstdin\fP.
.\" a comment does not end a paragraph
See
.BR sort (1).
.PD 0
.TP
.B \-q
.TP
.B \-\-quiet
.PD
Say nothing.
.IP "\fB\-n\fR \fInumber\fR" 4
Stop early.
.SS "Rare options"
Of little use.
.IP \(bu 2
one
.IP \(bu 2
two
.EX
num \-f a.txt \e
    \-q
.EE
"""

MDOC = r""".\" Copyright
.Dd January 1, 2026
.Dt NUM 1
.Os
.Sh NAME
.Nm num
.Nd count numbats
.Sh SYNOPSIS
.Nm
.Op Fl qv
.Op Fl f Ar file
.Ar
.Sh DESCRIPTION
The
.Nm
utility counts
.Pq see Xr sort 1 .
.Pp
The options are as follows:
.Bl -tag -width Ds
.It Fl f Ar file , Fl -file Ns = Ns Ar file
Read from
.Ar file .
.It Xo
.Fl o
.Ar key Ns = Ns Ar value
.Xc
Set an
.Dq option .
.It Fl q
.It Fl -quiet
Say nothing.
.El
.Ss Environment
.Bl -bullet
.It
Set
.Ev NUM_HOME .
.El
.Bd -literal -offset indent
$ num -q
.Ed
.Sh EXIT STATUS
.Ex -std
"""


def outline(text: str) -> list[tuple[str, int]]:
    return [("/".join(s.path), s.line) for s in sections(text, "manual", "stem")]


def body(text: str) -> str:
    return clean(text, "manual")


def test_a_page_in_man_is_cut_at_its_headings() -> None:
    """The page's name and section come first; each heading has its line."""
    assert outline(MAN) == [
        ("num(1)/NAME", 4),
        ("num(1)/OPTIONS", 6),
        ("num(1)/OPTIONS/Rare options", 24),
    ]


def test_what_is_said_of_an_option_begins_with_it() -> None:
    """A paragraph for each; names of the same stand together; lists and examples are as in other markups."""
    _, options, rare = sections(MAN, "manual")
    assert options.body == (
        "-f, --file=FILE: Read from\nFILE\ninstead of stdin.\nSee\nsort(1).\n\n"
        "-q, --quiet: Say nothing.\n\n-n number: Stop early."
    )
    assert rare.body == "Of little use.\n\n- one\n\n- two\n\n    num -f a.txt \\\n        -q"


def test_a_page_in_mdoc_is_read_likewise() -> None:
    """Flags, arguments, brackets, references, and the page's own name."""
    assert outline(MDOC) == [
        ("num(1)/NAME", 5),
        ("num(1)/SYNOPSIS", 8),
        ("num(1)/DESCRIPTION", 13),
        ("num(1)/DESCRIPTION/Environment", 34),
        ("num(1)/EXIT STATUS", 43),
    ]
    name, synopsis, description, environment, status = (s.body for s in sections(MDOC, "manual"))
    assert name == "num\n- count numbats"
    assert synopsis == "num\n[-qv]\n[-f file]\nfile ..."
    assert description == (
        "The\nnum\nutility counts\n(see sort(1)).\n\nThe options are as follows:\n\n"
        "-f file, --file=file: Read from\nfile.\n\n-o key=value: Set an\n“option”.\n\n-q, --quiet: Say nothing."
    )
    assert environment == "- Set\nNUM_HOME.\n\n    $ num -q"
    assert status == "The num utility exits 0 on success, and >0 if an error occurs."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (r"a\-b\&c\fBd\fR\f[BI]e\f(CWf\s-1g\s0", "a-bcdefg"),
        (r"\(em\(lqx\(rq \[u00E9]\['e]\(:a \(aq\[dq] \N'65' \*(Aq\*[R] \[no such]", "—“x”" + " ééä '\" A '®"),
        (r"a\eb \\ c\ d\~e\0f\|g \h'+2n'h\v'1'", "a\\b \\ c d e fg h"),
        (r"a \" gone", "a"),
        (r"a\# gone", "a"),
        (r".B one \" gone", "one"),
        (r'.BI \-\-file= path ", " "[ ""quoted"" ]"', '--file=path, [ "quoted" ]'),
        (r".BI a\ b c", "a bc"),
        (".MR ls 1 ,", "ls(1),"),
        (".OP \\-x arg", "[-x arg]"),
        ("\\", ""),
        (".", ""),
        ("\\f", "f"),
    ],
)  # fmt: skip
def test_escapes_print_as_characters(text: str, said: str) -> None:
    """Fonts, sizes and motions do not show; what has no name does not, either."""
    assert body(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (".de XX\ngone\n..\n.ig\ngone\n..\n.de YY ZZ\ngone\n.ZZ\n.ig ZZ\ngone\n.ZZ\n.EQ\ngone\n.EN\nkept", "kept"),
        (".ie n .B kept\n.el .B gone\n.ie t .B gone\n.el .B too", "kept\ntoo"),
        (".ie n \\{\\\nkept\n.\\}\n.el \\{\\\ngone\n.if n \\{ gone\n.\\}\ngone\n.\\}\n.if !t too", "kept\ntoo"),
        (".if !'po4a'hide' kept\n.if 'a'b' gone\n.if \\nF>0 \\{\\\ngone\n.\\}\n.if d XX gone", "kept"),
        (".if n " * 9 + "gone\nkept", "kept"),
        (".nf\na\n\n b\n.fi\nc", "    a\n\n     b\n\nc"),
        (".TS\nallbox tab(:);\nlb l\nl l.\nName:What\n_\n\\-a:T{\nThread\nof it\nT}\n.TE\nc", "Name | What\n-a\nThread\nof it\n\nc"),
        ("\\fB\\-\\-all\\fR\n.RS 4\nEverything.\n.RE\nc", "--all: Everything.\n\nc"),
        (".HP\n\\fB\\-\\-all\\fR[=N]\n.IP\nEverything.\n.IP\nMore.", "--all[=N]: Everything.\n\nMore."),
        ("A sentence.\n.RS\nEverything.\n.RE", "A sentence.\n\nEverything."),
        (".TP\n.B a\n.RS\n.TP\n.B b\nc\n.RE", "a\n\nb: c"),
        (".TP\na\n.TQ\nb\nc", "a, b: c"),
        (".TP\na\n\nb", "a: b"),
        (".TP\na", "a"),
        (".IP 1. 4\na\n.IP (b)\nc", "1. a\n\n(b) c"),
        (".Bl -column\n.It a Ta b\n.It c Ta d\n.El", "a b\nc d"),
        (".Dl num -q", "    num -q"),
        ('.Fn num "int a" b ;', "num(int a, b);"),
        (".No ( Fl x ) Ap s Pf a Ns b .", "(-x)'s ab."),
    ],
)  # fmt: skip
def test_what_is_not_for_a_terminal_is_not_read(text: str, said: str) -> None:
    """Definitions, equations, branches for paper; and tables, examples and names are what they are."""
    assert body(text) == said


def test_a_template_for_a_name_is_no_name() -> None:
    """The file's own is better than a mark that is to be replaced."""
    text = '.TH {{NAME}} "1"\n.SH NAME\na\n.SH\nUSE OF IT\nb'
    assert outline(text) == [("stem/NAME", 2), ("stem/USE OF IT", 5)]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("fzf.1", "manual"),
        ("man/man3/printf.3p", "manual"),
        ("doc/x.8.in", "manual"),
        ("doc/x.man", "manual"),
        ("doc/fd.1.md", "markdown"),
        ("history.3", "text"),
        ("sig/v1.5", "manual"),
        ("tests/data/x.1", None),
        ("x.0", None),
        ("x.1.gz", None),
        ("x.10", None),
        (".1", None),
    ],
)
def test_a_manual_page_is_told_by_its_suffix_first(path: str, form: str | None) -> None:
    """Versions have such names, too: what they are their text tells."""
    kind = kind_of(path)
    assert (kind.form if isinstance(kind, FileKind) else None) == form


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MAN, True),
        (MDOC, True),
        ("\n.ig\nA license\n..\n.TH A 1\n", True),
        (".\n.TH A 1\n.\n", True),
        (". TH A 1\n", True),
        (".so man1/x.1\n", False),
        ("...\n.SH NAME\n", False),
        ("A release.\n\n.TH is a request\n", False),
        ("\0\1\2", False),
        ("", False),
    ],
)
def test_a_manual_page_is_told_by_its_text(text: str, expected: bool) -> None:
    """It begins with a request or a comment, and names itself or a section."""
    assert is_roff(text) is expected


def test_a_manual_page_becomes_results(repository: Repository, tmp_path: Path) -> None:
    """With the place in the file and a link to the line; data of such a name is neither read nor told."""
    files: dict[str, str | bytes] = {
        "doc/num.1": MAN,
        "history.3": MDOC,
        "sig/v1.5": "numbats and numbats",
        "sig/v1.6": b"\xff\xfe\xfd",
        "sig/v1.7": "numbats\n" * 200_000,
    }
    repository.commit("Add", files)
    emulator = Emulator([repository.path], database=tmp_path / "index.sqlite3")
    emulator.refresh()
    wanted = SearchQuery(query="numbats", limit=100, types=("document",))
    found = search(emulator._store, "local", wanted).results
    assert {(r["title"], r["url"]) for r in found} == {
        ("num(1) › NAME", "https://github.com/acme/api/blob/HEAD/doc/num.1#L4"),  # noqa: RUF001
        ("num(1) › NAME", "https://github.com/acme/api/blob/HEAD/history.3#L5"),  # noqa: RUF001
    }
    assert emulator.left_out == ()
    emulator.close()


REQUESTS = str.split(
    ".TH .SH .SS .TP .TQ .IP .PP .RS .RE .B .BR .nf .fi .EX .EE .de .ig .. .if .ie .el .TS .TE .EQ .Dt .Sh .Ss .It .Bl .El .Bd .Ed .Nm"
    ' .Fl .Op .Fn .Xr Xo Xc Ns Fl n t \\{ \\} \\fB \\(em \\[x] \\- \\" \\e \' " . - a ab('
)


@given(st.lists(st.sampled_from([*REQUESTS, " ", "\n", "\n", "\n"]), max_size=60).map(" ".join))
def test_any_requests_in_any_order_are_read(text: str) -> None:
    """Without an error, and no line is put where there is none."""
    lines = text.replace(" \n ", "\n")
    for section in sections(lines, "manual", "stem"):
        assert 1 <= section.line <= lines.count("\n") + 1
