"""A table of a callable's arguments, with the defaults that its signature holds.

::

    ```{signature-table} lightfast.AsyncLightfast
    ```
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import TYPE_CHECKING

from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

_ARGS = re.compile(r"^Args:\n(?P<body>(?:    .*\n|\n)+)", re.MULTILINE)
_ENTRY = re.compile(r"^    (?P<name>\w+): (?P<text>.*(?:\n {8}.*)*)", re.MULTILINE)
_MIB = 1 << 20


class SignatureTable(SphinxDirective):
    """Argument, default, meaning: the first two from the signature, the last from the docstring."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table, parsed as the page's own Markdown."""
        module, _, name = self.arguments[0].rpartition(".")
        target = getattr(import_module(module), name)
        meanings = _meanings(target.__doc__ or "")
        lines = ["| Argument | Default | Meaning |", "|---|---|---|"]
        for parameter in inspect.signature(target).parameters.values():
            shown = _shown(parameter.default)
            lines.append(f"| `{parameter.name}` | `{shown}` | {meanings[parameter.name]} |")
        return self.parse_text_to_nodes("\n".join(lines))


def _meanings(docstring: str) -> dict[str, str]:
    found = _ARGS.search(inspect.cleandoc(docstring) + "\n")
    entries = _ENTRY.finditer(found["body"] if found else "")
    return {entry["name"]: " ".join(entry["text"].split()) for entry in entries}


def _shown(default: object) -> str:
    if type(default) is int and default >= _MIB and default % _MIB == 0:
        return f"{default // _MIB} * 1024 * 1024"
    return getattr(default, "__qualname__", None) or repr(default)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("signature-table", SignatureTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
