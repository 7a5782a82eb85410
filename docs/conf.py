"""Configuration of the documentation's build: `nox -s docs`."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import attrs
from docutils import nodes

import lightfast

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PROJECT = tomllib.loads(
    (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
)["project"]
SOURCE = PROJECT["urls"]["Source"]

project = "lightfast"
author = "The lightfast maintainers"
copyright = "2026, the lightfast maintainers"  # noqa: A001  # Sphinx's name for it
version = release = lightfast.__version__

extensions = [
    "inventories",
    "llms",
    "myst_parser",
    "signature_table",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinxext.opengraph",
]
exclude_patterns = ["_build", "_ext", "_inventories"]
intersphinx_mapping: dict[str, tuple[str, str]] = {}  # filled by `inventories`
needs_sphinx = "8.1"
smartquotes = False  # it would make dashes of the hyphens of options, and curl the quotes of code

# --- Markdown ---------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist", "substitution"]
myst_heading_anchors = 3
myst_substitutions = {"version": version, "revision": lightfast.API_REVISION}

# --- docstrings -------------------------------------------------------------------------------

# `Name` in a docstring is a link where there is such a thing, and code where there is none.
default_role = "py:obj"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {"Provider": "Provider", "Queries": "Queries", "Query": "Query"}
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
python_maximum_signature_line_length = 80
python_use_unqualified_type_names = True

# Names that say more than what they stand for; the pattern is what Sphinx makes of them.
_NAMES = {
    r"TypeAliasForwardRef\('(\w+)'\)": r"\1",
    r"Literal\['fast', 'balanced', 'thorough'\]": "Mode",
}


def _name_types(
    app: object,
    what: str,
    name: str,
    obj: object,
    options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None]:
    if what == "exception":  # raised for users, not made by them
        return signature and "", None
    for pattern, better in _NAMES.items():
        signature = signature and re.sub(pattern, better, signature)
        returns = returns and re.sub(pattern, better, returns)
    if signature and isinstance(obj, type) and attrs.has(obj):
        signature = _ATTRS_DEFAULT.sub(lambda m: _default(obj, m["name"]), signature)
    return signature, returns


# What attrs writes into the signatures that it makes, in place of a default.
_ATTRS_DEFAULT = re.compile(r"attr_dict\['(?P<name>\w+)'\]\.default|(?<== )NOTHING\b")


def _default(cls: type, name: str | None) -> str:
    return "{}" if name is None else repr(attrs.fields_dict(cls)[name].default)


_OPTION = re.compile(r"(?<![\w`-])(--[a-z][a-z-]*)(?![\w`-])")


def _quote_options(app: object, ctx: object, lines: list[str]) -> None:
    """Mark code in a command's help as code."""
    for number, line in enumerate(lines):
        is_listed = line.startswith("| ")
        # Within a list of lines, a smaller indentation than the one before is an error.
        text = line.removeprefix("| ").lstrip() if is_listed else line
        if is_listed and text.startswith(("lightfast ", "$ lightfast ")):
            lines[number] = f"| ``{text}``"
        else:
            lines[number] = "| " * is_listed + _OPTION.sub(r"``\1``", text)


def _dash(app: object, page: nodes.document) -> None:
    """Put a dash between an argument and what it is: Sphinx leaves that to its smart quotes."""
    for text in list(page.findall(nodes.Text)):
        if text == " -- ":
            text.parent.replace(text, nodes.Text(" – "))  # noqa: RUF001


def setup(app: Sphinx) -> None:
    """Connect what is defined here."""
    app.connect("doctree-read", _dash)
    app.connect("autodoc-process-signature", _name_types)
    app.connect("sphinx-click-process-description", _quote_options)
    app.connect("sphinx-click-process-epilog", _quote_options)


# --- pages ------------------------------------------------------------------------------------

html_theme = "furo"
html_title = f"lightfast {version}"
html_baseurl = PROJECT["urls"]["Documentation"]
html_static_path = ["_static"]
html_favicon = "../lightfast/emulator/console/static/icon.svg"
html_css_files = ["lightfast.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "navigation_with_keys": True,
    "source_repository": SOURCE,
    "source_branch": "main",
    "source_directory": "docs/",
    "top_of_page_buttons": ["view", "edit"],
    "footer_icons": [{"name": "Source code", "url": SOURCE, "html": "Source code", "class": ""}],
    "light_css_variables": {"color-brand-primary": "#2f5bd0", "color-brand-content": "#2f5bd0"},
    "dark_css_variables": {"color-brand-primary": "#8fb1ff", "color-brand-content": "#8fb1ff"},
}
pygments_style = "friendly"
pygments_dark_style = "github-dark"
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

# --- previews of links -------------------------------------------------------------------------

ogp_site_url = html_baseurl
ogp_site_name = "lightfast for Python"
ogp_description_length = 200
ogp_enable_meta_description = True
ogp_social_cards = {"enable": False}  # pictures would need matplotlib
