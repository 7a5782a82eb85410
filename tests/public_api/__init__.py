"""The public API, as text: what is compared with the last release (``nox -s api``)."""
