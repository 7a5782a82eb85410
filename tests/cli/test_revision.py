"""`lightfast emulator revision`: what a running emulator speaks, shown and switched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from click.testing import Result

from lightfast import Lightfast
from lightfast.emulator import SAMPLE, Emulator

Run = Callable[..., Result]


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator([SAMPLE], embedder=None) as emulator:
        monkeypatch.setenv("LIGHTFAST_EMULATOR_URL", emulator.control_url)
        monkeypatch.setenv("LIGHTFAST_EMULATOR_TOKEN", emulator.control_token)
        yield emulator


def test_it_is_shown_and_switched_while_the_emulator_serves(run: Run, emulator: Emulator) -> None:
    key = emulator.create_api_key()
    with Lightfast(key, base_url=emulator.base_url) as client:
        assert run("emulator", "revision").stdout == "2026-04-03, documented\n"
        assert run("emulator", "revision", "2026-04-04").stdout == "2026-04-04, documented\n"
        assert client.search("login").revision == "2026-04-04"
        switched = run(
            "emulator", "revision", "2026-04-03", "--behavior", "observed", "--json"
        ).stdout
        assert json.loads(switched) == {"apiRevision": "2026-04-03", "behavior": "observed"}
        assert client.search("login").revision == "2026-04-03"
    assert emulator.behavior == "observed"


def test_what_it_does_not_know_is_refused(run: Run, emulator: Emulator) -> None:
    assert run("emulator", "revision", "2026-04-05").exit_code == 2
    assert run("emulator", "revision", "--behavior", "odd").exit_code == 2
    assert emulator.api_revision == "2026-04-03"


def test_a_token_is_needed_and_has_to_be_the_emulator_s(run: Run, emulator: Emulator) -> None:
    missing = run("emulator", "revision", LIGHTFAST_EMULATOR_TOKEN="")
    assert (missing.exit_code, "Set LIGHTFAST_EMULATOR_TOKEN" in missing.stderr) == (2, True)
    wrong = run("emulator", "revision", "2026-04-04", LIGHTFAST_EMULATOR_TOKEN="wrong")
    assert wrong.exit_code == 2
    assert (
        "The emulator refused: 401. Does it have the same LIGHTFAST_EMULATOR_TOKEN?" in wrong.stderr
    )
    assert emulator.api_revision == "2026-04-03"


@pytest.mark.parametrize("url", ["http://example.com/_emulator", "nonsense", "http://["])
def test_the_token_goes_to_this_machine_only(run: Run, url: str) -> None:
    result = run("emulator", "revision", LIGHTFAST_EMULATOR_URL=url, LIGHTFAST_EMULATOR_TOKEN="t")
    assert result.exit_code == 2
    assert "must be an address of this machine" in result.stderr


def test_no_emulator_is_a_network_error(run: Run, emulator: Emulator) -> None:
    emulator.close()
    result = run("emulator", "revision")
    assert result.exit_code == 7
    assert "No emulator answers at 127.0.0.1:" in result.stderr
