"""The console in a real browser: sign in, make a key, use it, revoke it, search."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lightfast import AsyncLightfast, AuthenticationError
from lightfast.emulator import SAMPLE, Emulator, timestamps
from tests.emulator.console.visiting import IN_A_BROWSER, PROBE, choose, open_search, sign_in
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.emulator.repositories import Repository

    from .browser import Page

pytestmark = [IN_A_BROWSER, pytest.mark.slow]


@pytest.fixture
async def emulator(lines: Callable[..., Path]) -> AsyncIterator[Emulator]:
    minutes = lines(
        *({"title": f"Minute {n}", "text": "zebra", "source": "linear"} for n in range(23))
    )
    async with Emulator([SAMPLE, minutes]) as emulator:
        yield emulator


@pytest.fixture
def _hostile(emulator: Emulator, lines: Callable[..., Path]) -> None:
    """Documents that strangers wrote."""
    path = lines(
        {
            "title": f"Hostile {PROBE}",
            "text": f"A stranger wrote this: {PROBE} hostile",
            "source": f"git{PROBE}",
            "type": f"type{PROBE}",
            "url": 'https://example.com/?"><script>window.probed=3</script>',
            "actor": PROBE,
        },
        name="hostile.jsonl",
    )
    helper = Emulator([path], database=emulator._store.path)
    helper.refresh()
    helper.close()


async def test_a_key_is_made_copied_used_revoked_and_refused(
    emulator: Emulator, page: Page, shots: Path
) -> None:
    """The whole path of the authentication page."""
    emulator.accounts.create_user("Grace Hopper", organization="local")
    emulator.accounts.create_user("Margaret Hamilton", organization="local")
    await page.go(emulator.console_url)
    await page.text("Grace Hopper")
    await page.shoot(shots / "sign-in.png")
    await sign_in(page, emulator)
    await page.click("Settings")
    await page.text("No keys yet")
    await page.click("Create New Key")
    await page.type("Billing service")
    await page.shoot(shots / "create-key.png")
    await page.press("Enter")
    await page.text("Copy your key now")
    await page.shoot(shots / "new-key.png")
    await page.click("Copy key")
    await page.wait("document.querySelector('dialog')?.innerText.includes('Copied')")
    key = await page.clipboard()
    await page.click("Done")
    assert key.startswith("sk-lf-")
    await page.wait("!document.querySelector('dialog')")
    await page.text(f"sk-lf-...{key[-4:]}")
    assert key not in await page.js("document.documentElement.outerHTML")
    async with AsyncLightfast(key, base_url=emulator.base_url) as client:
        assert (await client.search("login bug")).results[0].title.startswith("Login bug")
        emulator.create_api_key("Nightly report")
        await page.js("location.reload()")
        await page.text("Nightly report")
        await page.shoot(shots / "keys.png")
        await page.click("Revoke Billing service")
        await page.text("This cannot be undone.")
        await page.shoot(shots / "revoke.png")
        await page.click("Revoke key")
        await page.wait("document.querySelectorAll('.status.revoked').length === 1")
        with pytest.raises(AuthenticationError, match="revoked"):
            await client.search("login bug")
    known = {k.name: k for k in emulator.accounts.list_api_keys()}
    assert known["Billing service"].created_by.startswith("user_")
    assert known["Nightly report"].active


async def test_search_shows_filters_and_turns_pages(
    emulator: Emulator, page: Page, shots: Path
) -> None:
    """Results as cards, by mode, source, type and date, page by page; the address keeps it all."""
    await sign_in(page, emulator)
    await page.text("47 documents to search")
    await open_search(page, "payments fail at checkout")
    await page.text("results in")
    first = await page.js("document.querySelector('.result').innerText")
    assert "github" in first
    await page.shoot(shots / "search.png")
    await page.click("Filters")
    await page.js("document.querySelector('input[name=source][value=sentry]').click()")
    await page.wait(
        "[...document.querySelectorAll('.source')].every((e) => e.innerText === 'sentry')"
    )
    await page.js("document.querySelector('input[name=mode][value=fast]').click()")
    await page.wait("location.hash.includes('mode=fast')")
    await page.shoot(shots / "filters.png")
    code = '"mode": "fast", "sources": ["sentry"], "filters": {"sourceTypes": ["sentry"], "sources": ["sentry"]}'
    await page.wait(f"document.querySelector('.code').textContent.includes({json.dumps(code)})")
    await page.click("Clear filters")
    await page.wait("!location.hash.includes('source')")
    await open_search(page, "zebra")
    await page.text("1\N{EN DASH}10 of 23")
    await page.click("Next")
    await page.text("11\N{EN DASH}20 of 23")
    await page.click("Next")
    await page.text("21\N{EN DASH}23 of 23")
    await page.js("history.back()")
    await page.text("11\N{EN DASH}20 of 23")
    await page.js("location.reload()")
    await page.text("11\N{EN DASH}20 of 23")
    await open_search(page, "xylophone")
    await page.text("Nothing found")
    recorded = emulator.requests
    assert {r.headers["X-Org-ID"] for r in recorded} == {emulator.accounts.organization.id}
    assert all("Authorization" not in r.headers for r in recorded)


async def test_what_is_being_typed_stays(emulator: Emulator, page: Page) -> None:
    """Though the filters arrive in the middle of it."""
    await sign_in(page, emulator)
    await page.fill("input[type=search]", "log")
    await page.wait("!!document.querySelector('.tick')")
    await page.js("location.hash = '#/settings/keys'")
    await page.text("No keys yet")
    typed = "document.querySelector('input[type=search]')"
    early = f"""new Promise((done) => {{
        addEventListener("hashchange", () => {{ {typed}.value = "login"; done(); }}, {{ once: true }});
        location.hash = "#/search";
    }})"""
    await page.js(early)
    await page.wait("!!document.querySelector('.tick')")
    assert await page.js(f"{typed}.value") == "login"


async def test_a_date_is_a_whole_day(emulator: Emulator, page: Page) -> None:
    """From its first moment to its last, in UTC."""
    await sign_in(page, emulator)
    await page.js("location.hash = '#/search?q=login&from=2026-03-01&to=2026-03-01'")
    await page.text("1 result")
    assert emulator.requests[-1].json["filters"]["dateRange"] == {
        "start": "2026-03-01T00:00:00Z",
        "end": "2026-03-01T23:59:59.999Z",
    }


@pytest.mark.usefixtures("_hostile")
async def test_strangers_words_stay_words(emulator: Emulator, page: Page) -> None:
    """Markup in a title, a snippet, a source, a type, an address or a name is shown, never run."""
    await sign_in(page, emulator, name=PROBE)
    await open_search(page, "hostile")
    assert PROBE in await page.wait("document.querySelector('.result')?.innerText")
    assert PROBE in await page.js("document.querySelector('#user').innerText")
    await page.click("Settings")
    await page.click("Create New Key")
    await page.type(PROBE)
    await page.press("Enter")
    await page.text("Copy your key now")
    await page.click("Done")
    await page.wait("document.querySelector('tbody th')")
    assert await page.js("document.querySelector('tbody th').innerText") == PROBE
    assert await page.js("window.probed") is None
    assert await page.js("document.querySelectorAll('main img, main script').length") == 0


async def test_a_session_outlives_its_token_and_ends_with_sign_out(
    emulator: Emulator, page: Page
) -> None:
    """The token is renewed behind the page; after signing out elsewhere, the page asks to sign in."""
    await sign_in(page, emulator)
    await open_search(page, "login")
    late = 62  # seconds: a minute of life, a second of leeway
    emulator._identity.sessions._now = lambda: timestamps.now() + late * 1_000_000
    await page.js(f"(now => {{ Date.now = () => now() + {late * 1_000} }})(Date.now.bind(Date))")
    await open_search(page, "postgresql")
    await page.text("Migrate the database to PostgreSQL 17")
    assert [request.status for request in emulator.requests] == [200, 200]
    await page.wait("!document.querySelector('[aria-busy]')")
    assert await page.js("document.cookie") == ""
    await page.click("Sign out")
    await page.wait("document.querySelector('.sign-in')")
    assert "Ada Lovelace" in await page.wait("document.querySelector('.people')?.innerText")


async def test_an_error_is_told_with_the_requests_id(
    emulator: Emulator, page: Page, shots: Path
) -> None:
    """A failed search shows the message, the code and the id, and the next one works."""
    from lightfast.emulator import faults

    await sign_in(page, emulator)
    await page.wait("document.querySelector('.empty')")
    emulator.script(faults.internal_error())
    await page.fill("input[type=search]", "login")
    await page.press("Enter")
    await page.text("Something went wrong")
    assert emulator.requests[-1].request_id in await page.js("document.body.innerText")
    await page.shoot(shots / "error.png")
    page.complaints.clear()  # the browser itself tells of the 500
    await page.js("location.reload()")
    await page.text("results in")


async def test_it_reads_the_second_revision(emulator: Emulator, page: Page) -> None:
    """Answers and errors of 2026-04-04 are shown as well."""
    emulator.api_revision = "2026-04-04"
    await sign_in(page, emulator)
    await open_search(page, "login")
    await page.text("5 results")
    await page.js("document.querySelector('input[value=thorough]').click()")
    await page.text("BAD_REQUEST")
    page.complaints.clear()  # the browser itself tells of the 400


async def test_it_is_dark_where_the_system_is(emulator: Emulator, page: Page, shots: Path) -> None:
    """Colours follow the system, and all text keeps its contrast in both."""
    await sign_in(page, emulator)
    await open_search(page, "payments fail at checkout")
    for dark in (True, False):
        await page.dark(dark)
        for path in (
            "#/search?q=payments&source=sentry",
            "#/settings/keys",
            "#/settings/members",
            "#/settings/organization",
        ):
            await page.js(f"location.hash = {json.dumps(path)}")
            await page.wait(
                "!document.querySelector('[aria-busy]') && !document.querySelector('.loading')"
            )
            assert await page.js(LOW_CONTRAST) == []
        background = await page.js("getComputedStyle(document.body).backgroundColor")
        assert (sum(json.loads(f"[{background[4:-1]}]")) < 200) == dark
    await page.dark(True)
    await page.js("location.hash = '#/search?q=payments fail at checkout'")
    await page.wait("document.querySelectorAll('.result').length > 3")
    await page.shoot(shots / "dark.png")
    await page.js("location.hash = '#/settings/organization'")
    await page.text("X-Org-ID")
    await page.shoot(shots / "organization-dark.png")


async def test_it_fits_a_narrow_screen(emulator: Emulator, page: Page, shots: Path) -> None:
    """Nothing sticks out at 360 pixels."""
    emulator.create_api_key("A key with a rather long name that tells what it is for")
    await sign_in(page, emulator)
    await page.size(360, 740, mobile=True)
    for name, path in {
        "search": "#/search?q=payments fail at checkout&source=sentry",
        "keys": "#/settings/keys",
        "members": "#/settings/members",
    }.items():
        await page.js(f"location.hash = {json.dumps(path)}")
        await page.wait(
            "!document.querySelector('[aria-busy]') && !document.querySelector('.loading')"
        )
        assert await page.js("document.documentElement.scrollWidth") <= 360
        await page.shoot(shots / f"narrow-{name}.png")


async def test_the_header_is_one_row_on_a_phone(emulator: Emulator, page: Page) -> None:
    """At 390 pixels, with everything that can be done in reach."""
    await sign_in(page, emulator)
    await page.size(390, 844, mobile=True)
    parts = "[...document.querySelectorAll('.brand, #nav, #organization, #sign-out')]"
    boxes = await page.js(
        f"{parts}.map((e) => (({{ top, bottom, left, right }}) => [top, bottom, left, right])(e.getBoundingClientRect()))"
    )
    assert len(boxes) == 4
    assert max(box[0] for box in boxes) < min(box[1] for box in boxes)
    assert all(0 <= box[2] < box[3] <= 390 for box in boxes)


@pytest.mark.parametrize("width", [1000, 1280, 1600])
async def test_the_search_bar_ends_where_the_results_end(
    width: int, emulator: Emulator, page: Page
) -> None:
    """On both sides."""
    await sign_in(page, emulator)
    await page.size(width, 800)
    await open_search(page, "payments fail at checkout")
    edges = "((e) => [e.getBoundingClientRect().left, e.getBoundingClientRect().right])"
    assert await page.js(f"{edges}(document.querySelector('.ask'))") == await page.js(
        f"{edges}(document.querySelector('.result'))"
    )


async def test_it_opens_with_questions_of_what_is_indexed(
    repository: Repository, page: Page, emulator: Emulator, shots: Path
) -> None:
    """One of the documentation, one of the history, one of the code; a click answers it."""
    repository.commit(
        "Retry failed requests with jitter\n\nTwo clients in step would fail again.",
        {
            "docs/guide.md": f"# Guide\n\n## Rate limits\n\nThe server may slow you down. {PROBE}\n",
            "client.py": 'class RetryBudget:\n    """How many retries all calls may cost."""\n',
        },
    )
    helper = Emulator([repository.path], database=emulator._store.path, organization="team")
    helper.refresh()
    ada = helper.accounts.create_user("Grace", organization="team")
    helper.close()
    await page.go(emulator.console_url)
    await choose(page, ada.name)
    await page.text("documents to search")
    asked = await page.js("[...document.querySelectorAll('.questions a')].map((e) => e.innerText)")
    assert asked == [
        "What do the docs say about rate limits?",
        "When did we retry failed requests with jitter?",
        "Where is RetryBudget defined?",
    ]
    await page.shoot(shots / "questions.png")
    for question, title in zip(asked, ("Rate limits", "Retry failed", "RetryBudget"), strict=True):
        await page.js("location.hash = '#/search'")
        await page.wait("!!document.querySelector('.questions')")
        await page.click(question)
        await page.wait("!!document.querySelector('.result')")
        assert title in await page.js("document.querySelector('.result h2').innerText")
        assert await page.js("document.querySelector('input[type=search]').value") == question
    assert await page.js("window.probed") is None


async def test_whole_words_of_the_question_are_marked(
    emulator: Emulator, page: Page, lines: Callable[..., Path]
) -> None:
    """In any of their endings; neither stop words nor words that merely begin alike."""
    text = "The retries are retried where a retry of the retriever is in order. 再試行 of requests."
    path = lines({"title": "Marks", "text": text}, name="marks.jsonl")
    helper = Emulator([path], database=emulator._store.path)
    helper.refresh()
    helper.close()
    await sign_in(page, emulator)
    await open_search(page, "where are the retries of a request in order?")
    await page.text("Marks")
    card = (
        "[...document.querySelectorAll('.result')].find((e) => e.innerText.includes('retriever'))"
    )
    marks = await page.js(f"[...{card}.querySelectorAll('mark')].map((e) => e.innerText)")
    assert set(marks) == {"retries", "retried", "retry", "order", "requests"}


async def test_escape_does_not_lose_a_key(emulator: Emulator, page: Page) -> None:
    """However often it is pressed; once the key or its line was copied, it closes."""
    await sign_in(page, emulator)
    await page.js("location.hash = '#/settings/keys'")
    for button in ("Copy key", "Copy line"):
        await page.click("Create New Key")
        await page.type("Billing")
        await page.press("Enter")
        await page.text("Copy your key now")
        for _ in range(3):
            await page.press("Escape")
        await page.text("not copied yet")
        await page.click(button)
        await page.wait("document.querySelector('dialog')?.innerText.includes('Copied')")
        copied = await page.clipboard()
        key = copied.removeprefix("LIGHTFAST_API_KEY=")
        assert (copied == key) == (button == "Copy key")
        async with AsyncLightfast(key, base_url=emulator.base_url) as client:
            await client.search("login")
        await page.press("Escape")
        await page.wait("!document.querySelector('dialog')")


async def test_a_key_shows_when_and_from_where_it_was_used(emulator: Emulator, page: Page) -> None:
    """To the minute; this machine by that name."""
    async with AsyncLightfast(
        emulator.create_api_key("used"), base_url=emulator.base_url
    ) as client:
        await client.search("login")
    emulator.create_api_key("idle")
    await sign_in(page, emulator)
    await page.js("location.hash = '#/settings/keys'")
    await page.text("from this machine")
    cells = await page.js(
        "[...document.querySelectorAll('td[data-head=\"Last used\"]')].map((e) => e.innerText)"
    )
    assert cells[0] == "Never"
    assert ":" in cells[1]
    assert await page.js("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.scroll'))")


async def test_it_works_from_the_keyboard(emulator: Emulator, page: Page) -> None:
    """Tab reaches everything, Enter and Escape do what they say, and focus is never lost."""
    await sign_in(page, emulator)
    await page.js("location.hash = '#/settings/keys'")
    await page.text("No keys yet")
    await page.js("document.querySelector('h1').focus()")
    await page.press("Tab")
    await page.wait("document.activeElement.innerText === 'Create New Key'")
    await page.press("Enter")
    await page.wait("document.activeElement.name === 'key-name'")
    await page.press("Escape")
    await page.wait("document.activeElement.innerText === 'Create New Key'")
    await page.js("location.hash = '#/settings/members'")
    await page.text("Remove")
    await page.wait("document.activeElement.innerText === 'Members'")
    for reached in ("Add Member", "Remove"):
        await page.press("Tab")
        await page.wait(f"document.activeElement.innerText === '{reached}'")
    await page.press("Enter")
    await page.wait("document.activeElement.innerText === 'Cancel'")
    await page.press("Escape")
    await page.wait("document.activeElement.innerText === 'Remove'")
    unnamed = """[...document.querySelectorAll('input, select, button, a')].filter((e) =>
        !(e.innerText?.trim() || e.getAttribute('aria-label') || e.labels?.length)).length"""
    assert await page.js(unnamed) == 0


async def test_the_code_on_the_page_runs(emulator: Emulator, page: Page) -> None:
    """curl, async and sync Python find what the page found."""
    await sign_in(page, emulator)
    query = 'it\'s "quoted" \\ and $HOME payments'
    parameters = "&source=sentry&source=github&type=error&type=issue&from=2026-01-01&mode=fast"
    await page.js(
        f"location.hash = '#/search?q=' + encodeURIComponent({json.dumps(query)}) + '{parameters}'"
    )
    await page.wait("document.querySelector('.result')")
    wanted = emulator.requests[-1].json
    environment = {**os.environ, "LIGHTFAST_API_KEY": emulator.create_api_key("page")}
    for language in ("curl", "async", "sync"):
        await page.js(f"document.querySelector('input[value={language}]').click()")
        await page.click("Copy")
        code = await page.clipboard()
        command = ["bash", "-c", code] if language == "curl" else [sys.executable, "-c", code]
        if language == "curl" and not shutil.which("curl"):
            continue
        done = await asyncio.to_thread(
            subprocess.run,
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        sent: Any = emulator.requests[-1]
        assert sent.status == 200
        assert {"limit": 10, "offset": 0, "mode": "balanced", **sent.json} == wanted


LOW_CONTRAST = """(() => {
    const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (e) => {
        for (; e; e = e.parentElement) {
            const colour = rgb(getComputedStyle(e).backgroundColor);
            if (colour.length === 3 || colour[3] > 0.5) return colour;
        }
        return [255, 255, 255];
    };
    const texts = [...document.querySelectorAll("body *")].filter((e) =>
        [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length
        && !e.closest(".visually-hidden, .skip, :disabled, noscript"));
    return texts.flatMap((e) => {
        const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        return ratio < 4.5 ? [`${e.tagName}.${e.className} ${ratio.toFixed(2)} ${e.innerText?.slice(0, 30)}`] : [];
    });
})()"""
