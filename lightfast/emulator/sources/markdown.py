"""Markdown, line by line: headings, code, text, and lines to leave out."""

from __future__ import annotations

import re

from lightfast.emulator.sources.markup import Line

__all__ = ["read_markdown"]

_FENCE = re.compile(r"(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r"(#{1,6})(?:[ \t]+(.*))?")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
_HTML_HEADING = re.compile(r"<h([1-6])(?:\s[^<>]*)?>(.*)", re.IGNORECASE)
_HTML_HEADING_END = re.compile(r"</h[1-6]", re.IGNORECASE)
_MOST_HEADING_LINES = 5
_HTML_BLOCK = re.compile(r"</?(?:address|article|aside|blockquote|body|center|dd|details|div|dl|dt|figure|footer|form|header|li|main|nav|ol|p|picture|pre|script|section|style|summary|table|tbody|td|tfoot|th|thead|tr|ul)\b", re.IGNORECASE)  # fmt: skip
# Lines for a tool, not for a reader: reference definitions, containers, labels, templates, tables of contents.
_FOR_TOOLS = re.compile(
    r"\[[^\[\]]+\]:\s|:::|\([\w.:-]+\)=$|\{%|\{\{|\[TOC\]$|\[\[_?TOC_?\]\]$|\[!\w+\][+-]?$|\{[:#.][^{}]*\}$",
    re.IGNORECASE,
)
_ADMONITION = re.compile(r"(?:!!!|\?\?\?\+?)[ \t]++[\w -]*(?:\"([^\"]*)\")?$")
_MODULE = re.compile(r"(?:import|export)\s.*")
_RULE = frozenset("-*_= ")
_TABLE_RULE = frozenset("|-:+ ")


def read_markdown(lines: list[str], *, modules: bool = False) -> list[Line]:
    """Return what each line is.

    Args:
        lines: The file's lines.
        modules: Whether it is MDX, which begins with imports and exports.
    """
    reader = _Reader(modules=modules)
    for number, line in enumerate(lines):
        reader.read(number, line)
    return reader.out


class _Reader:
    """Reader of lines, and its state after those read so far.

    Args:
        modules: Whether imports and exports are for tools.
    """

    def __init__(self, *, modules: bool) -> None:
        self.out: list[Line] = []
        self._modules = modules
        self._fence = ""
        self._in_comment = False
        self._in_list = False
        self._in_html = False
        self._open_heading = -1  # where an HTML heading began that has not ended yet
        self._paragraph = -1  # where the paragraph began that an underline would make a heading

    def read(self, number: int, line: str) -> None:
        """Take the next line."""
        if "\t" in line:
            line = line.expandtabs(4)
        stripped = line.strip()
        if self._fence:
            self._code(line, stripped)
            return
        if self._in_comment or "<!--" in stripped:
            stripped = self._without_comments(stripped)
        if self._open_heading >= 0:
            self._continue_heading(number, stripped)
        elif not stripped:
            self._blank()
        elif not self._is_code(line):
            self._block(number, line, stripped)
        else:
            self.out.append(Line("code", line[4:]))

    def _code(self, line: str, stripped: str) -> None:
        closing = stripped.startswith(self._fence) and not stripped.strip(self._fence[0])
        if closing:
            self._fence = ""
        self.out.append(Line("blank") if closing else Line("code", line))

    def _without_comments(self, text: str) -> str:
        kept = []
        while text:
            mark = "-->" if self._in_comment else "<!--"
            before, found, text = text.partition(mark)
            if not self._in_comment:
                kept.append(before)
            if found:
                self._in_comment = not self._in_comment
        return "".join(kept).strip()

    def _blank(self) -> None:
        self.out.append(Line("blank"))
        self._paragraph = -1
        self._in_html = False

    def _is_code(self, line: str) -> bool:
        return line.startswith("    ") and self._paragraph < 0 and not self._in_list

    def _block(self, number: int, line: str, stripped: str) -> None:
        indent = len(line) - len(line.lstrip())
        fence = _FENCE.match(stripped)
        if fence and not (fence[1][0] == "`" and "`" in fence[2]):
            self._fence = fence[1]
            self._blank()
        elif indent < 4 and self._heading(number, line, stripped, indent):
            self._paragraph = -1
        else:
            self._text(number, stripped, indent)

    def _heading(self, number: int, line: str, stripped: str, indent: int) -> bool:
        nested = indent and self._in_list
        if html := _HTML_HEADING.match(stripped):
            title, *end = _HTML_HEADING_END.split(html[2], maxsplit=1)
            self.out.append(Line("heading", title, int(html[1]), number))
            self._open_heading = -1 if end else number
            return True
        if self._in_html or nested:
            return False
        if atx := _HEADING.fullmatch(stripped):
            title = (atx[2] or "").strip()
            closed = title.rstrip("#")
            if not closed or closed[-1] in " \t":
                title = closed.rstrip()
            self.out.append(Line("heading", title, len(atx[1]), number))
            self._in_list = False
            return True
        return self._underline(number, stripped)

    def _continue_heading(self, number: int, stripped: str) -> None:
        """Add a line to the HTML heading that is open."""
        first = self._open_heading
        title, *end = _HTML_HEADING_END.split(stripped, maxsplit=1)
        if not end and (not stripped or number - first > _MOST_HEADING_LINES):
            title, end = "", [""]  # never closed
        begun = self.out[first]
        self.out[first] = Line("heading", f"{begun.text} {title}".strip(), begun.level, first)
        self.out.append(Line("blank"))
        if end:
            self._open_heading = -1

    def _underline(self, number: int, stripped: str) -> bool:
        if self._paragraph < 0 or stripped.strip(stripped[0]) or stripped[0] not in "=-":
            return False
        first = self._paragraph
        title = " ".join(line.text for line in self.out[first:number])
        self.out[first:number] = [Line("blank")] * (number - first)
        self.out.append(Line("heading", title, 1 if stripped[0] == "=" else 2, first))
        return True

    def _text(self, number: int, stripped: str, indent: int) -> None:
        quoted = stripped[0] == ">"
        if quoted:
            stripped = stripped.lstrip("> ")
        item = bool(_ITEM.match(stripped))
        if item:
            self._in_list = True
        elif not indent and self._paragraph < 0:
            self._in_list = False
        text = self._visible(stripped)
        if _HTML_BLOCK.match(stripped) and self._paragraph < 0:
            self._in_html = True
        if quoted or item or self._in_html or stripped[0:1] == "|" or indent:
            self._paragraph = -1 if self._paragraph < 0 or item else self._paragraph
        elif self._paragraph < 0:
            self._paragraph = number
        self.out.append(Line("text", text) if text else Line("blank"))
        if not text:
            self._paragraph = -1

    def _visible(self, stripped: str) -> str:
        """Return what a reader sees of a line of text; nothing of a line for a tool."""
        letters = set(stripped)
        if letters <= _RULE and len(stripped) > 2 and len(letters - {" "}) == 1:
            return ""
        if letters <= _TABLE_RULE and "-" in letters and len(letters) > 1:
            return ""
        if _FOR_TOOLS.match(stripped) or (self._modules and _MODULE.fullmatch(stripped)):
            return ""
        if nested := _HEADING.fullmatch(stripped):
            return nested[2] or ""
        if title := _ADMONITION.fullmatch(stripped):
            return title[1] or ""
        if stripped.startswith("|"):
            return " | ".join(filter(None, map(str.strip, stripped.strip("|").split("|"))))
        return stripped
