"""A table of a callable's arguments, with the defaults that its signature holds.

::

    ```{signature-table} lightfast.AsyncLightfast
    ```
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_ARGS = re.compile(r"^Args:\n(?P<body>(?:    .*\n|\n)+)", re.MULTILINE)
_ENTRY = re.compile(r"^    (?P<name>\w+): (?P<text>.*(?:\n {8}.*)*)", re.MULTILINE)


class SignatureTable(SphinxDirective):
    """Argument, default, meaning: the first two from the signature, the last from the docstring."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The table."""
        module, _, name = self.arguments[0].rpartition(".")
        target = getattr(import_module(module), name)
        meanings = _meanings(target)
        lines = [".. list-table::", "   :header-rows: 1", "   :widths: 26 20 54", ""]
        lines += _row("Argument", "Default", "Meaning")
        for parameter in inspect.signature(target).parameters.values():
            default = "required" if parameter.default is parameter.empty else f"``{_shown(parameter.default)}``"  # fmt: skip
            lines += _row(f"``{parameter.name}``", default, meanings[parameter.name])
        table = nodes.container()
        content = StringList(lines, source=f"<signature of {name}>")
        rst = nodes.Element()
        self._parse_rst(content, rst)
        table += rst.children
        return [table]

    def _parse_rst(self, content: StringList, into: nodes.Element) -> None:
        # The directive stands in Markdown, the docstrings are reST: ask for a reST parse.
        from docutils.core import publish_doctree

        document = publish_doctree("\n".join(content), settings_overrides={"report_level": 5})
        into += document.children


def _row(*cells: str) -> list[str]:
    first, *rest = cells
    return [f"   * - {first}", *(f"     - {cell}" for cell in rest)]


def _meanings(target: Any) -> dict[str, str]:
    found = _ARGS.search(inspect.cleandoc(target.__doc__ or "") + "\n")
    body = found["body"] if found else ""
    texts = {m["name"]: " ".join(m["text"].split()) for m in _ENTRY.finditer(body)}
    # Single backquotes would be looked up as links; here they are code.
    return {name: re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", text) for name, text in texts.items()}


def _shown(default: object) -> str:
    if isinstance(default, int) and not isinstance(default, bool) and default >= 1 << 20:
        return f"{default >> 20} * 1024 * 1024" if default % (1 << 20) == 0 else f"{default:_}"
    return getattr(default, "__qualname__", None) or repr(default)


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.add_directive("signature-table", SignatureTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
