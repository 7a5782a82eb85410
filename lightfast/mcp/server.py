"""MCP server: lists and calls the tools, and words errors for a model."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from lightfast import (
    APIError,
    AuthenticationError,
    LightfastError,
    PermissionDeniedError,
    __version__,
)
from lightfast.mcp.memory import Memory
from lightfast.mcp.tools import Tool, search_tool

__all__ = ["create_server", "serve_stdio"]

_log = logging.getLogger("lightfast.mcp")

INSTRUCTIONS = (
    "Search this first for questions about how the project works, why something was decided, "
    "when and by whom it changed, and where it is in the code or the documentation. Quote the "
    "place of what you use."
)


def create_server(memory: Memory, tools: Iterable[Tool] | None = None) -> Server[Any]:
    """Return an MCP server.

    Args:
        memory: What is searched.
        tools: The tools to offer; by default the search alone.
    """
    offered = {tool.spec.name: tool for tool in tools or [search_tool(memory)]}

    async def list_tools(_: Any, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[tool.spec for tool in offered.values()])

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = offered.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name[:100]}")
        try:
            return await tool.run(dict(params.arguments or {}), context.session.report_progress)
        except Exception as error:  # noqa: BLE001  # the SDK would hide what it says
            return _failure(error)

    return Server(
        "lightfast",
        version=__version__,
        title="Lightfast",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def serve_stdio(server: Server[Any]) -> None:
    """Serve one client over this process's standard streams, until it closes them."""
    async with stdio_server() as (receive, send):
        await server.run(receive, send, server.create_initialization_options())


def _failure(error: Exception) -> types.CallToolResult:
    """Return an error as a tool's answer: what happened, and what to do."""
    # EmulatorError is not imported: the emulator may not be installed.
    known = isinstance(error, LightfastError) or type(error).__name__ == "EmulatorError"
    if not known:
        _log.error("a tool failed", exc_info=error)
    message = f"{error}{_hint(error)}" if known else f"unexpected {type(error).__name__}: {error}"
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=message)], is_error=True
    )


def _hint(error: Exception) -> str:
    match error:
        case AuthenticationError() | PermissionDeniedError():
            return " Ask the user to check LIGHTFAST_API_KEY; trying again does not help."
        case APIError(retry_after=float(seconds)):
            return f" Try again in {seconds:.0f} s."
        case LightfastError(retryable=True):
            return " Try again later."
    return ""
