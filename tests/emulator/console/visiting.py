"""A visitor of the console, who does the same over and over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.emulator.console.browser import chromium

if TYPE_CHECKING:
    from lightfast.emulator import Emulator

    from .browser import Page

IN_A_BROWSER = pytest.mark.skipif(
    chromium() is None,
    reason="NO CHROMIUM: the console was not tested in a browser; apt-get install chromium",
)

PROBE = "<img src=x onerror=window.probed=1><script>window.probed=2</script>"


async def sign_in(page: Page, emulator: Emulator, name: str = "Ada Lovelace") -> None:
    await page.go(emulator.console_url)
    await page.text("Sign in")
    await page.fill("input[name=name]", name)
    await page.press("Enter")
    await page.text("Settings")


async def open_search(page: Page, query: str) -> None:
    """Search, and return when what is shown is the answer: neither the welcome nor what was there before."""
    await page.fill("input[type=search]", query)
    await page.js("window.before = document.querySelector('.results').firstElementChild")
    await page.press("Enter")
    await page.wait(
        "((shown) => shown.firstElementChild !== window.before && !shown.hasAttribute('aria-busy')"
        " && (!!shown.querySelector('.result, .problem') || shown.innerText.includes('Nothing found'))"
        ")(document.querySelector('.results'))"
    )


async def choose(page: Page, name: str) -> None:
    """Click the user of that name, among those to choose from."""
    mine = f"[...document.querySelectorAll('.person')].find((e) => e.innerText.includes({json.dumps(name)}))"
    await page.wait(f"!!{mine}")
    await page.js(f"{mine}.click()")
