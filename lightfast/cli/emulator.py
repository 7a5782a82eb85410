"""``lightfast emulator``: the search API on this machine."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from lightfast import API_REVISION, API_REVISIONS
from lightfast.cli.commands import Group
from lightfast.cli.connection import code_option
from lightfast.cli.exec import execute
from lightfast.cli.imports import imports
from lightfast.cli.keys import keys
from lightfast.cli.members import members
from lightfast.cli.organizations import organizations
from lightfast.cli.output import note, note_left_out, verbosity
from lightfast.cli.revision import revision
from lightfast.cli.signals import handled
from lightfast.cli.suggestions import Choice
from lightfast.cli.tables import print_table

if TYPE_CHECKING:
    from lightfast.emulator import ApiRevision, Behavior, EmbeddingProgress, Emulator

__all__ = ["emulator"]

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group(cls=Group)
def emulator() -> None:
    """Serve the search API on this machine, offline.

    Without --database the index is kept in your cache directory, in a file for the PATHS given;
    `lightfast search --local` uses the same one.
    """


for command in (imports, keys, members, organizations, execute, revision):
    emulator.add_command(command)


def _indexed(command: _F) -> _F:
    """Give a command the options that `serve` and `index` have in common."""
    command = code_option(command)
    command = click.option(
        "--rebuild",
        is_flag=True,
        help="Keep the keys of a damaged database, and build its index again.",
    )(command)
    command = click.option(
        "--database",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Keep the index and the keys in this file.",
    )(command)
    return click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATHS]...")(
        command
    )


@emulator.command(
    short_help="Index, and print what is indexed",
    examples="lightfast emulator index . issues.json\nlightfast emulator index docs --no-embed",
)
@_indexed
@click.option("--no-embed", is_flag=True, help="Index words only.")
@verbosity
def index(
    paths: tuple[Path, ...], *, database: Path | None, rebuild: bool, code: bool, no_embed: bool
) -> None:
    """Index repositories, directories or files, and print what is indexed.

    PATHS are git repositories, directories and files: documents, source code, and what trackers
    export; this directory when none are given. What has not changed is not read again.

    With the extra "semantic", documents are also embedded, so that they can be searched by
    meaning. That takes a while; Ctrl-C keeps what is done, and the next run continues from there.
    """
    from lightfast.cli.embedding import embed, embedder
    from lightfast.cli.local import cached_database, open_emulator  # 170 ms, not for --help
    from lightfast.cli.progress import Embedding, Indexing

    given = paths or (Path(),)
    place = database or cached_database(given, code=code)
    embedding = Embedding()
    with contextlib.ExitStack() as stack:
        with Indexing() as indexing:
            emulator = open_emulator(
                given,
                place,
                rebuild=rebuild or database is None,
                code=code,
                on_progress=indexing,
                embedder=None if no_embed else embedder(),
                on_embedding=embedding,
            )
            stack.enter_context(contextlib.closing(emulator))
            fresh = emulator.refresh()
        progress = embed(emulator, embedding)
        corpora, total = emulator.corpora(), emulator.documents
        left_out = emulator.left_out
    heads = ("documents", "kind", "location")
    print_table(heads, [(str(c.documents), c.kind, c.location) for c in corpora])
    by_meaning = f", {progress.embedded:,} searchable by meaning" if progress else ""
    note_left_out(left_out)
    note(f"{fresh:,} indexed now, {total:,} in all{by_meaning}, kept in {place}")


@emulator.command(
    examples="lightfast emulator serve . --watch\nlightfast emulator serve --database team.sqlite3"
)
@_indexed
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    default=8765,
    show_default=True,
    help="The port to listen on; 0 for any.",
)
@click.option("--allow-remote", is_flag=True, help="Let other machines connect, over plain HTTP.")
@click.option("--watch", is_flag=True, help="Index new commits and edits while serving.")
@click.option(
    "--api-revision",
    type=Choice(API_REVISIONS),
    default=API_REVISION,
    show_default=True,
    metavar="REVISION",
    help=f"Revision of the API: {' or '.join(API_REVISIONS)}.",
)
@click.option(
    "--behavior",
    type=Choice(("documented", "observed")),
    default="documented",
    show_default=True,
    metavar="BEHAVIOR",
    help="The pinned revision's: documented, or observed at the service.",
)
@verbosity
# Like Ctrl-C: service managers and containers stop a process with SIGTERM.
@handled(signal.SIGTERM, signal.default_int_handler)
def serve(
    paths: tuple[Path, ...],
    *,
    database: Path | None,
    rebuild: bool,
    code: bool,
    host: str,
    port: int,
    allow_remote: bool,
    watch: bool,
    api_revision: ApiRevision,
    behavior: Behavior,
) -> None:
    """Index PATHS and answer searches until Ctrl-C.

    PATHS are as for `lightfast emulator index`; with --database none are needed.

    Prints the base URL and a key. The index in the cache directory has one key, the same at every
    start; a database of your own gets one at its first start, and after that
    `lightfast emulator keys create` makes others.

    With the extra "semantic", documents are embedded in the background; until then they are
    found by words.

    Tests in any language can control it through the endpoints below /_emulator/, which
    /_emulator/openapi.json describes. Their bearer token is LIGHTFAST_EMULATOR_TOKEN, if set.
    """
    from lightfast.cli.embedding import embedder
    from lightfast.cli.local import cached_database, open_emulator  # 170 ms, not for --help
    from lightfast.cli.progress import Indexing

    given = paths or (() if database else (Path(),))
    place = database or cached_database(given, code=code)
    serving = False
    news: deque[EmbeddingProgress] = deque(maxlen=1)
    try:
        with contextlib.ExitStack() as stack:
            with Indexing() as indexing:
                emulator = open_emulator(
                    given,
                    place,
                    host=host,
                    port=port,
                    allow_remote=allow_remote,
                    watch=watch,
                    api_revision=api_revision,
                    behavior=behavior,
                    control_token=os.environ.get("LIGHTFAST_EMULATOR_TOKEN"),
                    rebuild=rebuild or database is None,
                    code=code,
                    on_progress=indexing,
                    embedder=embedder(),
                    on_embedding=news.append,
                )
                stack.enter_context(emulator)
            serving = True
            note_left_out(emulator.left_out)
            _announce(emulator, _key(emulator, place, kept=database is None))
            _wait_for_interrupt(emulator, news)
    except KeyboardInterrupt:
        if not serving:
            raise
        note("Stopped.")


def _key(emulator: Emulator, place: Path, *, kept: bool) -> str | None:
    """Return a key to print; None if the database has keys already, which are kept as digests."""
    from lightfast.cli.local import kept_key

    if kept:
        return kept_key(emulator, place)
    if any(key.active for key in emulator.accounts.list_api_keys()):
        return None
    return emulator.create_api_key("first")


def _wait_for_interrupt(emulator: Emulator, news: deque[EmbeddingProgress]) -> NoReturn:
    """Show the progress of embedding, and wait until KeyboardInterrupt is raised."""
    from lightfast.cli.embedding import follow

    follow(emulator, news)
    while True:
        time.sleep(3600)


def _announce(emulator: Emulator, key: str | None) -> None:
    url = emulator.base_url
    click.echo(f"Serving {emulator.documents:,} documents. Ctrl-C stops it.")
    click.echo(f"Console: {emulator.console_url}\n")
    click.echo(f"export LIGHTFAST_BASE_URL={shlex.quote(url)}")
    if key:
        click.echo(f"export LIGHTFAST_API_KEY={key}")
    else:
        click.echo("# LIGHTFAST_API_KEY: one you have, or from `lightfast emulator keys create`")
    click.echo(f"\n{_EXAMPLES}")
    sys.stdout.flush()


_EXAMPLES = """\
lightfast search "login bug"

curl -s "$LIGHTFAST_BASE_URL/search" -H "Authorization: Bearer $LIGHTFAST_API_KEY" \\
  -H "Content-Type: application/json" -d '{"query": "login bug"}'

python -c 'import lightfast; print(*lightfast.Lightfast().search("login bug"), sep="\\n")'
"""
