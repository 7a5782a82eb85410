"""Groups of commands: loaded when they are called, explained in sections, ended by an exit code."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from inspect import cleandoc
from typing import Any

import click

from lightfast.cli.exit_codes import INTERRUPTED, READER_GONE, failure
from lightfast.cli.output import VERBOSE, replace_unencodable, silence_stdout
from lightfast.cli.suggestions import did_you_mean

__all__ = ["KEEP", "Command", "Commands", "Group"]

_WIDTH = 80
_DEFAULT = re.compile(r"  \[default: ([^;\]]+)[^\]]*\]\Z")
_MORE = re.compile(r"  \[[^\]]*\]\Z")  # a range, or "required"
KEEP = "\b\n"
"""Keeps the lines of a paragraph of an epilog as they are, for click and for sphinx-click."""


class _Sections(click.Command):
    """Help as gh has it: what a command does, how to call it, its flags, and examples.

    Args:
        examples: Its examples, one on each line.
        **attributes: Those of `click.Command`.
    """

    def __init__(self, *args: Any, examples: str = "", **attributes: Any) -> None:
        if examples:
            lines = examples.strip().splitlines()
            attributes["epilog"] = f"{KEEP}EXAMPLES\n" + "".join(f"  $ {line}\n" for line in lines)
        super().__init__(*args, **attributes)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the words of a command, then its flags where they may come last."""
        flags, *words = super().collect_usage_pieces(ctx) or [""]
        return [*words, flags] if ctx.allow_interspersed_args else [flags, *words]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help in sections."""
        formatter.width = min(formatter.width, _WIDTH)
        formatter.write_text(cleandoc(self.help or ""))
        with _section(formatter, "USAGE"):
            formatter.write_text(f"{ctx.command_path} {' '.join(self.collect_usage_pieces(ctx))}")
        if isinstance(self, Group):
            self.format_commands(ctx, formatter)
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        with _section(formatter, "FLAGS"):
            records = filter(None, (option.get_help_record(ctx) for option in options))
            formatter.write_dl([(flag, _flag_help(text)) for flag, text in records], col_max=28)
        if self.epilog:
            formatter.write(f"\n{self.epilog.replace(KEEP, '').rstrip()}\n")


def _flag_help(text: str) -> str:
    """Return what a flag does and its default."""
    return _MORE.sub("", _DEFAULT.sub(r" (default \1)", text))


@contextmanager
def _section(formatter: click.HelpFormatter, title: str) -> Iterator[None]:
    formatter.write(f"\n{title}\n")
    with formatter.indentation():
        yield


class Command(_Sections):
    """One command."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        attributes.setdefault("options_metavar", "[flags]")
        super().__init__(*args, **attributes)


class Group(_Sections, click.Group):
    """Group of commands."""

    command_class = Command

    def __init__(self, *args: Any, **attributes: Any) -> None:
        alone = attributes.get("invoke_without_command")
        attributes.setdefault("options_metavar", "[flags]" if alone else "")
        attributes.setdefault("subcommand_metavar", "[<command>]" if alone else "<command> [flags]")
        super().__init__(*args, **attributes)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or say which one was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchOption:
            raise
        except click.UsageError:
            meant = did_you_mean(args[0], self.list_commands(ctx))
            problem = f"No such command {args[0]!r:.100}.{meant}"
        raise click.UsageError(problem, ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with what they do."""
        self._write_commands(ctx, formatter, "COMMANDS", self.list_commands(ctx))

    def _write_commands(
        self,
        ctx: click.Context,
        formatter: click.HelpFormatter,
        title: str,
        names: Sequence[str],
    ) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in names]
        with _section(formatter, title):
            formatter.write_dl(
                [
                    (name, command.get_short_help_str(100).rstrip("."))
                    for name, command in commands
                    if command
                ]
            )


Group.group_class = Group


class Commands(Group):
    """Group of all commands. A failure in any of them becomes an exit code and a line.

    Args:
        sections: The commands by section; each command by the module that holds it under its name.
        **attributes: Those of `click.Group`.
    """

    def __init__(
        self, *args: Any, sections: Mapping[str, Mapping[str, str]], **attributes: Any
    ) -> None:
        super().__init__(*args, **attributes)
        self._sections = sections

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return [name for section in self._sections.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command, and return the command."""
        for section in self._sections.values():
            if module := section.get(cmd_name):
                command: click.Command = getattr(import_module(module), cmd_name)
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, section by section."""
        for title, section in self._sections.items():
            self._write_commands(ctx, formatter, title, list(section))

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line, on a stdout that takes any text."""
        replace_unencodable()
        return super().main(*args, **extra)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the arguments, and print the help or the version if they ask for that."""
        with _ended_by_code({}, as_json=False):
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and turn what it raises into an exit code."""
        with _ended_by_code(ctx.meta, as_json="--json" in ctx.args):
            result = super().invoke(ctx)
            # Now, and not at exit, where a closed pipe could not be silenced any more.
            if sys.stdout is not None:  # None when the shell has closed it: >&-
                sys.stdout.flush()
            return result


@contextmanager
def _ended_by_code(meta: Mapping[str, Any], *, as_json: bool) -> Iterator[None]:
    """Turn what a command raises into an exit code and a line."""
    try:
        yield
    except (click.exceptions.Exit, click.Abort):
        raise
    except BrokenPipeError:
        silence_stdout()
        raise click.exceptions.Exit(READER_GONE) from None
    except KeyboardInterrupt:
        if sys.stderr is not None and sys.stderr.isatty():
            click.echo(err=True)  # after the terminal's ^C
        raise click.exceptions.Exit(INTERRUPTED) from None
    except Exception as error:  # noqa: BLE001  # told apart by `failure`
        raise failure(error, verbose=bool(meta.get(VERBOSE)), as_json=as_json) from None
