"""Markdown and reST without their marks."""

from __future__ import annotations

import re

__all__ = ["plain"]

_MARKUP = (
    (re.compile(r"^\s*(?:```|~~~).*$", re.MULTILINE), " "),
    (re.compile(r"<!--.*?-->", re.DOTALL), " "),
    (re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*(?:\s+\"[^\"\n]*\")?\)"), r"\1"),
    (re.compile(r"^\s{0,3}#{1,6}\s+", re.MULTILINE), ""),
    (re.compile(r":[a-z:+-]+:`([^`\n]*)`"), r"\1"),
    (re.compile(r"^\s*([=\-~^\"'`#*+.:_])\1{2,}\s*$", re.MULTILINE), " "),
    (re.compile(r"^\s*\|?(?:\s*:?-+:?\s*\|)+[\s:-]*$", re.MULTILINE), " "),
    (re.compile(r"`+|\*\*"), ""),
)
_MARKED = re.compile(r"[`#*\[<=~^_:\-]")
_SPACE = re.compile(r"\s+")


def plain(text: str) -> str:
    """Text without Markdown's and reST's commonest marks, on one line."""
    if _MARKED.search(text):
        for pattern, replacement in _MARKUP:
            text = pattern.sub(replacement, text)
    return _SPACE.sub(" ", text).strip()
