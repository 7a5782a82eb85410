"""The ``lightfast`` command and its subcommands."""

from __future__ import annotations

import click

from lightfast import API_REVISION, __version__
from lightfast.cli.commands import KEEP, Commands
from lightfast.cli.exit_codes import EXITS

__all__ = ["app"]

# A command's module is imported when the command is called: that keeps each of them fast to start.
_SECTIONS = {
    "SEARCH": {
        "search": "lightfast.cli.search",
        "batch": "lightfast.cli.batch",
        "mcp": "lightfast.cli.mcp",
    },
    "ON THIS MACHINE": {
        "emulator": "lightfast.cli.emulator",
    },
    "SETUP": {
        "login": "lightfast.cli.login",
        "logout": "lightfast.cli.login",
        "whoami": "lightfast.cli.login",
        "completion": "lightfast.cli.completion",
        "doctor": "lightfast.cli.doctor",
        "changelog": "lightfast.cli.changelog",
    },
}

_HELP = "Search your team's memory from the command line."
_EPILOG = f"""{KEEP}EXAMPLES
  $ lightfast search --local . how are failed requests retried
  $ lightfast search login bug --source github --since 30d

{KEEP}EXIT CODES
""" + "\n".join(f"{e.code:>5}  {e.meaning}" for e in EXITS)


@click.group(
    cls=Commands,
    sections=_SECTIONS,
    help=_HELP,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message=f"lightfast {__version__} (API revision {API_REVISION})")
def app() -> None:
    """Search your team's memory from the command line."""
