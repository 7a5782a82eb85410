"""The commands, put together."""

from __future__ import annotations

import click

from lightfast import API_REVISION, __version__
from lightfast.cli.emulator import emulator
from lightfast.cli.exit_codes import EXITS, Commands
from lightfast.cli.search import search

__all__ = ["app"]

# \b keeps click from filling the paragraph.
_HELP = """Search your team's memory with Lightfast.

\b
lightfast search "how are failed requests retried?"
lightfast search --local . "how are failed requests retried?"

The second needs no key and no account: it searches the repository in this directory.
"""
_EXIT_CODES = "\b\nExit codes:\n" + "\n".join(f"{e.code:>5}  {e.meaning}" for e in EXITS)


@click.group(
    cls=Commands,
    help=_HELP,
    epilog=_EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message=f"lightfast {__version__} (API revision {API_REVISION})")
def app() -> None:
    """All of it."""


app.add_command(search)
app.add_command(emulator)
