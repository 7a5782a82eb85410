"""Breaks between two surfaces, and whether the changelog tells of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import attrs
import griffe

from tests.public_api.changelog import Entry

Surface: TypeAlias = Mapping[str, str]

# What may change in any version, as docs/upgrading.md promises; listed under "Changed".
_DEFAULTS = {griffe.BreakageKind.PARAMETER_CHANGED_DEFAULT}
_COLOUR = re.compile(r"\x1b\[\d+m")
_SPAN = re.compile(r"`([^`]+)`")


@attrs.frozen
class Break:
    """One way in which code that uses the old surface may stop working.

    Args:
        symbol: The name that changed, with the class before a method's.
        what: What happened to it.
        group: The changelog's group that must name it; a Breaking entry always will do.
    """

    symbol: str
    what: str
    group: str = "Breaking"

    def is_in(self, entries: Iterable[Entry]) -> bool:
        """Tell whether an entry names the symbol in code: whole, or its last part."""
        names = {self.symbol, self.symbol.split()[-1].rpartition(".")[2]}
        return any(
            names & set(_words(span))
            for entry in entries
            if entry.group in {self.group, "Breaking"}
            for span in _SPAN.findall(entry.text)
        )


def _words(span: str) -> Iterator[str]:
    yield span
    yield from re.findall(r"--[\w-]+|[\w.]+", span)
    yield from re.findall(r"\w+", span)


def breaks(old: Surface, new: Surface) -> list[Break]:
    """Return what of the old surface is missing in the new one or is another there."""
    found: list[Break] = []
    for name, text in old.items():
        if name not in new:
            found.append(Break(name.removesuffix(".pyi"), "removed"))
        elif name.endswith(".pyi"):
            found += _python(name.removesuffix(".pyi"), text, new[name])
        else:
            gone = set(text.splitlines()) - set(new[name].splitlines())
            found += [Break(line, "removed") for line in sorted(gone)]
    return found


def _python(module: str, old: str, new: str) -> Iterator[Break]:
    for breakage in griffe.find_breaking_changes(_visit(module, old), _visit(module, new)):
        if _is_renamed_rest(breakage):
            continue
        symbol = breakage.obj.path.removeprefix(f"{module}.").removesuffix(".__init__")
        said = _COLOUR.sub("", breakage.explain(griffe.ExplanationStyle.ONE_LINE))
        what = said.split(": ", 2)[-1]  # after the file and the symbol
        value = breakage.old_value or breakage.new_value
        if isinstance(value, griffe.Parameter):
            symbol = f"{symbol}.{value.name}"
        group = "Changed" if breakage.kind in _DEFAULTS else "Breaking"
        yield Break(symbol, what or breakage.kind.value, group)


def _is_renamed_rest(breakage: griffe.Breakage) -> bool:
    """Tell whether only the name of ``*args`` or ``**kwargs`` changed, which no call can see."""
    old = breakage.old_value
    if not (isinstance(old, griffe.Parameter) and isinstance(breakage.obj, griffe.Function)):
        return False
    rest = {griffe.ParameterKind.var_positional, griffe.ParameterKind.var_keyword}
    return old.kind in rest and any(p.kind is old.kind for p in breakage.obj.parameters)


def _visit(module: str, text: str) -> griffe.Module:
    return griffe.visit(module, filepath=Path(f"{module}.pyi"), code=text)
