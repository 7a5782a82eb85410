"""Version of this package, and the API revision that it pins."""

__version__ = "0.2.0.dev0"

API_REVISION = "2026-04-03"
"""The revision of the API's published description that this version pins."""

API_REVISIONS: tuple[str, str] = ("2026-04-03", "2026-04-04")
"""The revisions whose answers this version reads, the pinned one first."""
