"""``lightfast mcp``: what it prints, and what it refuses. The server itself is in tests/mcp."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize("client", ["claude", "claude-desktop", "cursor", "vscode", "zed"])
def test_a_configuration_names_the_paths_and_the_file_to_paste_it_into(run, repository, client):
    before = run("mcp", "--local", repository.path, "config", client)
    after = run("mcp", "config", client, "--local", repository.path)
    assert before.exit_code == after.exit_code == 0
    assert json.loads(before.stdout) == json.loads(after.stdout)
    assert str(repository.path) in after.stdout
    assert after.stderr.startswith("Put this into ")


@pytest.mark.parametrize(
    ("client", "section", "key"),
    [
        ("claude", "mcpServers", "${LIGHTFAST_API_KEY:-}"),
        ("claude-desktop", "mcpServers", "sk-lf-…"),
        ("cursor", "mcpServers", "${env:LIGHTFAST_API_KEY}"),
        ("vscode", "servers", "${input:lightfast-api-key}"),
        ("zed", "context_servers", "sk-lf-…"),
    ],
)
def test_a_configuration_without_a_path_says_where_the_key_comes_from(run, client, section, key):
    config = json.loads(run("mcp", "config", client).stdout)
    server = config[section]["lightfast"]
    assert server["env"] == {"LIGHTFAST_API_KEY": key}
    assert server["args"] == ["mcp"]
    asked_for = [f"${{input:{each['id']}}}" for each in config.get("inputs", [])]
    assert asked_for == ([key] if client == "vscode" else [])


def test_a_configuration_can_leave_out_source_code(run, repository):
    before = run("mcp", "--local", repository.path, "--no-code", "config", "zed")
    after = run("mcp", "config", "zed", "--local", repository.path, "--no-code")
    assert json.loads(before.stdout) == json.loads(after.stdout)
    assert json.loads(after.stdout)["context_servers"]["lightfast"]["args"][-1] == "--no-code"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--http", "nonsense"], "is not HOST:PORT"),
        (["--http", "127.0.0.1:99999"], "is not HOST:PORT"),
        (["--http", "0.0.0.0:0"], "--allow-remote"),
        (["--local", ".", "--base-url", "http://127.0.0.1:1"], "cannot be used together"),
    ],
)
def test_what_cannot_be_served_is_refused(run, arguments, words):
    refused = run("mcp", *arguments)
    assert refused.exit_code != 0
    assert words in refused.stderr
