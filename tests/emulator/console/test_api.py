"""The console's endpoints, and who may ask them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from lightfast.emulator import SAMPLE, Emulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lightfast.emulator import Organization

CHANGES = (
    *("keys", "keys/revoke", "members", "members/remove", "organizations"),
    *("sign-in", "token", "sign-out"),
)
SECRETS = re.compile(r"sk-lf-[0-9A-Za-z]{43}|eyJ")


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator([SAMPLE]) as emulator:
        yield emulator


@pytest.fixture
async def browser(emulator: Emulator) -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody signed in, whose client keeps cookies as a browser does."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(emulator.console_url, cookie_jar=jar) as http:
        async with http.post("console/api/sign-in", json={"name": "Ada"}) as answer:
            assert answer.status == 200
        yield http


async def ask(
    http: aiohttp.ClientSession, method: str, path: str, **options: Any
) -> tuple[int, Any, Any]:
    async with http.request(method, path, **options) as answer:
        return answer.status, await answer.json(), answer.headers


def named(organization: Organization) -> dict[str, str]:
    return {"X-Org-ID": organization.id}


async def test_every_answer_of_the_console_is_locked_down(
    emulator: Emulator, http: aiohttp.ClientSession
) -> None:
    """A strict policy, no sniffing, no framing, no referrer, nothing stored: pages, data and refusals."""
    page = await (await http.get(emulator.console_url)).text()
    files = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert len(files) >= 4
    assert not re.search(r"<style|<script>|\son\w+=|\sstyle=|https?://(?!www\.w3\.org)", page)
    for path in ("/", *files, "/console/api/state"):
        async with http.get(emulator.console_url.rstrip("/") + path) as answer:
            assert answer.status == 200, path
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none';")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cache-Control"] == "no-store"
    async with http.get(emulator.console_url + "console/api/keys") as refused:
        assert refused.status == 401
        assert refused.headers["Cache-Control"] == "no-store"
        assert refused.headers["X-Content-Type-Options"] == "nosniff"


async def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(
    emulator: Emulator, http: aiohttp.ClientSession
) -> None:
    """HttpOnly, SameSite=Strict, the sign-in only for the console; no secret in the body."""
    async with http.post(
        emulator.console_url + "console/api/sign-in", json={"name": "Ada"}
    ) as answer:
        cookies = answer.headers.getall("Set-Cookie")
        assert not SECRETS.search(await answer.text())
    assert len(cookies) == 2
    assert all("HttpOnly" in c and "SameSite=Strict" in c for c in cookies)
    session, client = sorted(cookies, key=lambda c: c.startswith("__client"))
    assert session.startswith("__session=eyJ")
    assert "Path=/;" in session + ";"
    assert "Path=/console/api" in client


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil.example:80@127.0.0.1"},
        {"Host": "["},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
    ],
    ids=str,
)
async def test_other_sites_change_nothing(
    headers: dict[str, str], emulator: Emulator, browser: aiohttp.ClientSession
) -> None:
    """Though the browser would send the cookies along."""
    (ada,) = emulator.accounts.list_members()
    data = json.dumps({"name": "stolen", "user": ada.id}).encode()
    kind = {"Content-Type": "application/json"}
    for path in CHANGES:
        sent = {**kind, **named(emulator.accounts.organization), **headers}
        status, body, _ = await ask(browser, "POST", f"console/api/{path}", data=data, headers=sent)
        assert status in (400, 403, 415), (path, body)
    assert emulator.accounts.list_api_keys() == []
    assert emulator.accounts.list_members() == [ada]
    assert len(emulator.accounts.list_users()) == 1


async def test_a_rebound_name_reads_nothing(
    emulator: Emulator, browser: aiohttp.ClientSession
) -> None:
    """Neither pages nor data under another host's name; localhost and addresses of it are fine."""
    for host, status in (("evil.example", 403), ("localhost:80", 200), ("[::1]", 200)):
        for path in ("", "console/api/state"):
            async with browser.get(path, headers={"Host": host}) as answer:
                assert answer.status == status


async def test_a_link_elsewhere_leads_to_the_page_and_not_to_the_data(
    browser: aiohttp.ClientSession,
) -> None:
    """The page may be opened from anywhere; what it asks for, only by itself."""
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert (await browser.get("", headers=headers)).status == 200
    assert (await browser.get("console/api/state", headers=headers)).status == 403


async def test_a_stranger_sees_nothing(emulator: Emulator, http: aiohttp.ClientSession) -> None:
    """401 without signing in, and with a cookie that somebody made up."""
    cookie = emulator._identity.sessions.cookie
    for headers in ({}, {"Cookie": f"{cookie}=made-up"}):
        for method, path in (
            *(("GET", p) for p in ("keys", "facets", "members")),
            *(("POST", p) for p in CHANGES if p != "sign-in"),
        ):
            sent = {**headers, **named(emulator.accounts.organization)}
            options = {"json": {"name": "x", "id": "y"}} if method == "POST" else {}
            url = f"{emulator.console_url}console/api/{path}"
            status, body, _ = await ask(http, method, url, headers=sent, **options)
            if path == "sign-out" and headers:
                continue  # there is nothing left to end
            assert (status, body["error"]) == (401, "UNAUTHORIZED"), path


async def test_keys_stay_in_their_organization(
    emulator: Emulator, browser: aiohttp.ClientSession
) -> None:
    """A member of one sees, makes and revokes nothing in another."""
    other = emulator.accounts.create_organization("other")
    emulator.accounts.create_api_key("theirs", organization=other)
    (theirs,) = emulator.accounts.list_api_keys(organization=other)
    for headers, status in ((named(other), 403), ({}, 400)):
        for method, path, options in (
            ("GET", "keys", {}),
            ("GET", "facets", {}),
            ("POST", "keys", {"json": {"name": "mine"}}),
            ("POST", "keys/revoke", {"json": {"id": theirs.id}}),
        ):
            told = await ask(browser, method, f"console/api/{path}", headers=headers, **options)
            assert told[0] == status
    told = await ask(
        browser,
        "POST",
        "console/api/keys/revoke",
        json={"id": theirs.id},
        headers=named(emulator.accounts.organization),
    )
    assert told[0] == 400
    assert emulator.accounts.list_api_keys(organization=other)[0].active


async def test_members_stay_in_their_organization(
    emulator: Emulator, browser: aiohttp.ClientSession
) -> None:
    """A user who is not a member sees none of its members, adds none, and removes none."""
    other = emulator.accounts.create_organization("other")
    grace = emulator.accounts.create_user("Grace", organization=other)
    (ada,) = emulator.accounts.list_members()
    for headers, status in ((named(other), 403), ({}, 400)):
        for method, path, options in (
            ("GET", "members", {}),
            ("POST", "members", {"json": {"user": ada.id}}),
            ("POST", "members", {"json": {"name": "Eve"}}),
            ("POST", "members/remove", {"json": {"user": grace.id}}),
        ):
            told = await ask(browser, method, f"console/api/{path}", headers=headers, **options)
            assert told[0] == status
            assert "Grace" not in str(told[1])
    told = await ask(
        browser,
        "POST",
        "console/api/members/remove",
        json={"user": grace.id},
        headers=named(emulator.accounts.organization),
    )
    assert told[0] == 400
    assert [m.name for m in emulator.accounts.list_members(organization=other)] == ["Grace"]
    assert [user.name for user in emulator.accounts.list_users()] == ["Ada", "Grace"]


async def test_an_organizations_id_opens_it_to_nobody(
    emulator: Emulator, browser: aiohttp.ClientSession
) -> None:
    """Not as the name of a new organization, neither for an outsider nor for a removed member."""
    other = emulator.accounts.create_organization("other")
    (ada,) = emulator.accounts.list_members()
    for _ in range(2):
        for name in (other.id, f" {other.id}", other.id.upper(), other.name):
            told = await ask(browser, "POST", "console/api/organizations", json={"name": name})
            assert told[0] == 400
            assert (await ask(browser, "GET", "console/api/keys", headers=named(other)))[0] == 403
        emulator.accounts.add_member(ada, other)
        emulator.accounts.remove_member(ada, other)
    assert emulator.accounts.list_members(organization=other) == []
    assert {o.name for o in emulator.accounts.list_organizations()} == {"local", "other"}


async def test_a_new_organization_has_its_creator_as_its_member(
    emulator: Emulator, browser: aiohttp.ClientSession
) -> None:
    """The answer is the organization that was created."""
    _, made, _ = await ask(browser, "POST", "console/api/organizations", json={"name": " new "})
    (new,) = (o for o in emulator.accounts.list_organizations() if o.name == "new")
    assert made["id"] == new.id
    assert [m.name for m in emulator.accounts.list_members(organization=new)] == ["Ada"]
    assert (await ask(browser, "GET", "console/api/keys", headers=named(new)))[0] == 200


async def test_members_are_listed_added_and_removed(
    emulator: Emulator, browser: aiohttp.ClientSession
) -> None:
    """An existing user and a new one; whoever is left out can be chosen again, oneself included."""
    grace = emulator.accounts.create_user("Grace")
    mine = {"headers": named(emulator.accounts.organization)}

    async def names() -> tuple[list[str], list[str]]:
        _, told, _ = await ask(browser, "GET", "console/api/members", **mine)
        assert all(m["since"].endswith("Z") for m in told["members"])
        return [m["name"] for m in told["members"]], [u["name"] for u in told["others"]]

    async def change(path: str, **body: str) -> int:
        return (await ask(browser, "POST", f"console/api/{path}", json=body, **mine))[0]

    assert await names() == (["Ada"], ["Grace"])
    assert await change("members", user=grace.id) == 200
    assert await change("members", name=" Eve ") == 200
    assert await names() == (["Ada", "Grace", "Eve"], [])
    assert await change("members/remove", user=grace.id) == 200
    assert await names() == (["Ada", "Eve"], ["Grace"])
    (ada, _) = emulator.accounts.list_members()
    assert await change("members/remove", user=ada.id) == 200
    assert (await ask(browser, "GET", "console/api/members", **mine))[0] == 403
    _, state, _ = await ask(browser, "GET", "console/api/state")
    assert (state["user"]["name"], state["organizations"]) == ("Ada", [])


async def test_a_key_is_shown_once(emulator: Emulator, browser: aiohttp.ClientSession) -> None:
    """In the answer that made it, and in no other."""
    mine = named(emulator.accounts.organization)
    expiry = "2099-01-01T00:00:00Z"
    _, made, headers = await ask(
        browser,
        "POST",
        "console/api/keys",
        json={"name": "once", "expiresAt": expiry},
        headers=mine,
    )
    assert SECRETS.fullmatch(made["key"])
    assert headers["Cache-Control"] == "no-store"
    _, listed, _ = await ask(browser, "GET", "console/api/keys", headers=mine)
    (known,) = listed["keys"]
    assert known["masked"] == f"sk-lf-...{made['key'][-4:]}"
    assert (known["name"], known["expiresAt"], known["active"]) == ("once", expiry, True)
    assert made["key"] not in str(listed)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("keys", b"{"),
        ("keys", b"[]"),
        ("keys", b"{}"),
        ("keys", b'{"name": ""}'),
        ("keys", b'{"name": 5}'),
        ("keys", b'{"name": "x", "expiresAt": "2020-01-01T00:00:00Z"}'),
        ("keys", b'{"name": "x", "expiresAt": "tomorrow"}'),
        ("keys", b'{"name": "x", "expiresAt": 5}'),
        ("keys/revoke", b'{"id": "key_0"}'),
        ("keys/revoke", b'{"id": null}'),
        ("members", b"{}"),
        ("members", b'{"name": " "}'),
        ("members", b'{"user": "user_0"}'),
        ("members", b'{"user": 5}'),
        ("members/remove", b"{}"),
        ("members/remove", b'{"user": "user_0"}'),
        ("members/remove", b'{"user": null}'),
        ("organizations", b'{"name": " "}'),
        ("organizations", b'{"name": "local"}'),
        ("sign-in", b"{}"),
        ("sign-in", b'{"user": "user_0"}'),
        ("sign-in", b'{"name": "  "}'),
    ],
)
async def test_nonsense_is_a_bad_request(
    path: str, body: bytes, emulator: Emulator, browser: aiohttp.ClientSession
) -> None:
    """400 with words, and nothing is made."""
    headers = {**named(emulator.accounts.organization), "Content-Type": "application/json"}
    status, told, _ = await ask(browser, "POST", f"console/api/{path}", data=body, headers=headers)
    assert (status, bool(told["message"])) == (400, True)
    assert (len(emulator.accounts.list_api_keys()), len(emulator.accounts.list_users())) == (0, 1)


async def test_nobody_signs_in_where_other_machines_could(lines: Any) -> None:
    """An emulator that listens everywhere has no passwords to tell them apart by."""
    async with (
        Emulator([SAMPLE], host="0.0.0.0", allow_remote=True) as emulator,
        aiohttp.ClientSession(emulator.console_url) as http,
    ):
        emulator.accounts.create_user("Ada", organization="local")
        status, told, _ = await ask(http, "POST", "console/api/sign-in", json={"name": "Eve"})
        assert (status, told["error"]) == (403, "FORBIDDEN")
        assert "loopback" in told["message"]
        _, state, _ = await ask(http, "GET", "console/api/state")
        assert (state["signIn"], state["users"], state["user"]) == (False, [], None)


async def test_two_emulators_share_one_browser(emulator: Emulator) -> None:
    """Cookies do not tell ports apart; each sign-in has its own, and a token is soon renewed."""
    async with Emulator([SAMPLE]) as second:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as http:
            for one in (emulator, second):
                url = one.console_url + "console/api/sign-in"
                assert (await http.post(url, json={"name": "Ada"})).status == 200
            for one in (emulator, second, emulator):
                url = one.console_url + "console/api/token"
                assert (await http.post(url, json={})).status == 200
                answer = await http.post(
                    f"{one.base_url}/search",
                    json={"query": "login"},
                    headers=named(one.accounts.organization),
                )
                assert answer.status == 200
