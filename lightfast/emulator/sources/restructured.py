"""reStructuredText, line by line: headings, code, text, and lines to leave out.

https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html
"""

from __future__ import annotations

import re

from lightfast.emulator.sources.markup import Line

__all__ = ["read_restructured"]

_MARKS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_DIRECTIVE = re.compile(r"\.\.[ \t]+(?:\|[^|]*\|[ \t]+)?(?:[\w+.-]+:)?([\w+.-]+)::(?:[ \t]+(.*))?")
_OPTION = re.compile(r":([\w -]{1,60}):(?:[ \t]+(.*))?")
# https://github.com/bitprophet/releases
_RELEASE = re.compile(r"[*+-][ \t]+:release:`([^`<>]{1,60}?)[ \t]*(?:<([^`<>]{1,60})>)?`")
_ENTRY = re.compile(r"([*+-])[ \t]+:(bug|feature|support):`(?:(\d{1,9})|-)?[^`]{0,60}`[ \t]*(.*)")
# The whole block is for a tool.
_SILENT = frozenset(
    str.split(
        "contents csv-table currentmodule default-domain default-role figure highlight highlights image include index"
        " meta module only plot program py-currentmodule raw replace role sectionauthor tabularcolumns toctree unicode"
        " automodule autosummary image-sg minigallery mermaid graphviz digraph literalinclude youtube"
    )
)
_CODE = frozenset(
    str.split(
        "code code-block sourcecode ipython doctest testcode testsetup testoutput parsed-literal prompt console-session"
        " program-output math jupyter-execute"
    )
)
_VERSIONS = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "versionremoved": "Removed in version",
}

# Below every heading.
_RELEASE_LEVEL = 100
_MOST_OPTIONS = 10
_LONG = 200  # characters of a heading that names several releases


def read_restructured(lines: list[str]) -> list[Line]:
    """Return what each line is."""
    reader = _Reader(lines)
    for number in range(len(lines)):
        reader.read(number)
    return reader.out


class _Reader:
    """Reader of lines, and its state after those read so far.

    Args:
        lines: All of the file's lines: a title is known by the line below it.
    """

    def __init__(self, lines: list[str]) -> None:
        self.out: list[Line] = []
        self._lines = lines
        self._styles: dict[str, int] = {}
        self._block = ""  # the directive or comment that an indented line belongs to
        self._indent = 0
        self._code_indent = 0  # of the first line of code in the block
        self._options = False

    def read(self, number: int) -> None:
        """Take the next line."""
        line = self._lines[number].rstrip()
        if not line:
            self._options = False
            self.out.append(Line("blank"))
        elif self._block and _indent(line) > self._indent:
            self.out.append(self._inside(line))
        else:
            self._block = ""
            if not self._heading(number, line):
                self.out.append(self._outside(line))

    def _inside(self, line: str) -> Line:
        stripped = line.strip()
        if self._block == "silent" or (self._options and _OPTION.fullmatch(stripped)):
            return Line("blank")
        self._options = False
        if self._block == "code":
            self._code_indent = self._code_indent or _indent(line)
            return Line("code", line[min(self._code_indent, _indent(line)) :])
        return self._outside(line)

    def _outside(self, line: str) -> Line:
        stripped = line.strip()
        if directive := _DIRECTIVE.fullmatch(stripped):
            return self._directive(line, directive[1].lower(), (directive[2] or "").strip())
        if stripped == ".." or stripped.startswith((".. ", "..\t")):
            # A comment, a label, a citation; and what is indented below it.
            self._open("silent", line)
            return Line("blank")
        if release := _RELEASE.fullmatch(stripped):
            return self._release(release[1], release[2] or "")
        if entry := _ENTRY.fullmatch(stripped):
            mark, kind, issue, said = entry.groups()
            stripped = f"{mark} {kind.capitalize()}{f' #{issue}' if issue else ''}: {said}"
        return self._text(stripped, line)

    def _release(self, version: str, date: str) -> Line:
        """Return the heading of a release; of several in a row it names all, because what follows is in each."""
        number = len(self.out)
        last = self.out[-1] if self.out else Line("blank")
        if last.level == _RELEASE_LEVEL and len(last.text) < _LONG:
            number -= 1
            version = f"{last.text}, {version}"
            self.out[-1] = Line("blank")
        return Line("heading", f"{version} ({date})" if date else version, _RELEASE_LEVEL, number)

    def _directive(self, line: str, name: str, argument: str) -> Line:
        if name in _SILENT or ".. |" in line:
            self._open("silent", line)
            return Line("blank")
        self._open("code" if name in _CODE else "text", line)
        if name in _CODE:
            return Line("blank")
        if name == "changelog":  # https://changelog.readthedocs.io/
            told = self._options_below(line)
            if version := told.get("version"):
                return self._release(version, told.get("released", ""))
        if name in _VERSIONS:
            return Line("text", f"{_VERSIONS[name]} {argument}".rstrip())
        return Line("text", argument) if argument else Line("blank")

    def _options_below(self, line: str) -> dict[str, str]:
        """Return the options of the directive that was just read."""
        start = len(self.out) + 1
        told: dict[str, str] = {}
        for below in self._lines[start : start + _MOST_OPTIONS]:
            option = _OPTION.fullmatch(below.strip())
            if not option or _indent(below) <= _indent(line):
                break
            told[option[1]] = (option[2] or "").strip()
        return told

    def _open(self, block: str, line: str, *, options: bool = True) -> None:
        self._block, self._indent, self._options = block, _indent(line), options
        self._code_indent = 0

    def _text(self, stripped: str, line: str = "") -> Line:
        if _is_adornment(stripped) or not (set(stripped) - set("=+-| ")):
            return Line("blank")
        if stripped.endswith("::"):
            if line:
                self._open("code", line, options=False)
            stripped = stripped[:-1] if len(stripped) > 2 else ""
            return Line("text", stripped) if stripped.strip(": ") else Line("blank")
        return Line("text", stripped)

    def _heading(self, number: int, line: str) -> bool:
        """Tell whether the line underlines a title, and put the heading in."""
        if not _is_adornment(line) or not number:
            return False
        title = self._lines[number - 1]
        above = self._lines[number - 2] if number > 1 else ""
        over = _is_adornment(above) and above.rstrip() == line
        if self.out[-1].kind != "text" or not _is_title(title, line, above, over=over):
            return False
        # Levels are told by the order in which styles first appear.
        style = line[0] + ("^" if over else "")
        level = self._styles.setdefault(style, len(self._styles) + 1)
        first = number - 1 - over
        self.out[first:number] = [Line("blank")] * (number - first)
        self.out.append(Line("heading", title.strip(), level, first))
        return True


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_adornment(line: str) -> bool:
    line = line.rstrip()
    return len(line) > 1 and line[0] in _MARKS and not line.strip(line[0])


def _is_title(title: str, under: str, above: str, *, over: bool) -> bool:
    if not title.strip() or _is_adornment(title) or len(under) < len(title.rstrip()):
        return False
    return over or (not title[0].isspace() and not above.strip())
