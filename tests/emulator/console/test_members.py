"""Settings, Members, in a real browser: add a member, sign in as one, be removed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lightfast.emulator import SAMPLE, Emulator
from tests.emulator.console.visiting import IN_A_BROWSER, PROBE, choose, open_search, sign_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from .browser import Page

pytestmark = IN_A_BROWSER


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator([SAMPLE]) as emulator:
        yield emulator


async def test_a_member_is_added_signs_in_is_removed_and_refused(
    emulator: Emulator, page: Page, shots: Path
) -> None:
    """An existing user and a new one become members; one of them signs in, and loses all while looking on."""
    emulator.accounts.create_user("Grace Hopper")
    await sign_in(page, emulator)
    await page.click("Settings")
    await page.click("Members")
    await page.text("Ada Lovelace you")
    await page.click("Add Member")
    await page.text("Or somebody new")
    await page.shoot(shots / "add-member.png")
    await choose(page, "Grace Hopper")
    await page.wait("document.querySelectorAll('tbody tr').length === 2")
    await page.wait("document.activeElement.innerText === 'Add Member'")
    await page.click("Add Member")
    await page.fill("input[name=member-name]", "Margaret Hamilton")
    await page.press("Enter")
    await page.wait("document.querySelectorAll('tbody tr').length === 3")
    await page.wait("!document.querySelector('dialog')")
    await page.js("document.activeElement.blur()")
    await page.shoot(shots / "members.png")
    grace = emulator.accounts.list_members()[1]
    assert grace.name == "Grace Hopper"

    await page.click("Sign out")
    await choose(page, "Grace Hopper")
    await page.text("Margaret Hamilton")
    await page.click("Search")
    await open_search(page, "login")
    await page.text("results in")
    emulator.accounts.remove_member(grace)
    for path in ("#/search?q=payments", "#/settings/members"):
        await page.js(f"location.hash = {json.dumps(path)}")
        await page.text("Access denied to this organization")
    page.complaints.clear()  # the browser itself tells of the 403
    await page.js("location.reload()")
    await page.text("Grace Hopper is not a member of any organization.")

    await page.click("Sign out")
    await choose(page, "Ada Lovelace")
    await page.js("location.hash = '#/settings/members'")
    await page.click("Remove Margaret Hamilton")
    await page.text("They see nothing of local from now on.")
    assert await page.js("document.activeElement.innerText") == "Cancel"
    await page.shoot(shots / "remove-member.png")
    await page.click("Remove member")
    await page.wait("document.querySelectorAll('tbody tr').length === 1")
    await page.wait("document.activeElement.innerText === 'Members'")
    assert [member.name for member in emulator.accounts.list_members()] == ["Ada Lovelace"]


async def test_whoever_leaves_falls_back_to_what_they_still_see(
    emulator: Emulator, page: Page
) -> None:
    """To another organization, and from the last one to the page that says that there is none."""
    emulator.accounts.create_organization("acme")
    await sign_in(page, emulator)
    (ada,) = emulator.accounts.list_members()
    emulator.accounts.add_member(ada, "acme")
    await page.js("location.hash = '#/settings/members'; location.reload()")
    await page.text("Ada Lovelace you")
    first = await page.js("document.querySelector('#organization').selectedOptions[0].text")
    for left, seen in ((first, "make its keys"), (None, "is not a member of any organization")):
        await page.click("Remove Ada Lovelace")
        await page.text("Leave this organization?")
        await page.press("Escape")
        await page.wait("!document.querySelector('dialog')")
        await page.click("Remove Ada Lovelace")
        await page.click("Leave organization")
        await page.wait("!document.querySelector('dialog')")
        await page.text(seen)
        names = "[...document.querySelector('#organization').options].map((o) => o.text)"
        await page.wait(f"!{names}.includes({json.dumps(left)})")
        assert await page.js("document.activeElement.tagName") == "H1"
    assert await page.js(f"{names}.length") == 0
    assert not emulator.accounts.list_members() + emulator.accounts.list_members(
        organization="acme"
    )
    await page.fill("input[name=organization]", "fresh")
    await page.press("Enter")
    await page.wait(f"{names}.includes('fresh')")


async def test_what_nobody_can_be_called_is_told_in_words(emulator: Emulator, page: Page) -> None:
    """In the dialog, which stays open for another try."""
    await sign_in(page, emulator)
    await page.js("location.hash = '#/settings/members'")
    await page.click("Add Member")
    await page.wait("document.activeElement.name === 'member-name'")
    await page.type("  ")
    await page.press("Enter")
    await page.text("The name of a user must have 1 to 100 characters")
    page.complaints.clear()  # the browser itself tells of the 400
    await page.fill("input[name=member-name]", PROBE)
    await page.press("Enter")
    await page.wait("document.querySelectorAll('tbody tr').length === 2")
    assert PROBE in await page.js("document.querySelector('tbody').innerText")
    assert await page.js("window.probed") is None
