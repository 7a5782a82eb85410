"""Suggestions for what was mistyped: commands, and values that are one of a few."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

__all__ = ["Choice", "did_you_mean"]

if TYPE_CHECKING:
    _Choice = click.Choice[str]
else:
    _Choice = click.Choice


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return a question that names what was meant, as the end of a sentence's line; empty if nothing is close."""
    from difflib import get_close_matches  # 5 ms, and only mistakes need it

    close = get_close_matches(given[:100].lower(), list(known))
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""


class Choice(_Choice):
    """One of a few values."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Return what is wrong with a value, and which was meant."""
        message = super().get_invalid_choice_message(value, ctx)
        return f"{message.rstrip('.')}.{did_you_mean(str(value), self.choices)}"
