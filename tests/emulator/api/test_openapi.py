"""docs/openapi.yaml is true: of our literal documents, and of the emulator, which schemathesis tries it on."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import openapi_spec_validator
import pytest
import yaml
from jsonschema import Draft202012Validator

from lightfast.emulator import Emulator
from tests.emulator.conftest import CONTRACT, contract
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

DESCRIPTION = CONTRACT.parent.parent / "docs" / "openapi.yaml"
DOCUMENT = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
SEARCH = DOCUMENT["paths"]["/api/v1/search"]["post"]
SECOND_SEARCH = DOCUMENT["paths"]["/v1/search"]["post"]
SOUND = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"

# What the alpha sends in spite of its documentation; the SDK reads it, the description does not promise it.
DEVIATIONS = {
    "response_nulls.json",
    "response_unknown_fields.json",
    "response_2026_04_04.json",
    "validation error without message",
    "second revision, validation",
    "second revision, internal",
    "an unheard-of code",
    "edge timeout in plain text",
    "edge gateway in HTML",
    "edge payload too large",
    "edge infinite loop",
    "an unregistered status",
}


def complaints(schema: dict[str, Any], value: Any) -> list[str]:
    """Return what does not fit a schema of the description."""
    whole = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    return [f"{error.json_path}: {error.message}" for error in whole.iter_errors(value)]


def named(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def error_schema(status: int, operation: dict[str, Any] = SEARCH) -> dict[str, Any] | None:
    """Return what the description says of a status's JSON body; None if it does not know the status."""
    answer = operation["responses"].get(str(status))
    if answer and "$ref" in answer:
        answer = DOCUMENT["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return answer and answer["content"]["application/json"]["schema"]


def test_the_description_is_valid() -> None:
    """By the rules of OpenAPI 3.1."""
    openapi_spec_validator.validate(DOCUMENT)


@pytest.mark.parametrize(
    "path", sorted(CONTRACT.glob("request_*.json")), ids=lambda path: path.name
)
def test_our_requests_are_as_described(path: Path) -> None:
    """Every literal request of the contract."""
    assert complaints(named("SearchRequest"), contract(path.name)) == []


def test_one_request_is_as_described_in_both_revisions() -> None:
    """3: what the SDK writes carries the filters in both places."""
    full = contract("request_full.json") | {"mode": "balanced"}
    assert complaints(named("SearchRequest"), full) == []
    assert complaints(named("SecondSearchRequest"), full) == []
    assert set(DOCUMENT["components"]["schemas"]["SecondSearchRequest"]["properties"]) <= {*full}


def test_the_literal_documents_of_the_second_revision_are_as_described() -> None:
    """6.3 and 6a: an answer, and its errors."""
    answer = contract("response_2026_04_04.json")
    assert complaints(named("SecondSearchResponse"), answer) == []
    errors = [
        error for error in contract("errors.json") if error["name"].startswith("second revision")
    ]
    assert len(errors) >= 2
    for error in errors:
        schema = error_schema(error["status"], SECOND_SEARCH)
        assert schema is not None
        assert complaints(schema, error["body"]) == []


@pytest.mark.parametrize(
    "path", sorted(CONTRACT.glob("response_*.json")), ids=lambda path: path.name
)
def test_documented_answers_are_as_described(path: Path) -> None:
    """Every literal answer, but for those that are kept because they deviate."""
    assert bool(complaints(named("SearchResponse"), contract(path.name))) is (
        path.name in DEVIATIONS
    )


@pytest.mark.parametrize("error", contract("errors.json"), ids=lambda error: error["name"])
def test_documented_errors_are_as_described(error: dict[str, Any]) -> None:
    """Status and body of every literal error, but for those that are kept because they deviate."""
    schema = error_schema(error["status"])
    described = schema is not None and not complaints(schema, error["body"])
    assert described is (error["name"] not in DEVIATIONS)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": "a", "limit": 101},
        {"query": "a", "limit": 0},
        {"query": "a", "offset": 2**53},
        {"query": "a", "mode": "slow"},
        {"query": "a", "filters": {"sources": "github"}},
        {"query": "a", "filters": {"dateRange": {"start": "2026-01-01T00:00:00+00:00"}}},
        {"query": "a", "filters": {"dateRange": {"start": "2026-01-01T00:00:00"}}},
        {"query": "a", "filters": {"dateRange": {"end": "2026-02-29T00:00:00Z"}}},
    ],
    ids=json.dumps,
)
def test_bad_requests_are_not_as_described(body: dict[str, Any]) -> None:
    """The description does not allow what the contract forbids."""
    assert complaints(named("SearchRequest"), body)


@pytest.mark.parametrize("operation", [SEARCH, SECOND_SEARCH], ids=["first", "second"])
def test_examples_are_as_described(operation: dict[str, Any]) -> None:
    """Those that stand in the description itself."""
    content = operation["requestBody"]["content"]["application/json"]
    requests = [example["value"] for example in content["examples"].values()]
    assert [complaints(content["schema"], request) for request in requests] == [[], []]
    for status, answer in operation["responses"].items():
        body = answer.get("content", {}).get("application/json", {})
        shown = [example["value"] for example in body.get("examples", {}).values()]
        for value in [*shown, *([body["example"]] if "example" in body else [])]:
            assert complaints(body["schema"], value) == [], status


@pytest.fixture
def emulator(lines: Callable[..., Path]) -> Iterator[Emulator]:
    observations = (
        {
            "title": f"Login bug {number}",
            "text": "It broke.",
            "source": "github",
            "type": "issue",
            "occurredAt": "2026-03-28T09:14:05.123Z",
            "url": "https://github.com/acme/api/issues/1",
            "actor": "@ada",
            "latestAction": "closed",
            "totalEvents": 3,
            "references": [{"type": "issue", "id": "LIN-204", "label": "fixes"}],
        }
        for number in range(12)
    )
    with Emulator([lines(*observations)]) as emulator:
        yield emulator


def schemathesis(emulator: Emulator, folder: Path, *options: str) -> None:
    """Try the description on the emulator: examples, boundaries of every field, then at random."""
    run = "from schemathesis.cli import schemathesis; schemathesis()"
    fixed = [
        "--seed=4",
        "--max-examples=40",
        "--generation-database=none",
        "--no-color",
        "--suppress-health-check=too_slow",
    ]
    command = [
        "run",
        str(DESCRIPTION),
        f"--url={emulator.console_url.rstrip('/')}",
        *fixed,
        *options,
    ]
    done = subprocess.run(
        [sys.executable, "-c", run, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=10 * PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


PATHS = {"2026-04-03": "/api/v1/search", "2026-04-04": "/v1/search"}


@pytest.mark.parametrize("revision", PATHS)
def test_the_emulator_is_as_described(revision: Any, emulator: Emulator, tmp_path: Path) -> None:
    """With a key: right requests are answered, wrong ones refused, all in the described shapes; no 500."""
    emulator.api_revision = revision
    header = f"Authorization: Bearer {emulator.create_api_key()}"
    # The second revision answers other methods with 404, which schemathesis has no words for.
    less = ["--exclude-checks=unsupported_method"] if revision == "2026-04-04" else []
    path = f"--include-path={PATHS[revision]}"
    schemathesis(emulator, tmp_path, "--checks=all", *less, f"--header={header}", path)


@pytest.mark.parametrize("revision", PATHS)
def test_the_emulator_is_as_described_to_strangers(
    revision: Any, emulator: Emulator, tmp_path: Path
) -> None:
    """Without a key: described refusals, whatever is sent; no 500."""
    emulator.api_revision = revision
    path = f"--include-path={PATHS[revision]}"
    schemathesis(emulator, tmp_path, "--phases=examples,coverage", f"--checks={SOUND}", path)
