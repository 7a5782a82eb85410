"""Sources of an index: repositories, documents, issues, observations."""
