"""The documentation for language models: ``llms.txt``, an index, and ``llms-full.txt``, all of it.

The form of the index: https://llmstxt.org/. The full text is what readers see, rendered as plain text,
so it holds the reference and the command line's options as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.io import StringOutput
from sphinx.builders.text import TextBuilder
from sphinx.util.nodes import clean_astext
from sphinx.writers.text import TextWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.builders import Builder


def write_llms(app: Sphinx, exception: Exception | None) -> None:
    """Write both files beside the pages."""
    if exception or app.builder.name not in {"html", "dirhtml"}:
        return
    out = Path(app.outdir)
    pages = list(dict.fromkeys(_in_order(app, app.config.root_doc)))
    (out / "llms.txt").write_text(_index(app, pages), encoding="utf-8")
    (out / "llms-full.txt").write_text(_full(app, pages), encoding="utf-8")


def _in_order(app: Sphinx, page: str) -> Iterator[str]:
    """Yield a page and those below it, as the navigation shows them."""
    yield page
    for child in app.env.toctree_includes.get(page, []):
        yield from _in_order(app, child)


def _index(app: Sphinx, pages: list[str]) -> str:
    summary = _first_paragraph(_resolved(app, app.config.root_doc, app.builder))
    lines = [f"# {app.config.project}", "", f"> {summary}"]
    folders = dict.fromkeys(page.rpartition("/")[0] for page in pages)
    for folder in folders:  # that of the pages beside the index comes first
        index = f"{folder}/index" if folder else app.config.root_doc
        title = clean_astext(app.env.titles[index]) if folder else "Start"
        inside = [page for page in pages if page.rpartition("/")[0] == folder and page != index]
        lines += ["", f"## {title}", "", *(_entry(app, page) for page in inside)]
    full = f"- [Everything on one page]({app.config.html_baseurl}llms-full.txt)"
    return "\n".join([*lines, "", "## Optional", "", full, ""])


def _entry(app: Sphinx, page: str) -> str:
    title = clean_astext(app.env.titles[page])
    url = app.config.html_baseurl + app.builder.get_target_uri(page)
    summary = _first_paragraph(_resolved(app, page, app.builder))
    return f"- [{title}]({url}): {summary}" if summary else f"- [{title}]({url})"


def _resolved(app: Sphinx, page: str, builder: Builder) -> nodes.document:
    """Return a page with its references resolved: a link without a text gets its target's title."""
    return app.env.get_and_resolve_doctree(page, builder)


def _first_paragraph(page: nodes.document) -> str:
    paragraph = page.next_node(nodes.paragraph)
    return " ".join(paragraph.astext().split()) if paragraph else ""


def _full(app: Sphinx, pages: list[str]) -> str:
    builder = TextBuilder(app, app.env)
    builder.secnumbers = {}  # what it would set itself before it wrote files
    texts = []
    for page in pages:
        writer = TextWriter(builder)
        writer.write(_resolved(app, page, builder), StringOutput(encoding="unicode"))
        url = app.config.html_baseurl + app.builder.get_target_uri(page)
        texts.append(f"<!-- {url} -->\n\n{writer.output}")
    return "\n\n".join(texts)


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the files when the pages are written."""
    app.connect("build-finished", write_llms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
