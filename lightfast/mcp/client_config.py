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
    """MCP client.

    Args:
        place: The file that it reads.
        section: The object in that file which lists servers.
        server: What it needs besides the command.
    """

    place: str
    section: str
    server: dict[str, Any] = attrs.field(factory=dict)


# code.claude.com/docs/en/mcp, cursor.com/docs/mcp,
# code.visualstudio.com/docs/agents/reference/mcp-configuration, zed.dev/docs/ai/mcp
CLIENTS: Final = {
    "claude": Client(
        ".mcp.json in the project, or claude_desktop_config.json", "mcpServers", {"type": "stdio"}
    ),
    "cursor": Client(
        ".cursor/mcp.json in the project, or ~/.cursor/mcp.json", "mcpServers", {"type": "stdio"}
    ),
    "vscode": Client(".vscode/mcp.json in the project", "servers", {"type": "stdio"}),
    "zed": Client("settings.json (zed: open settings)", "context_servers"),
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
    if name != "vscode":
        server["env"] = {KEY: "sk-lf-…"}
        return config
    # It asks for the key once, and keeps it out of the file.
    server["env"] = {KEY: "${input:lightfast-api-key}"}
    prompt = {
        "type": "promptString",
        "id": "lightfast-api-key",
        "description": "Lightfast API key",
        "password": True,
    }
    return {"inputs": [prompt], **config}
