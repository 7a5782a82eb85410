"""MCP server: the search as tools that an agent can call. Needs the extra ``[mcp]``.

``lightfast mcp`` serves it; in a program of your own::

    async with AsyncLightfast() as client:
        server = create_server(RemoteMemory(client))
        await serve_stdio(server)

https://modelcontextprotocol.io
"""

from __future__ import annotations

from lightfast.mcp.memory import Memory, RemoteMemory
from lightfast.mcp.server import create_server, serve_stdio

__all__ = ["Memory", "RemoteMemory", "create_server", "serve_stdio"]
