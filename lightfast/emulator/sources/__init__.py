"""What can be indexed: repositories, documents, issues, observations."""
