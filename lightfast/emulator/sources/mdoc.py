"""Phrases of mdoc(7), which names what it says instead of a font: flags, arguments, what stands in brackets.

https://man.openbsd.org/mdoc.7
"""

from __future__ import annotations

import attrs

__all__ = ["PHRASES", "phrase"]

_ENCLOSING = {
    "Op": "[]", "Bq": "[]", "Pq": "()", "Aq": "<>", "Brq": "{}", "Dq": "“”", "Sq": "‘’", "Qq": '""', "Ql": "‘’", "In": "<>",  # noqa: RUF001
}  # fmt: skip
# Those that end by a request of their own, which may be lines away.
_OPENING = {"Oo": "[", "Bo": "[", "Po": "(", "Ao": "<", "Bro": "{", "Do": "“", "So": "‘", "Qo": '"', "Xo": "", "Fo": "", "Eo": ""}  # noqa: RUF001  # fmt: skip
_CLOSING = {"Oc": "]", "Bc": "]", "Pc": ")", "Ac": ">", "Brc": "}", "Dc": "”", "Sc": "’", "Qc": '"', "Xc": "", "Fc": "", "Ec": ""}  # noqa: RUF001  # fmt: skip
_SYSTEMS = {"Bx": "BSD", "Fx": "FreeBSD", "Nx": "NetBSD", "Ox": "OpenBSD", "Dx": "DragonFly", "Ux": "UNIX", "At": "AT&T UNIX"}  # fmt: skip
_STYLES = frozenset(
    str.split(
        "Ad An Ar Cd Cm Dv Em Er Ev Fa Fl Fn Ft Ic Lb Li Lk Ms Mt Nm No Pa St Sx Sy Tn Va Vt Xr Nd"
        " %A %B %C %D %I %J %N %O %P %Q %R %T %U %V"
    )
)
PHRASES = frozenset({*_ENCLOSING, *_OPENING, *_CLOSING, *_SYSTEMS, *_STYLES, "Ns", "Pf", "Ap", "Ta", "Ex"})  # fmt: skip
_OPTIONS = frozenset({"-nosplit", "-split", "-std"})
_BEFORE, _AFTER = frozenset("(["), frozenset(".,:;)]?!")


def phrase(words: list[str], page: str) -> str:
    """Return what a line of mdoc says.

    Args:
        words: The line's words, macros among them.
        page: What the page is about, which a macro stands for.
    """
    # What ends the sentence stands behind the brackets.
    end = next((n for n in range(len(words), 0, -1) if words[n - 1] not in _AFTER), 0)
    said = _Phrase(page)
    for word in words[:end]:
        said.take(word)
    said.end()
    return "".join([*said.parts, *reversed(said.closing), *words[end:]])


@attrs.define
class _Phrase:
    """Phrase, as far as it was read."""

    page: str
    parts: list[str] = attrs.field(factory=list)
    closing: list[str] = attrs.field(factory=list)
    macro: str = ""  # that the words to come belong to
    count: int = 0  # of them so far
    glued: bool = True  # the next one follows without a blank

    def take(self, word: str) -> None:
        """Take the next word."""
        if word in _OPTIONS:
            return
        if word not in PHRASES:
            self._word(word)
            return
        self.end()
        self.macro, self.count = word, 0
        if word in _ENCLOSING:
            self._add(_ENCLOSING[word][0])
            self.closing.append(_ENCLOSING[word][1])
            self.glued = True
        elif word in _OPENING:
            self._add(_OPENING[word])
            self.glued = True
        elif word in _CLOSING:
            self.glued = True
            self._add(_CLOSING[word])
        elif word in {"Ns", "Ap"}:
            self.parts.extend("'" if word == "Ap" else "")
            self.glued = True
        elif word in _SYSTEMS:
            self._add(_SYSTEMS[word])
        elif word == "Nd":
            self._add("-")

    def end(self) -> None:
        """End the macro that the words belonged to: some say something without any."""
        if not self.count and self.macro in {"Nm", "Fl", "Ar", "Ex"}:
            ends = f"The {self.page} utility exits 0 on success, and >0 if an error occurs."
            alone = {"Nm": self.page, "Fl": "-", "Ar": "file ...", "Ex": ends}
            self._add(alone[self.macro])
        self.macro = ""

    def _word(self, word: str) -> None:
        if self.macro == "Ex":
            self.page = word
            return
        self.count += 1
        if word in _AFTER:
            self.parts.append(word)
        elif self.macro == "Fl":
            self._add(f"-{word}")
        elif self.macro == "Xr" and self.count == 2:
            self.parts.append(f"({word})")
        elif self.macro == "Fn":
            self._function(word)
        else:
            self._add(word)
        self.glued = word in _BEFORE or self.macro == "Pf"

    def _function(self, word: str) -> None:
        if self.count == 1:
            self._add(f"{word}(")
            self.closing.append(")")
            return
        self.parts.append(", " if self.count > 2 else "")
        self.parts.append(word)

    def _add(self, text: str) -> None:
        self.parts.append(text if self.glued or not self.parts else f" {text}")
        self.glued = False
