"""The command line: ``lightfast``, or ``python -m lightfast``. Needs the extra ``[cli]``."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from lightfast._install import install_command

__all__ = ["main"]

_EXTRA = ("click", "dotenv", "platformdirs", "rich")


def main() -> None:
    """Run the command that the process was started with, and exit."""
    missing = [name for name in _EXTRA if not _installed(name)]
    if missing:
        sys.stderr.write(
            f"lightfast: the command line needs {', '.join(missing)}; "
            f"run: {install_command('cli')}\n"
        )
        sys.exit(1)
    try:
        from lightfast.cli.app import app  # not at the top: the extra may be missing

        app(prog_name="lightfast")
    except KeyboardInterrupt:  # before a command began
        sys.exit(130)


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:
        return False
