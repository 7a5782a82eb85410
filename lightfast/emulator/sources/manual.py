"""Manual pages, in the macros of man(7) and mdoc(7), line by line: headings, options, code, and lines to leave out.

https://man7.org/linux/man-pages/man7/groff_man.7.html
"""

from __future__ import annotations

import re

from lightfast.emulator.sources.markup import Line
from lightfast.emulator.sources.mdoc import PHRASES, phrase
from lightfast.emulator.sources.roff import arguments, unescaped, without_comment

__all__ = ["inline_manual", "read_manual"]

MAX_TAG = 200  # characters of what names something that is described
MAX_CONDITIONS = 8  # on one line

_REQUEST = re.compile(r"[.'][ \t]*+([^\s\\]*+)[ \t]*+(.*)")
_CONDITION = re.compile(r"(!?)[ \t]*+(?:([ntoev])(?![\w(])|'([^']*)'([^']*)'|[cdFmrS] ?\S++|\S++)[ \t]*+(.*)")  # fmt: skip
_PAGE = re.compile(r"\w[\w.:+-]*|\[")  # without the marks of a template
_NUMBER = re.compile(r"-|.*:|\(?\w{1,3}[.)]")
_UNFILLED = re.compile(r"-(?:literal|unfilled)")
_TAB = re.compile(r"\btab[ \t]*+\((.)\)")
_CELL_END = re.compile(r"^T\{|^T\}|T\{$")  # of one that takes several lines
_LINES = re.compile(r"\n{2,}")

_HEADINGS = {"SH": 2, "Sh": 2, "SS": 3, "Ss": 3}
_TAGS = frozenset({"TP", "TQ", "IP", "It"})
_BULLETS = frozenset("•·*-o+—")
_PARAGRAPHS = frozenset(str.split("PP P LP HP sp Pp Lp Sp RS RE Bl El Rs Re YS"))
_CODE = frozenset({"EX", "nf", "Vb"})
_FILLED = frozenset({"EE", "fi", "Ve", "Ed", "Bd"})
_DEFINITIONS = frozenset({"de", "de1", "am", "am1", "ig", "EQ"})
_JOINED = frozenset({"BI", "BR", "IB", "IR", "RB", "RI"})
_PARSED = frozenset({"Sh", "Ss", "It", "D1", "Dl"})
# Other macros in capitals, known or of the page's own, print what they are given.
_SILENT = frozenset(str.split("AT DT IX PD UC Bf Bk Dd Ef Ek Os Rv Sm Tg"))


def read_manual(lines: list[str]) -> list[Line]:
    """Return what each line is."""
    reader = _Reader()
    for line in lines:
        reader.out.append(reader.read(line))
    reader.end_tags()
    return reader.out


def inline_manual(text: str) -> str:
    """Return a paragraph without the lines that say nothing."""
    return _LINES.sub("\n", text).strip()


class _Reader:
    """Reader of lines, and its state after those read so far."""

    def __init__(self) -> None:
        self.out: list[Line] = []
        self._page = ""
        self._awaits = ""  # the request whose text stands on the next line that has one
        self._tags: list[str] = []  # names of what the next text describes
        self._tagged = 0  # the line of the last one
        self._may_join = False  # one that follows names the same
        self._is_open = False  # the last one goes on
        self._code = False
        self._table = ""  # what parts the cells of the table that we are in
        self._format = False  # of the table
        self._until = ""  # the line that ends what is not shown
        self._depth = 0  # of blocks whose condition does not hold
        self._held: list[bool] = []  # conditions that have another branch

    def read(self, line: str) -> Line:
        """Return what the next line is."""
        if self._until:
            self._until = "" if line.rstrip() == self._until else self._until
            return self._nothing()
        if self._depth:
            self._depth = max(0, self._depth + _depth(line))
            return self._nothing()
        line = without_comment(line)
        for _ in range(MAX_CONDITIONS):
            request = _REQUEST.fullmatch(line)
            if request is None:
                return self._text(line)
            if request[1] not in {"if", "ie", "el"}:
                return self._request(*request.groups())
            line = self._conditional(*request.groups())
        return self._nothing()

    def end_tags(self) -> None:
        """Give names that nothing describes a line of their own."""
        if self._tags:
            self.out[self._tagged] = Line("text", ", ".join(self._tags))
        self._tags, self._may_join, self._is_open = [], False, False

    def _conditional(self, name: str, rest: str) -> str:
        """Return what is left of a line whose condition holds on a terminal; else a line that prints nothing."""
        holds = False
        if name == "el":
            holds = bool(self._held) and not self._held.pop()
        elif found := _CONDITION.fullmatch(rest):
            inverse, letter, one, other, rest = found.groups()
            holds = (letter in {"n", "o"} or (one is not None and one == other)) != bool(inverse)
        if name == "ie":
            self._held.append(holds)
        if not holds:
            self._depth = max(0, _depth(rest))
        return rest.removeprefix("\\{") if holds else "."

    def _request(self, name: str, rest: str) -> Line:
        if name in _DEFINITIONS:
            return self._define(name, arguments(rest))
        if name in {"TH", "Dt"}:
            return self._title(arguments(rest))
        if name in {"TS", "T&", "TE"}:
            self._table, self._format = "\t" if name != "TE" else "", name != "TE"
            return self._break()
        if name in _PARAGRAPHS or name in _CODE or name in _FILLED:
            return self._block(name, rest)
        words = arguments(rest)
        if name in _TAGS:
            return self._tag(name, words)
        if name in _HEADINGS:
            self._reset()
            self._awaits = name
        line = self._say(self._said(name, words), code=name in {"D1", "Dl"})
        self._is_open = self._is_open and "Xc" not in {name, *words}
        return line

    def _define(self, name: str, words: list[str]) -> Line:
        end = words[:1] if name == "ig" else words[1:2]
        self._until = ".EN" if name == "EQ" else f".{(end or ['.'])[0]}"
        return self._nothing()

    def _title(self, words: list[str]) -> Line:
        self._reset()
        name, section = [unescaped(word) for word in [*words, "", ""][:2]]
        self._page = name.lower() if name.isupper() else name
        if not _PAGE.fullmatch(self._page):
            return Line("blank")
        title = f"{self._page}({section})" if section else self._page
        return Line("heading", title, 1, len(self.out))

    def _reset(self) -> None:
        self.end_tags()
        self._awaits = self._table = ""
        self._code = self._format = False

    def _block(self, name: str, rest: str) -> Line:
        self._code = name in _CODE or (name == "Bd" and bool(_UNFILLED.search(rest)))
        self._may_join = False
        if name == "RS":
            self._name_by_indent()
        # What describes a name can be indented, or an example.
        if self._tags and name in {"RS", "nf", "fi", "EX", "Bd"}:
            return self._nothing()
        return self._break()

    def _name_by_indent(self) -> None:
        """Take a paragraph of one short line for the name of what is indented below it."""
        line, *before = [*reversed(self.out[-2:])] or [Line("blank")]
        is_one = line.kind == "text" and not any(b.kind == "text" for b in before)
        if is_one and 0 < len(line.text) <= MAX_TAG and not line.text.endswith((".", ":")):
            self._tags, self._tagged = [line.text], len(self.out) - 1
            self.out[-1] = Line("blank")

    def _tag(self, name: str, words: list[str]) -> Line:
        if not self._may_join:
            self.end_tags()
        said = self._said("It", words) if name == "It" else unescaped("".join(words[:1]))
        if "Ta" in words:
            return Line("text", said)
        self._awaits = ""
        if name in {"TP", "TQ"}:
            self._awaits = name
        elif "Xo" in words:
            self._name(said)
            self._is_open = True
        elif said or name == "It":
            self._name(said or "-")
        else:
            self.end_tags()
            self._name_by_indent()
        return Line("blank")

    def _name(self, said: str) -> None:
        self._tags.append("-" if said in _BULLETS else said)
        self._tagged, self._may_join = len(self.out), True

    def _said(self, name: str, words: list[str]) -> str:
        """Return what a request prints."""
        if name in _PARSED:
            return unescaped(phrase(words, self._page))
        if name in PHRASES:
            return unescaped(phrase([name, *words], self._page))
        if not name[:1].isupper() or name in _SILENT:
            return ""
        words = [unescaped(word) for word in words]
        if name == "OP":
            return f"[{' '.join(words)}]"
        if name == "MR" and len(words) > 1:
            return f"{words[0]}({words[1]}){''.join(words[2:])}"
        return ("" if name in _JOINED else " ").join(words)

    def _text(self, line: str) -> Line:
        if self._format:
            tab = _TAB.search(line)
            self._table = tab[1] if tab else self._table
            self._format = not line.rstrip().endswith(".")
            return Line("blank")
        if line.strip():
            return self._say(unescaped(line))
        if self._code:
            return Line("code")
        return self._nothing() if self._tags else self._break()

    def _say(self, text: str, *, code: bool = False) -> Line:
        """Return the line that prints a text."""
        if not text.strip():
            return self._nothing()
        if self._awaits in _HEADINGS:
            level, self._awaits = _HEADINGS[self._awaits], ""
            return Line("heading", text.strip(), level, len(self.out))
        if self._awaits:
            self._awaits = ""
            self._name(text.strip())
            return self._nothing()
        if self._is_open:
            self._tags[-1] = f"{self._tags[-1]} {text.strip()}".lstrip()
            self._tagged, self._is_open = len(self.out), len(self._tags[-1]) <= MAX_TAG
            return self._nothing()
        if self._code or code:
            self.end_tags()
            return Line("code", text)
        return Line("text", self._described(self._row(text) if self._table else text.strip()))

    def _row(self, text: str) -> str:
        cells = (_CELL_END.sub("", cell).strip() for cell in text.split(self._table))
        return " | ".join(cell for cell in cells if cell.strip("_=-"))

    def _described(self, text: str) -> str:
        """Return a text after the names of what it describes."""
        if not self._tags:
            return text
        names, self._tags, self._may_join = ", ".join(self._tags), [], False
        return f"{names}{' ' if _NUMBER.fullmatch(names) else ': '}{text}"

    def _break(self) -> Line:
        self.end_tags()
        return Line("blank")

    def _nothing(self) -> Line:
        """Return a line that prints nothing, and does not end the paragraph that it stands in."""
        return Line("text" if self.out and self.out[-1].kind == "text" else "blank")


def _depth(line: str) -> int:
    """Return how many more blocks a line begins than it ends."""
    return line.count("\\{") - line.count("\\}")
