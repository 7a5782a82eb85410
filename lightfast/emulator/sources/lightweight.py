"""AsciiDoc, Org and plain text, line by line: headings, code, text, and lines to leave out."""

from __future__ import annotations

import re

from lightfast.emulator.sources.markup import Line

__all__ = ["inline_asciidoc", "inline_org", "read_asciidoc", "read_org", "read_text"]

# https://docs.asciidoctor.org/asciidoc/latest/document-structure/
_ASCIIDOC_HEADING = re.compile(r"={1,6}[ \t]+(\S.*)")
_ASCIIDOC_BLOCKS = {"-": "code", ".": "code", "/": "silent", "+": "silent"}
_ASCIIDOC_TOOLS = re.compile(
    r":[!\w-]+:(?:\s.*)?$|\[[^\[\]]*\]$|//|(?:include|image|video|audio|ifdef|ifndef|endif|toc)::"
)
# A colon begins another address: none is read twice.
_ASCIIDOC_LINK = re.compile(
    r"(?:link|xref|image|kbd|btn|menu|mailto):(?:https?:)?[^\s\[\]:]*\[([^\[\]]*)\]|https?:[^\s\[\]:]+\[([^\[\]]+)\]"
)
_ASCIIDOC_REFERENCE = re.compile(r"<<[^<>,]*(?:,([^<>]*))?>>")
_ASCIIDOC_MARKS = re.compile(r"(?<!\w)[*_`#]{1,2}(?=[^\s*_`#])|(?<=[^\s*_`#])[*_`#]{1,2}(?!\w)")

# https://orgmode.org/manual/Summary-of-In_002dBuffer-Settings.html
_ORG_HEADING = re.compile(r"(\*{1,8})[ \t]+(?:(?:TODO|DONE)[ \t]+)?(\S.*)")
_ORG_LINK = re.compile(r"\[\[[^\[\]]*\](?:\[([^\[\]]*)\])?\]")
_ORG_MARKS = re.compile(r"(?<!\w)[*/=~+](?=[^\s*/=~+])|(?<=[^\s*/=~+])[*/=~+](?!\w)")


def read_asciidoc(lines: list[str]) -> list[Line]:
    """Return what each line is."""
    out: list[Line] = []
    block = ""  # the line that ends the block that we are in
    for number, line in enumerate(lines):
        stripped = line.strip()
        if block:
            kind = _ASCIIDOC_BLOCKS[block[0]]
            out.append(
                Line("code", line) if kind == "code" and stripped != block else Line("blank")
            )
            block = "" if stripped == block else block
        elif (
            len(stripped) > 3
            and stripped[0] in _ASCIIDOC_BLOCKS
            and not stripped.strip(stripped[0])
        ):
            block = stripped
            out.append(Line("blank"))
        elif heading := _ASCIIDOC_HEADING.fullmatch(stripped):
            level = len(stripped) - len(stripped.lstrip("="))
            out.append(Line("heading", heading[1], level, number))
        elif not stripped or _ASCIIDOC_TOOLS.match(stripped) or not stripped.strip("=|*_-"):
            out.append(Line("blank"))
        else:
            out.append(
                Line("text", stripped.removeprefix(".") if stripped[:2] != ". " else stripped)
            )
    return out


def inline_asciidoc(text: str) -> str:
    """Return a paragraph of AsciiDoc without links' targets and emphasis."""
    text = _ASCIIDOC_LINK.sub(lambda match: match[1] or match[2] or "", text)
    text = _ASCIIDOC_REFERENCE.sub(lambda match: (match[1] or "").strip(), text)
    return _ASCIIDOC_MARKS.sub("", text).strip()


def read_org(lines: list[str]) -> list[Line]:
    """Return what each line is."""
    out: list[Line] = []
    in_code = in_drawer = False
    for number, line in enumerate(lines):
        stripped = line.strip()
        word = stripped[:12].upper()
        if in_code and not word.startswith("#+END_"):
            out.append(Line("code", line))
        elif heading := _ORG_HEADING.fullmatch(line.rstrip()):
            out.append(Line("heading", heading[2], len(heading[1]), number))
        elif in_drawer or word.startswith(("#+", ":PROPERTIES", "# ")) or not stripped:
            in_drawer = (in_drawer or word.startswith(":PROPERTIES")) and not word.startswith(
                ":END:"
            )
            in_code = word.startswith(("#+BEGIN_SRC", "#+BEGIN_EXAM"))
            out.append(Line("blank"))
        else:
            out.append(Line("text", stripped))
    return out


def inline_org(text: str) -> str:
    """Return a paragraph of Org without links' targets and emphasis."""
    text = _ORG_LINK.sub(lambda match: match[1] or "", text)
    return _ORG_MARKS.sub("", text).strip()


def read_text(lines: list[str]) -> list[Line]:
    """Return what each line is: plain text has paragraphs, and titles with a rule below."""
    out: list[Line] = []
    for number, line in enumerate(lines):
        stripped = line.strip()
        is_rule = len(stripped) > 2 and stripped[0] in "=-~*#" and not stripped.strip(stripped[0])
        title = out[-1].text if out and out[-1].kind == "text" else ""
        stands_alone = number < 2 or out[-2].kind == "blank"
        if is_rule and title and stands_alone and abs(len(title) - len(stripped)) < 3:
            out[-1] = Line("blank")
            out.append(Line("heading", title, 1 if stripped[0] == "=" else 2, number - 1))
        else:
            out.append(Line("text", stripped) if stripped and not is_rule else Line("blank"))
    return out
