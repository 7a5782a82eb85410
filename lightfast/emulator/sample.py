"""A small sample corpus: a team's pull requests, issues, deployments and errors."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SAMPLE"]

SAMPLE = Path(__file__).with_name("sample.jsonl")
"""A JSON-lines file to give to `Emulator`."""
