"""Roff, the language of manual pages: its escapes, its arguments, and how a text in it is told from others.

https://man7.org/linux/man-pages/man7/groff.7.html
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["arguments", "is_roff", "unescaped", "without_comment"]

MAX_HEAD = 65_536  # characters in which a page names itself: licenses come first

_BEGINS = re.compile(r"(?:\s*+[.'](?=[ \t]*+\n))*+\s*+(?:[.'][ \t]*+[A-Za-z]|[.']?\\[\"#])")
_NAMES_ITSELF = re.compile(r"^[.'][ \t]*+(?:TH|Dt|SH|Sh)[ \t]", re.MULTILINE)
_BEFORE_COMMENT = re.compile(r"(?:[^\\]|\\[^\"#])*+")
_ARGUMENT = re.compile(r"\"((?:[^\"]|\"\")*+)\"?|((?:\\.|\S)++)")

_NAME = r"(?:\[[^\[\]]*\]|\(..|.)"
_ESCAPE = re.compile(
    rf"\\(?:[fFmMgkYV]{_NAME}|n[+-]?{_NAME}|s(?:[-+]?(?:\[[^\[\]]*\]|\(..|[1-3]\d|\d)|'[^']*')"
    r"|[bBDhHlLoSvwxXZRA]'[^']*'|N'(?P<code>\d{1,7})'|C'(?P<named>[^']*)'"
    r"|\*?\[(?P<long>[^\[\]]*)\]|\*?\((?P<two>..)|\*(?P<string>.)|(?P<one>.)|$)"
)
_ONE = {**dict.fromkeys(" ~0", " "), **dict.fromkeys("eE\\", "\\"), **dict.fromkeys("&|^),/%:{}!acdpruz?", "")}  # fmt: skip
# Names and what they stand for; the last line has the strings of both macro packages.
_NAMED = str.split(
    """aq ' dq " lq “ rq ” oq ‘ cq ’ Bq „ bq ‚ em — en – hy - mi - pl + eq = bu • ci ○ co © rg ® tm ™ ha ^ ti ~ rs \\
    ga ` sl / ba | bv | at @ sh # Do $ lB [ rB ] lC { rC } la ⟨ ra ⟩ <= ≤ >= ≥ != ≠ == ≡ -> → <- ← mu × +- ± de ° sc §
    dg † dd ‡ ps ¶ 14 ¼ 12 ½ 34 ¾ if ∞ ct ¢ Eu € Po £ Fo « Fc » ss ß ae æ AE Æ /o ø /O Ø oa å oA Å .i ı *a α *b β *m μ *p π
    Aq ' Tm ™ R ® - - -- — L" " R" " C` ' C' ' Lt < Gt > Le ≤ Ge ≥ Ne ≠ Am & Ba | Pm ± Pi π If ∞"""  # noqa: RUF001
)
_CHARACTERS = dict(zip(_NAMED[::2], _NAMED[1::2], strict=True))
_ACCENTS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", ":": "\u0308", "~": "\u0303", ",": "\u0327", "v": "\u030c"}  # fmt: skip
_UNICODE = re.compile(r"u(?!D[89A-F])(0?[0-9A-F]{4,5})")


def is_roff(text: str) -> bool:
    """Return whether a text is a manual page's source: a file's name ends like one's of any version of anything, too."""
    return bool(_BEGINS.match(text) and _NAMES_ITSELF.search(text, 0, MAX_HEAD))


def without_comment(line: str) -> str:
    """Return a line down to where its comment begins."""
    found = _BEFORE_COMMENT.match(line)
    return found[0] if found else ""


def arguments(text: str) -> list[str]:
    """Return the arguments of a request, with their escapes: words, and what stands in quotes."""
    return [match[2] or match[1].replace('""', '"') for match in _ARGUMENT.finditer(text)]


def unescaped(text: str) -> str:
    """Return what is printed for a text: characters for their names, and nothing for fonts, sizes and motions."""
    return _ESCAPE.sub(_printed, text) if "\\" in text else text


def _printed(match: re.Match[str]) -> str:
    if (one := match["one"]) is not None:
        return _ONE.get(one, one)
    if code := match["code"]:
        return chr(int(code)) if 31 < int(code) < 0xD800 else ""
    return _character(match["named"] or match["long"] or match["two"] or match["string"] or "")


def _character(name: str) -> str:
    if name in _CHARACTERS:
        return _CHARACTERS[name]
    if code := _UNICODE.fullmatch(name):
        return chr(int(code[1], 16))
    if len(name) == 2 and name[0] in _ACCENTS:
        return unicodedata.normalize("NFC", name[1] + _ACCENTS[name[0]])
    return ""
