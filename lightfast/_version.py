"""The one place where the version stands."""

__version__ = "0.1.0a1"

API_REVISION = "2026-04-03"
"""The revision of the API's published description that this version pins."""
