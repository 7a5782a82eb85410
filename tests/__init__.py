"""Tests, and what several of them share."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
