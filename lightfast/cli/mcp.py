"""``lightfast mcp``: the search as tools for agents, over stdio or HTTP."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lightfast import ConfigurationError
from lightfast._loopback import is_loopback
from lightfast.cli.commands import Group
from lightfast.cli.connection import code_option, working_directory
from lightfast.cli.output import note, print_json, verbosity
from lightfast.cli.settings import read_settings
from lightfast.cli.signals import handled
from lightfast.cli.start_up import without_garbage_collection
from lightfast.cli.suggestions import Choice

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

__all__ = ["mcp"]

TOKEN = "LIGHTFAST_MCP_TOKEN"  # noqa: S105  # the variable's name

_local = click.option(
    "--local",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Search this instead of the API, without a key; repeatable.",
)


if TYPE_CHECKING:
    _ParamType = click.ParamType[tuple[str, int]]
else:
    _ParamType = click.ParamType  # not generic before click 8.4


class _Address(_ParamType):
    """HOST:PORT, or a port alone for this machine."""

    name = "address"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Return host and port."""
        if isinstance(value, tuple):
            return value
        host, _, port = str(value).rpartition(":")
        if not port.isascii() or not port.isdigit() or int(port) > 65535:
            self.fail(f"{value!r} is not HOST:PORT", param, ctx)
        return host.strip("[]") or "127.0.0.1", int(port)


@click.group(
    cls=Group,
    invoke_without_command=True,
    short_help="Serve the search to agents (MCP)",
    examples="lightfast mcp --local .\nlightfast mcp --local . --http 127.0.0.1:8766",
)
@_local
@code_option
@click.option("--http", type=_Address(), metavar="HOST:PORT", help="Serve HTTP instead of stdio.")
@click.option("--allow-remote", is_flag=True, help="Let other machines connect, with a token.")
@click.option(
    "--host-name",
    "names",
    multiple=True,
    metavar="NAME",
    help="A name that clients call this machine by; repeatable.",
)
@click.option("--base-url", metavar="URL", help="The API's address.")
@click.option("--timeout", type=float, metavar="SECONDS", help="Time limit of each call.")
@verbosity
@click.pass_context
def mcp(
    ctx: click.Context,
    *,
    paths: tuple[Path, ...],
    code: bool,
    http: tuple[str, int] | None,
    allow_remote: bool,
    names: tuple[str, ...],
    base_url: str | None,
    timeout: float | None,
) -> None:
    """Serve the search to agents through the Model Context Protocol.

    Clients start this command themselves and talk to it over stdin and stdout;
    `lightfast mcp config` prints the configuration that they need.

    With --local it needs no key: it answers from an index in your cache
    directory, which several servers share, and follows new commits and edits.

    With --http it serves http://HOST:PORT/mcp. Beyond this machine it needs
    --allow-remote and a bearer token: LIGHTFAST_MCP_TOKEN, or one that it makes.
    """
    if ctx.invoked_subcommand is not None:
        ctx.obj = paths, code
        return
    if paths and base_url is not None:
        raise click.UsageError("--local and --base-url cannot be used together.")
    listener, token = _listener(http, allow_remote=allow_remote) if http else (None, None)

    async def serve() -> None:
        options = {} if timeout is None else {"timeout": timeout}
        async with AsyncExitStack() as stack:
            with without_garbage_collection():
                from lightfast.mcp import serve_stdio

                opened = _server(paths, base_url, options, code=code)
                server = await stack.enter_async_context(opened)
            if listener is None:
                await serve_stdio(server)
                return
            from lightfast.mcp.http import serve_http

            await serve_http(server, listener, token=token, names=names, on_start=_announce)

    if listener is not None:
        asyncio.run(serve())
        return
    if sys.stdin is not None and sys.stdin.isatty():
        note("Waiting for an MCP client on stdin; `lightfast mcp config` prints its configuration.")
    # At once: the SDK would wait for another line. A database that is killed is whole.
    with handled(signal.SIGINT, signal.SIG_DFL):
        asyncio.run(serve())


@mcp.command(
    short_help="Print the configuration for a client",
    examples="lightfast mcp config claude --local . > .mcp.json\nlightfast mcp config vscode",
)
@click.argument("client", type=Choice(["claude", "claude-desktop", "cursor", "vscode", "zed"]))
@_local
@code_option
@verbosity
@click.pass_context
def config(ctx: click.Context, client: str, *, paths: tuple[Path, ...], code: bool) -> None:
    """Print the configuration for a client.

    With "claude" that is Claude Code. Without --local the server searches the API, and the
    configuration says where the client gets your key.
    """
    from lightfast.mcp.client_config import CLIENTS, client_config

    paths_before, code_before = ctx.obj  # `mcp --local PATH config`, too
    print_json(client_config(client, paths or paths_before, code=code and code_before))
    note(f"Put this into {CLIENTS[client].place}.")


def _listener(address: tuple[str, int], *, allow_remote: bool) -> tuple[Any, str | None]:
    """Return a socket that listens, and the token that requests must bring."""
    from lightfast.mcp.http import listen

    token = os.environ.get(TOKEN, "").strip() or None
    if is_loopback(address[0], subdomains=False):
        return listen(*address), token
    if not allow_remote:
        raise ConfigurationError(
            f"Other machines can reach {address[0]}; add --allow-remote if they may."
        )
    if token is None:
        token = secrets.token_urlsafe(32)
        note(f"Authorization: Bearer {token}")
        note("It travels unencrypted; put a proxy with TLS in front.")
    return listen(*address), token


@asynccontextmanager
async def _server(
    paths: tuple[Path, ...], base_url: str | None, options: dict[str, Any], *, code: bool
) -> AsyncIterator[Server[Any]]:
    from lightfast.mcp import RemoteMemory, create_server

    if not paths:
        from lightfast import AsyncLightfast  # 100 ms, and --local does without

        settings = read_settings(base_url, directory=working_directory())
        async with AsyncLightfast(
            settings.api_key, base_url=settings.base_url, **options
        ) as client:
            yield create_server(RemoteMemory(client))
        return
    from lightfast.cli.embedding import embedder
    from lightfast.cli.local import cached_database, open_emulator
    from lightfast.mcp.local import LocalMemory
    from lightfast.mcp.tools import local_tools, search_tool

    database = cached_database(paths, code=code)
    async with LocalMemory(
        partial(open_emulator, paths, database, code=code, embedder=embedder())
    ) as memory:
        yield create_server(memory, [search_tool(memory, with_ids=True), *local_tools(memory)])


def _announce(url: str) -> None:
    note(f"Serving MCP at {url}. Ctrl-C stops it.")
