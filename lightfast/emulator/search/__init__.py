"""The index and the ranking: what a query finds."""
