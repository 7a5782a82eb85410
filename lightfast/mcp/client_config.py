"""Configuration of MCP clients: the JSON that each of them reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs

__all__ = ["CLIENTS", "Client", "client_config", "launch_command"]

KEY = "LIGHTFAST_API_KEY"


@attrs.frozen
class Client:
    """An MCP client.

    Args:
        place: The file that it reads.
        section: The object in that file which lists servers.
        key: Where it takes the API key from; a placeholder if it knows no such place.
        server: What it needs besides the command.
        inputs: What it asks its user for.
    """

    place: str
    section: str
    key: str = "sk-lf-…"
    server: dict[str, Any] = attrs.field(factory=dict)
    inputs: list[dict[str, Any]] = attrs.field(factory=list)


_STDIO: Final = {"type": "stdio"}
_PROMPT: Final = {
    "type": "promptString",
    "id": "lightfast-api-key",
    "description": "Lightfast API key",
    "password": True,
}

# code.claude.com/docs/en/mcp, modelcontextprotocol.io/docs/develop/connect-local-servers, cursor.com/docs/mcp,
# code.visualstudio.com/docs/agents/reference/mcp-configuration, zed.dev/docs/ai/mcp
CLIENTS: Final = {
    # Without the variable an empty text: then the server looks into the keyring.
    "claude": Client(".mcp.json in the project", "mcpServers", f"${{{KEY}:-}}", _STDIO),
    "claude-desktop": Client("claude_desktop_config.json (Settings, Developer)", "mcpServers"),
    "cursor": Client(
        ".cursor/mcp.json in the project, or ~/.cursor/mcp.json",
        "mcpServers",
        f"${{env:{KEY}}}",
        _STDIO,
    ),
    "vscode": Client(
        ".vscode/mcp.json in the project",
        "servers",
        f"${{input:{_PROMPT['id']}}}",
        _STDIO,
        [_PROMPT],
    ),
    "zed": Client("settings.json (zed: open settings file)", "context_servers"),
}


def launch_command() -> list[str]:
    """Return the command of this environment: clients start without its PATH."""
    script = Path(sys.executable).with_name("lightfast")
    return [str(script)] if script.exists() else [sys.executable, "-m", "lightfast"]


def client_config(name: str, paths: Sequence[Path], *, code: bool = True) -> dict[str, Any]:
    """Return the configuration of a client.

    Args:
        name: One of `CLIENTS`.
        paths: What to search without a key; none for the API, with a place for the key.
        code: Whether to search source code there.
    """
    client = CLIENTS[name]
    command, *arguments = [*launch_command(), "mcp"]
    for path in paths:
        arguments += ["--local", os.path.abspath(path.expanduser())]  # noqa: PTH100 - whatever links it leads over
    if paths and not code:
        arguments.append("--no-code")
    server: dict[str, Any] = {**client.server, "command": command, "args": arguments}
    config: dict[str, Any] = {client.section: {"lightfast": server}}
    if paths:
        return config
    server["env"] = {KEY: client.key}
    return {"inputs": client.inputs, **config} if client.inputs else config
