"""The console: a page in the browser to sign in, keep API keys, and search."""

from __future__ import annotations

from lightfast.emulator.console.routes import Console

__all__ = ["Console"]
