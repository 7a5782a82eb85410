"""``python -m tests.docs.site FOLDER``: what a built site must have, as a checklist."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from sphinx.search.en import SearchEnglish

import lightfast
from tests.public_api.surface import commands

ROOT = Path(__file__).parents[2]
SOURCE = "https://github.com/lightfastai/lightfast-python"


def main(site: Path) -> int:
    """Print each check's outcome; return 1 when one failed."""
    pages = [p.relative_to(site).with_suffix("") for p in sorted(site.rglob("*.html"))]
    written = [page for page in pages if (ROOT / "docs" / page).with_suffix(".md").exists()]
    checks = {
        f"{len(written)} pages: title and description for previews, canonical address": [
            *_missing(site, written, r'<meta property="og:title"'),
            *_missing(site, written, r'<meta property="og:description" content="[^"]'),
            *_missing(site, written, r'<link rel="canonical"'),
        ],
        f"{len(written)} pages: a link to edit them": [
            page
            for page in map(str, written)
            if f"{SOURCE}/edit/main/docs/{page}.md" not in _html(site, page)
        ],
        "llms.txt names every page, llms-full.txt holds it": _not_for_models(site, written),
        "the search index knows every argument, option and variable": _not_found(site),
        "nothing is loaded from another server": list(_foreign(site, written)),
    }
    for what, wrong in checks.items():
        print(f"[{'FAIL' if wrong else 'ok'}] {what}")
        for item in wrong:
            print(f"       {item}")
    return int(any(checks.values()))


def _html(site: Path, page: str | Path) -> str:
    return (site / f"{page}.html").read_text(encoding="utf-8")


def _missing(site: Path, pages: list[Path], pattern: str) -> Iterator[str]:
    yield from (f"{page}: {pattern}" for page in pages if not re.search(pattern, _html(site, page)))


def _not_for_models(site: Path, pages: list[Path]) -> list[str]:
    index = (site / "llms.txt").read_text(encoding="utf-8")
    full = (site / "llms-full.txt").read_text(encoding="utf-8")
    listed = [page for page in pages if page.name != "index"]
    wrong = [f"llms.txt: {page}" for page in listed if f"/{page}.html)" not in index]
    wrong += [
        f"llms.txt: {title} is empty"
        for title in re.findall(r"^(## .+)\n+(?:#|\Z)", index, re.MULTILINE)
    ]
    wrong += [f"llms-full.txt: {page}" for page in pages if f"/{page}.html -->" not in full]
    return wrong + ["llms-full.txt: hidden code"] * ("invisible-code-block" in full)


def _not_found(site: Path) -> list[str]:
    """Return the names that a search would not find."""
    text = (site / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text[text.index("{") : text.rindex("}") + 1])
    terms = index["terms"].keys() | index["titleterms"].keys()
    language = SearchEnglish({})
    names = {*inspect.signature(lightfast.AsyncLightfast).parameters}
    names |= {*inspect.signature(lightfast.AsyncLightfast.search).parameters} - {"self"}
    names |= set(re.findall(r" --([\w-]+)$", commands(), re.MULTILINE)) - {"help"}
    page = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
    names |= set(re.findall(r"`(LIGHTFAST_\w+)`", page))
    return [
        name
        for name in sorted(names)
        # What the page's script does with a query: split at what is no word, lower, stem.
        for word in re.findall(r"\w+", name)
        if word not in {"all", "no", "to", "until", "since"}  # too common to be indexed
        and not {language.stem(word.lower()), word.lower()} & terms
    ]


def _foreign(site: Path, pages: list[Path]) -> Iterator[str]:
    for page in pages:
        for url in re.findall(r'<(?:script|img|iframe)[^>]* src="(https?:[^"]+)', _html(site, page)):  # fmt: skip
            yield f"{page}: {url}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
