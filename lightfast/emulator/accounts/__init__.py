"""Organizations, users, sessions and API keys: who may ask."""
