"""``lightfast completion``: scripts that let shells complete its commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from lightfast.cli.commands import Command
from lightfast.cli.suggestions import Choice

__all__ = ["completion"]

_EXAMPLES = """
eval "$(lightfast completion bash)"         # in ~/.bashrc
eval "$(lightfast completion zsh)"          # in ~/.zshrc
lightfast completion fish > ~/.config/fish/completions/lightfast.fish
"""


@click.command(cls=Command, short_help="Print a script for shell completion", examples=_EXAMPLES)
@click.argument("shell", type=Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script that completes commands and options in a shell."""
    kind = get_completion_class(shell)
    if kind is None:  # a click without it
        raise click.UsageError(f"This version of click has no completion for {shell}.")
    root = click.get_current_context().find_root().command
    click.echo(kind(root, {}, "lightfast", "_LIGHTFAST_COMPLETE").source())
