"""Definitions in source files: names, signatures, what is said about and inside of them, and where.

One scanner reads every language line by line. It does not parse: a parser refuses files of another version of the
language, runs out of stack on hostile ones, and is needed for each language. Declarations stand at the beginning of a
line nearly everywhere, with their comment above or, in Python, below.
"""

from __future__ import annotations

import re
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

import attrs

from lightfast.emulator.sources.bodies import DECORATION, MAX_LINE, end_of, names_in, notes_in
from lightfast.emulator.sources.languages import MODIFIERS, Language, language_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Symbol", "is_generated", "symbols"]

MAX_SIGNATURE = 300
MAX_SIGNATURE_LINES = 20
MAX_DOC = 2000
MAX_DOC_LINES = 60
MAX_SYMBOLS = 1000  # of one file
MAX_MEMBERS = 60  # names that a class's text lists
LONG = 6  # lines: so long a method can be found by what stands in it, although nothing is said about it
_GENERATED = re.compile(r"@generated|do not (?:edit|modify)|(?:auto-?|automatically )generated|code generated", re.IGNORECASE)  # fmt: skip


@attrs.frozen
class Symbol:
    """Something that a source file defines, or the file itself.

    Args:
        name: Its name, below the names of what it stands in: ``Retry.wait``; empty for the file.
        signature: The line that declares it.
        doc: What its comment or docstring says.
        line: The number of that line, from 1.
        members: The names of what is declared inside.
        notes: What comments and messages inside say.
        names: The names and words inside, each once.
    """

    name: str
    signature: str
    doc: str
    line: int
    members: tuple[str, ...] = ()
    notes: str = ""
    names: str = ""


_METHOD_WORDS = frozenset(MODIFIERS.split())
_NOT_METHODS = frozenset(str.split("if for while switch catch return else do function new throw sizeof typeof await defined elif assert synchronized using lock foreach with"))  # fmt: skip
_TYPE = re.compile(r"[A-Za-z_][\w \t*]{1,80}")
_LAST_WORD = re.compile(r"([\w$~:]{1,100})[ \t]*$")
_QUOTES = re.compile(r"[A-Za-z]{0,2}(\"\"\"|'''|\"|')")
_QUOTED = r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'"
_TEXTS = re.compile(rf"\"\"\"|\'\'\'|{_QUOTED}|#.*")
_TEXT_ENDS = {'"""': '"""', "'''": "'''"}
_BLOCKS = re.compile(rf"/\*|{_QUOTED}|`[^`]*+`|//.*")
_BLOCK_ENDS = {"/*": "*/"}
_ANNOTATION = ("@", "#[", "[", "template")


def is_generated(text: str) -> bool:
    """Tell whether a program wrote the file: it says so at its head, or its lines are too long for people."""
    if _GENERATED.search(text[:1000]):
        return True
    return len(text) > 10_000 and len(text) > 300 * text.count("\n")


def symbols(text: str, language: str) -> list[Symbol]:
    """Return the file itself, and what it defines, in order.

    Args:
        text: What stands in the file.
        language: The name of one of `languages.LANGUAGES`.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    known = language_named(language)
    scanner = _Scanner(lines, known)
    found = list(scanner.symbols())
    names = dict.fromkeys([symbol.name.rpartition(".")[2] for symbol in found] + scanner.values)
    head = Symbol("", "", scanner.head(), 1, tuple(islice(names, MAX_MEMBERS)))
    return [head, *found]


class _Around(NamedTuple):
    """Declaration that others stand inside of."""

    indent: int
    name: str
    is_container: bool
    members: list[str]


class _Declared(NamedTuple):
    """Declaration, before it is known what stands inside.

    Args:
        symbol: What is known by now.
        first: The line that the comment above it begins on, from 0, as the next two.
        body: The first line after its signature.
        end: The line before which it ends at the latest.
        is_member: Whether it stands inside of a container.
        members: The names of what is declared inside.
    """

    symbol: Symbol
    first: int
    body: int
    end: int
    is_member: bool
    members: list[str]

    @property
    def is_listed(self) -> bool:
        """True for a symbol of its own, False for what is only one of its container's members."""
        return bool(self.symbol.doc) or not self.is_member or self.end - self.body >= LONG


class _Scanner:
    """Scanner of a file, line by line.

    Args:
        lines: The file.
        language: What it is written in.
    """

    def __init__(self, lines: list[str], language: Language) -> None:
        self._lines = lines
        self._language = language
        self._declaration = re.compile(language.declaration)
        self._is_python = language.name == "python"
        # Elsewhere a brace begins what is no longer the signature.
        self._opening, self._closing = ("([{", ")]}") if self._is_python else ("([", ")]")
        self._string = ""  # the quotes that end the text that we are in
        self.values: list[str] = []  # names at the top without a comment, such as constants

    def symbols(self) -> Iterator[Symbol]:
        """Find what is declared: at the top, and inside of a container what is said something about or is long."""
        listed = [each for each in self._declarations() if each.is_listed]
        # What is declared inside speaks for itself, and so does the comment above it.
        ends = [min(each.end, following.first) for each, following in pairwise(listed)]
        ends += [each.end for each in listed[-1:]]
        for each, end in zip(listed, ends, strict=True):
            inside = self._lines[each.body : end]
            yield attrs.evolve(
                each.symbol,
                members=tuple(each.members[:MAX_MEMBERS]),
                notes=notes_in(inside, self._language.comment, each.symbol.doc),
                names=names_in(inside),
            )

    def _declarations(self) -> list[_Declared]:
        found: list[_Declared] = []
        around: list[_Around] = []
        for number, whole in enumerate(self._lines):
            line = whole[:MAX_LINE]
            if len(found) >= MAX_SYMBOLS:
                break
            if self._skips(line) or (declared := self._declared(line, number)) is None:
                continue
            word, name, indent = declared
            while around and around[-1].indent >= indent:
                around.pop()
            if around and (not around[-1].is_container or around[-1].name in self._language.tests):
                continue  # inside of a function, or a test
            if name in self._language.tests and word in self._language.containers:
                around.append(_Around(indent, name, is_container=True, members=[]))
                continue
            comment, body = self._comment(number), self._end(number) + 1
            symbol = Symbol(
                name=".".join([*(each.name for each in around), name]),
                signature=self._signature(number, body),
                doc=self._doc(comment, body),
                line=number + 1,
            )
            if around:
                around[-1].members.append(name)
            members: list[str] = []
            if symbol.doc or word:
                end = end_of(self._lines, body, indent)
                found.append(_Declared(symbol, comment[0], body, end, bool(around), members))
            elif not around and len(self.values) < MAX_MEMBERS:
                self.values.append(name)
            around = [*around, _Around(indent, name, word in self._language.containers, members)][
                -4:
            ]
        return found

    def head(self) -> str:
        """Return what the file says of itself at its beginning."""
        start = next((n for n, line in enumerate(self._lines[:50]) if line.strip() and not line.startswith(("#!", "<?", "# -*-", "package "))), 0)  # fmt: skip
        if self._is_python:
            return self._docstring(start)
        end = start
        while end < min(len(self._lines), start + MAX_DOC_LINES) and self._is_comment(end):
            end += 1
        comment = self._uncommented(start, end)
        opening = comment[:400].lower()
        return "" if "licen" in opening or "copyright" in opening else comment

    def _skips(self, line: str) -> bool:
        """Tell whether the line is part of a longer text or comment; remember whether one begins or ends."""
        if self._string:
            if self._string in line:
                self._string = ""
            return True
        if self._is_python:
            if '"""' in line or "'''" in line:
                self._string = _left_open(line, _TEXTS, _TEXT_ENDS)
        elif self._language.has_blocks and "/*" in line:
            self._string = _left_open(line, _BLOCKS, _BLOCK_ENDS)
            return line.lstrip().startswith("/*")
        return False

    def _declared(self, line: str, number: int) -> tuple[str, str, int] | None:
        """Return the word that declares, the name, and the indent."""
        stripped = line.lstrip()
        if (
            not stripped
            or stripped[0] in "/*})]>.,|&+?"
            or stripped.startswith(self._language.comment)
        ):
            return None
        indent = len(line) - len(stripped)
        match = self._declaration.match(line)
        if match and match.lastindex:
            return match[match.lastindex - 1] or "", match[match.lastindex].strip('"'), indent
        return self._method(stripped, indent, number) if self._language.methods else None

    def _method(self, stripped: str, indent: int, number: int) -> tuple[str, str, int] | None:
        before, opened, after = stripped.partition("(")
        named = _LAST_WORD.search(before) if opened and "=" not in before else None
        if named is None or named[1] in _NOT_METHODS or after.rstrip().endswith(";"):
            return None
        words = before.split(None, 3)
        if words[0] in _NOT_METHODS or stripped[0] in "#\"'`.":
            return None
        if self._language.name == "c":
            is_typed = len(words) > 1 or self._is_below_type(number)
            return ("def", named[1], 0) if not indent and is_typed else None
        if after.rstrip().endswith(","):
            return None
        body = stripped.rstrip().endswith("{")
        if words[0] in _METHOD_WORDS or (self._language.name == "javascript" and body and 0 < indent <= 4 and len(words) == 1 and before.strip() == named[1]):  # fmt: skip
            return "def", named[1], indent
        return None

    def _is_below_type(self, number: int) -> bool:
        """Tell whether the line above is a type only, as where C's functions begin their lines."""
        above = self._lines[number - 1][:MAX_LINE] if number else ""
        return self._language.name == "c" and bool(_TYPE.fullmatch(above.rstrip()))

    def _doc(self, comment: tuple[int, int], body: int) -> str:
        """Return what is said of a declaration: below its signature in Python, or above it."""
        below = self._docstring(body) if self._is_python else ""
        return below or self._uncommented(*comment)

    def _end(self, number: int) -> int:
        """Return the line on which a signature ends."""
        depth = 0
        for place in range(number, min(len(self._lines), number + MAX_SIGNATURE_LINES)):
            line = self._lines[place][:MAX_LINE].partition(" #")[0]
            depth += sum(map(line.count, self._opening)) - sum(map(line.count, self._closing))
            if depth <= 0:
                return place
        return number

    def _signature(self, number: int, body: int) -> str:
        signature = " ".join(line[:MAX_LINE].strip() for line in self._lines[number:body])
        return signature.rstrip("{: \t")[:MAX_SIGNATURE]

    def _docstring(self, number: int) -> str:
        """Return the text literal that begins on a line, or on the first line with text after it."""
        for place in range(number, min(len(self._lines), number + 3)):
            line = self._lines[place].strip()
            if not line:
                continue
            quotes = _QUOTES.match(line)
            if not quotes:
                return ""
            first, closed, _ = line[quotes.end() :].partition(quotes[1])
            if closed or len(quotes[1]) == 1:
                return first[:MAX_DOC]
            return self._until(quotes[1], place + 1, first)
        return ""

    def _until(self, quotes: str, number: int, first: str) -> str:
        texts = [first]
        for line in self._lines[number : number + MAX_DOC_LINES]:
            before, closed, _ = line[:MAX_LINE].partition(quotes)
            texts.append(before.strip())
            if closed:
                break
        return "\n".join(texts).strip()[:MAX_DOC]

    def _comment(self, number: int) -> tuple[int, int]:
        """Return the lines on which the comment above a declaration and its annotations begins, and before which it ends."""
        end = number - self._is_below_type(number)
        while (
            end and number - end < 10 and self._lines[end - 1].lstrip()[:8].startswith(_ANNOTATION)
        ):
            end -= 1
        start = end
        while start and end - start < MAX_DOC_LINES and self._is_comment(start - 1):
            start -= 1
        return start, end

    def _is_comment(self, number: int) -> bool:
        stripped = self._lines[number][:MAX_LINE].strip()
        if stripped.startswith(("#!", "#include", "#define", "#if", "#endif", "#pragma")):
            return False
        marks = (
            (*self._language.comment, "/*", "*")
            if self._language.has_blocks
            else self._language.comment
        )
        return stripped.startswith(marks) or (self._language.has_blocks and stripped.endswith("*/"))

    def _uncommented(self, start: int, end: int) -> str:
        texts = (line[:MAX_LINE].strip(DECORATION) for line in self._lines[start:end])
        return "\n".join(texts).strip()[:MAX_DOC]


def _left_open(line: str, tokens: re.Pattern[str], ends: Mapping[str, str]) -> str:
    """Return what ends the text or comment that begins on a line and goes on below it; empty for none.

    Args:
        line: The line.
        tokens: What may hold a mark that begins nothing, such as the path ``docs/*`` in quotes, and such marks.
        ends: What ends what begins with a mark.
    """
    place = 0
    while found := tokens.search(line, place):
        place = found.end()
        if end := ends.get(found[0]):
            place = line.find(end, place)
            if place < 0:
                return end
            place += len(end)
    return ""
