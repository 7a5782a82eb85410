"""Organizations and members of an emulator, from the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from lightfast import Lightfast, PermissionDeniedError, SessionAuth
from lightfast.emulator import Emulator
from tests.cli.conftest import Run
from tests.cli.test_emulator import serving

USER = re.compile(r"user_[0-9a-f]{24}\n")
UNKNOWN = "user_000000000000000000000000"


@pytest.fixture
def people(run: Run, tmp_path: Path) -> Run:
    """Run a command about people in a database of the test's own."""
    database = tmp_path / "db.sqlite3"
    return lambda *command: run("emulator", *command, "--database", database)


def made(people: Run, name: str = "Ada", *options: str) -> str:
    return people("members", "create", name, *options).stdout.strip()


def listed(people: Run, *command: str) -> Any:
    return json.loads(people(*command, "--json").stdout)


def test_an_organization_is_made_alone_on_stdout_and_listed(people):
    """Its id is what comes out, and the list has it with its name, oldest first."""
    acme = people("organizations", "create", "acme")
    assert re.fullmatch(r"org_[0-9a-f]{24}\n", acme.stdout)
    people("organizations", "create", "Über & Söhne")
    known = listed(people, "organizations", "list")
    assert [one["name"] for one in known] == ["acme", "Über & Söhne"]
    assert known[0]["id"] == acme.stdout.strip()
    assert known[0]["created_at"].endswith("Z")
    table = people("organizations", "list").stdout
    assert re.search(rf"^{known[0]['id']}  20\d\d-\d\d-\d\d  acme$", table, re.MULTILINE)


def test_a_member_is_made_listed_removed_and_added_again(people):
    """By the id that came out alone; each step is said on stderr with the person's name."""
    result = people("members", "create", "Ada Lovelace")
    assert USER.fullmatch(result.stdout)
    assert result.stderr == "Ada Lovelace is a member of 'local'.\n"
    ada = result.stdout.strip()
    (member,) = listed(people, "members", "list")
    assert (member["id"], member["name"]) == (ada, "Ada Lovelace")
    assert member["since"].endswith("Z")
    assert f"{ada}  " in people("members", "list").stdout

    gone = people("members", "remove", ada)
    assert (gone.stdout, gone.exit_code) == ("", 0)
    assert gone.stderr == f"Ada Lovelace ({ada}) is no longer a member of 'local'.\n"
    assert people("members", "list").stderr == "No members of 'local'.\n"
    assert listed(people, "members", "list") == []

    assert people("members", "add", ada).stderr == "Ada Lovelace is a member of 'local'.\n"
    assert people("members", "add", ada).exit_code == 0
    assert [one["id"] for one in listed(people, "members", "list")] == [ada]


def test_organizations_have_their_own_members(people):
    """Named by name or by id; whoever is in one is not in the other."""
    acme = people("organizations", "create", "acme").stdout.strip()
    ada = made(people, "Ada", "--organization", "acme")
    made(people, "Grace")
    assert [m["id"] for m in listed(people, "members", "list", "--organization", acme)] == [ada]
    assert [m["name"] for m in listed(people, "members", "list")] == ["Grace"]
    assert people("members", "remove", ada).exit_code == 9
    assert people("members", "remove", ada, "--organization", acme).exit_code == 0


def test_a_token_signs_in_until_its_member_is_removed(run, people, repository, tmp_path):
    """Alone on stdout, it opens the organization that the note names, to members only."""
    database = tmp_path / "db.sqlite3"
    run("emulator", "index", repository.path, "--database", database)
    ada = made(people)
    result = people("members", "token", ada)
    token = result.stdout.removesuffix("\n")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token)
    org_id = re.search(r"org_[0-9a-f]{24}", result.stderr)[0]
    assert "for 60 s" in result.stderr
    assert token not in result.stderr
    with (
        serving("--database", database) as (_, _, exports),
        Lightfast(
            auth=SessionAuth(token, org_id=org_id), base_url=exports["LIGHTFAST_BASE_URL"]
        ) as client,
    ):
        assert client.search("login").results
        people("members", "remove", ada)
        with pytest.raises(PermissionDeniedError):
            client.search("login")


def test_a_tokens_lifetime_is_chosen(people):
    """Whole seconds, from one to those of a week."""
    ada = made(people)
    assert "for 3600 s" in people("members", "token", ada, "--lifetime", "3600").stderr
    for wrong in ("0", "-1", "1.5", "nan", "inf", "604801", "soon"):
        result = people("members", "token", ada, "--lifetime", wrong)
        assert (result.exit_code, result.stdout) == (2, ""), wrong


@pytest.mark.parametrize("command", ["add", "remove", "token"])
def test_an_unknown_user_is_an_emulator_error(people, command):
    """One line that names the id, and nothing on stdout."""
    made(people)
    result = people("members", command, UNKNOWN)
    assert (result.exit_code, result.stdout) == (9, "")
    assert result.stderr.startswith("lightfast: ")
    assert UNKNOWN in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["", " ", "x" * 101])
@pytest.mark.parametrize("group", ["organizations", "members"])
def test_a_name_that_cannot_be_is_an_emulator_error(people, group, name):
    """Nothing is made of it."""
    result = people(group, "create", name)
    assert (result.exit_code, result.stdout) == (9, "")


@pytest.mark.parametrize("organization", ["", "org_0"])
def test_nobody_is_made_for_an_organization_that_cannot_be(people, tmp_path, organization):
    """The error leaves no user behind who is a member of nothing."""
    result = people("members", "create", "Ada", "--organization", organization)
    assert (result.exit_code, result.stdout) == (9, "")
    emulator = Emulator(database=tmp_path / "db.sqlite3")
    assert emulator.accounts.list_users() == []
    emulator.close()


def test_an_organizations_name_is_taken_once(people):
    """The second of that name is refused in words."""
    people("organizations", "create", "acme")
    again = people("organizations", "create", "acme")
    assert (again.exit_code, again.stdout) == (9, "")
    assert "already" in again.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("organizations", "list"),
        ("members", "list"),
        ("members", "add", UNKNOWN),
        ("members", "remove", UNKNOWN),
        ("members", "token", UNKNOWN),
    ],
    ids=" ".join,
)
def test_looking_at_people_makes_no_database(people, tmp_path, command):
    """The error says where none is, and how to name another."""
    result = people(*command)
    assert result.exit_code == 9
    assert "There is no database at" in result.stderr
    assert "--database" in result.stderr
    assert not (tmp_path / "db.sqlite3").exists()


def test_quiet_leaves_the_notes_away(people):
    """The results still come out."""
    result = people("members", "create", "Ada", "--quiet")
    assert USER.fullmatch(result.stdout)
    assert people("members", "token", result.stdout.strip(), "--quiet").stderr == ""


def test_a_name_cannot_steer_the_terminal(people):
    """Controls in it are shown as what they are not."""
    result = people("members", "create", "Ada\x1b[2J")
    assert "\x1b" not in result.stderr + people("members", "list").stdout
