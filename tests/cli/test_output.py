from __future__ import annotations

import json
import unicodedata

import pytest

from lightfast.cli.output import as_json_text, printable
from tests.conftest import KEY
from tests.servers import answer, contract, error

C1 = "".join(map(chr, range(0x80, 0xA0)))
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
UNSAFE = "\x00\x07\x08\x1b\x7f" + C1 + BIDI + "\U000e0041"


def is_safe(text: str) -> bool:
    """Tell whether a terminal prints the text as it stands, line by line."""
    return not any(
        unicodedata.category(character) == "Cc" or character in BIDI or character == "\U000e0041"
        for character in text.replace("\n", "")
    )


def test_a_printable_text_is_one_line_without_controls():
    assert printable(" a\n\n b\tc\x85d ") == "a b c d"
    assert is_safe(printable(UNSAFE))
    assert printable("naïve 日本 עברית 👩‍💻") == "naïve 日本 עברית 👩‍💻"


def test_json_is_escaped_and_means_the_same():
    document = {"a": UNSAFE + "\u2028\ud800é", UNSAFE: [1]}
    for indent in (None, 2):
        text = as_json_text(json.dumps(document, ensure_ascii=False, indent=indent))
        assert is_safe(text)
        assert json.loads(text) == document
        text.encode()
        assert "é" in text


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--snippets"],
        ["--json"],
        ["--format", "jsonl"],
        ["--format", "csv"],
        ["--format", "markdown"],
        ["--fields", "title,snippet,entities"],
        ["--all", "--limit", "1"],
        ["--web"],
    ],
)
def test_no_format_lets_a_control_through(run, serve, options, monkeypatch):
    """From any text of a result, on stdout as on stderr."""
    monkeypatch.setattr("webbrowser.open", lambda url: None)
    document = contract("response_documented.json")
    for item in document["data"]:
        item |= {
            "title": f"title {UNSAFE}",
            "snippet": f"snippet {UNSAFE}",
            "source": UNSAFE,
            "type": UNSAFE,
            "path": UNSAFE,
            "url": f"https://github.com/{UNSAFE}",
            "entities": [{"key": UNSAFE, "category": UNSAFE}],
        }
    server = serve(answer(document))
    settings = {"LIGHTFAST_API_KEY": KEY, "LIGHTFAST_BASE_URL": server.base_url}
    result = run("search", "x", *options, **settings)
    assert result.exit_code == 0, result.stderr
    assert is_safe(result.stdout)
    assert is_safe(result.stderr)


@pytest.mark.parametrize("options", [[], ["--json"], ["--verbose"]])
def test_no_error_and_no_log_lets_a_control_through(run, serve, options):
    reply = answer({"error": "X", "message": f"a{UNSAFE}", "requestId": f"r{UNSAFE}"}, status=400)
    server = serve(reply)
    settings = {"LIGHTFAST_API_KEY": KEY, "LIGHTFAST_BASE_URL": server.base_url}
    result = run("search", "x", *options, **settings)
    assert result.exit_code == 4
    assert result.stdout == ""
    assert is_safe(result.stderr)


def test_an_error_with_json_is_a_document_on_stderr(run, serve):
    server = serve(error(429, "RATE_LIMITED", Retry_After="3600"))
    settings = {"LIGHTFAST_API_KEY": KEY, "LIGHTFAST_BASE_URL": server.base_url}
    result = run("search", "x", "--json", **settings)
    assert (result.exit_code, result.stdout) == (5, "")
    told = json.loads(result.stderr)["error"]
    assert told.pop("message")
    assert told.pop("request_id")
    assert told == {
        "type": "RateLimitError",
        "code": "RATE_LIMITED",
        "status": 429,
        "attempts": 1,
        "retry_after": 3600.0,
        "exit_code": 5,
    }


@pytest.mark.parametrize("arguments", [["--limit", "many"], ["--bogus"], ["--limit", "1000"]])
def test_wrong_arguments_with_json_are_a_document_too(run, arguments):
    result = run("search", "x", "--json", *arguments, LIGHTFAST_API_KEY=KEY)
    assert (result.exit_code, result.stdout) == (2, "")
    assert json.loads(result.stderr)["error"]["exit_code"] == 2
